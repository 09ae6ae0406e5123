using System.Diagnostics;
using Camelid.Client;
using Camelid.Contracts.JobPool.V1;
using Camelid.Gateway.Completions;
using Camelid.Gateway.Hosting;
using Camelid.Gateway.Retries;
using Camelid.ServiceDefaults.Rpc;
using Camelid.ServiceDefaults.Telemetry;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Camelid.Gateway.Jobs;

/// <summary>Opens the jobs of a request: one for each choice.</summary>
internal sealed class JobOpening(
    JobPoolRpc.JobPoolRpcClient jobPool, RequestKeys requestKeys, AbandonedJobs abandoned, OtherWorkers others,
    IOptions<GatewayOptions> options)
{
    /// <summary>
    /// Opens them and names them in the response's headers. Where one of several is refused, those before it are
    /// cancelled: a request is answered whole or not at all.
    /// </summary>
    public async Task<IReadOnlyList<OpenedJob>> OpenAsync(
        PreparedRequest request, HttpResponse response, CancellationToken cancellationToken)
    {
        string requestKey = await requestKeys.ResolveAsync(request.Identity, cancellationToken);
        List<OpenedJob> jobs = [];
        try
        {
            foreach (PreparedPrompt prompt in request.Prompts)
            {
                for (int choice = 0; choice < request.Options.Choices; choice++)
                {
                    jobs.Add(await OpenOneAsync(request, prompt, (requestKey, choice, jobs.Count), cancellationToken));
                }
            }
        }
        catch (RpcException exception)
        {
            abandoned.CancelNow(jobs, request.Identity);
            if (request.Batch is null && RpcReason.Of(exception) == "no-worker")
            {
                await others.RefuseIfServedAsync(request.Model, cancellationToken);
            }

            throw;
        }

        response.Headers[CamelidClient.JobHeader] = string.Join(',', jobs.Select(job => job.IdText));
        response.Headers["x-should-retry"] = "false";
        Activity.Current?.SetTag(ServiceTracing.JobIdTag, jobs[0].IdText);
        return jobs;
    }

    private async Task<OpenedJob> OpenOneAsync(
        PreparedRequest request, PreparedPrompt prompt, (string RequestKey, int Choice, int Index) place,
        CancellationToken cancellationToken)
    {
        SubmitJobRequest submission = new()
        {
            RequestKey = $"{place.RequestKey}/{place.Index}",
            Account = request.Identity.Account,
            ModelRoot = request.Model.Root,
            PromptTokens = { prompt.Tokens },
            Sampling = request.Options.SamplingOf(place.Choice),
            MaxTokens = request.TokensMaxOf(prompt),
            StopTokens = { request.Model.EndTokens },
            StopStrings = { request.Options.StopStrings },
            TopLogprobs = (uint)request.Options.TopLogprobs,
            DeadlineSeconds = options.Value.JobDeadlineSeconds,
        };
        if (request.Batch is { } terms)
        {
            submission.Mode = JobMode.Batch;
            submission.MaxPriceGrains = terms.PriceGrainsMax;
            submission.DeadlineSeconds = terms.DeadlineSeconds;
            submission.VerificationLevel = terms.Verification;
            submission.VerifyBy = terms.VerifyBy;
        }

        SubmitJobReply reply = await jobPool.SubmitJobAsync(submission, cancellationToken: cancellationToken);
        return new OpenedJob(reply.JobId, HexText.Of(reply.JobId), place.Index, prompt);
    }
}
