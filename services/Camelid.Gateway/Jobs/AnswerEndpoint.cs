using System.Text.Json;
using Camelid.Client;
using Camelid.Client.Completions;
using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Gateway.Completions;
using Camelid.Gateway.Errors;
using Camelid.Gateway.Hosting;
using Camelid.Gateway.Models;
using Camelid.Gateway.Receipts;
using Grpc.Core;

namespace Camelid.Gateway.Jobs;

/// <summary>
/// <c>GET /v1/jobs/{id}/answer?wait=SECONDS</c>: the answer as a completion once it is there, the job's state before,
/// and why there is none after an end without one.
/// </summary>
internal sealed class AnswerEndpoint(
    JobAccess access, JobWatch watch, JobPoolRpc.JobPoolRpcClient jobPool, ModelCatalog models,
    IHostApplicationLifetime lifetime)
{
    private const int WaitSecondsMax = 60;
    private const int FingerprintDigits = 16;

    /// <summary>What "now" may take: the answer of a job that has one comes within it.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(500);

    /// <summary>Maps the route.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(
        "/v1/jobs/{id}/answer", (string id, HttpContext context, AnswerEndpoint endpoint) =>
            endpoint.GetAsync(id, context));

    private async Task GetAsync(string id, HttpContext context)
    {
        TimeSpan wait = WaitOf(context.Request.Query["wait"]);
        bool isChat = IsChat(context.Request.Query["format"]);
        JobDetails job = await access.FindAsync(id, context);
        string jobId = HexText.Of(job.Summary.JobId);
        context.Response.Headers[CamelidClient.JobHeader] = jobId;
        if (job.Summary.Side == "sold")
        {
            throw new ApiException(new ApiError
            {
                Status = StatusCodes.Status409Conflict,
                Message = $"Job {jobId} was run here for another operator: its answer is not this operator's.",
                Code = "job_sold",
            });
        }

        JobAnswer? answer = await WaitAsync(job, wait, context.RequestAborted);
        Receipt? receipt = answer is { FinishReason.Length: > 0 }
            ? await ReceiptOfAsync(job, context.RequestAborted)
            : null;
        if (answer is not null && receipt is null && (answer.FinishReason.Length == 0 || JobEnding.IsEnd(answer.Job)))
        {
            throw new ApiException(JobEnding.ErrorOf(answer.Job, answer.Failure));
        }

        await (receipt is null
            ? WriteStateAsync(job, context)
            : WriteAnswerAsync((answer!, receipt), isChat, context));
    }

    private static TimeSpan WaitOf(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return Moment;
        }

        return int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out int seconds)
            && seconds is >= 0 and <= WaitSecondsMax
            ? seconds == 0 ? Moment : TimeSpan.FromSeconds(seconds)
            : throw ApiError.BadRequest($"'wait' must be 0 … {WaitSecondsMax} seconds.", "wait");
    }

    private static bool IsChat(string? format) => format switch
    {
        null or "" or "completion" => false,
        "chat" => true,
        _ => throw ApiError.BadRequest("'format' must be completion or chat.", "format"),
    };

    private async Task<JobAnswer?> WaitAsync(JobDetails job, TimeSpan wait, CancellationToken aborted)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(
            aborted, lifetime.ApplicationStopping);
        limit.CancelAfter(wait);
        try
        {
            await foreach (JobEvent jobEvent in watch.WatchAsync(job.Summary.JobId, 0, limit.Token))
            {
                if (jobEvent.Answer is { } answer)
                {
                    return answer;
                }
            }
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            // It is still on its way.
        }

        return null;
    }

    private async Task<Receipt?> ReceiptOfAsync(JobDetails job, CancellationToken cancellationToken)
    {
        try
        {
            return await jobPool.GetReceiptAsync(
                new GetReceiptRequest { JobId = job.Summary.JobId }, cancellationToken: cancellationToken);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.FailedPrecondition)
        {
            return null;
        }
    }

    private async Task WriteStateAsync(JobDetails seen, HttpContext context)
    {
        JobDetails job = await jobPool.GetJobAsync(
            new GetJobRequest { JobId = seen.Summary.JobId }, cancellationToken: context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.Headers.RetryAfter = "1";
        await context.Response.WriteAsJsonAsync(
            JobMapping.ToDocument(job, null), CamelidJson.Default.JobDocument,
            cancellationToken: context.RequestAborted);
    }

    private async Task WriteAnswerAsync((JobAnswer Answer, Receipt Receipt) found, bool isChat, HttpContext context)
    {
        JobSummary job = found.Answer.Job.Summary;
        string model = await NameOfAsync(HexText.Of(job.ModelRoot), context.RequestAborted);
        string json = isChat
            ? JsonSerializer.Serialize(ToChat(found.Answer, found.Receipt, model), AnswerJson.Documents.ChatDocument)
            : JsonSerializer.Serialize(
                ToCompletion(found.Answer, found.Receipt, model), AnswerJson.Documents.CompletionDocument);
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.WriteAsync(json, context.RequestAborted);
    }

    /// <summary>The model's name; its root where it is no longer here.</summary>
    private async Task<string> NameOfAsync(string root, CancellationToken cancellationToken)
    {
        try
        {
            Model model = await models.GetAsync(root, cancellationToken);
            return model.Name;
        }
        catch (ApiException)
        {
            return root;
        }
    }

    private static CompletionDocument ToCompletion(JobAnswer answer, Receipt receipt, string model) => new()
    {
        Id = "cmpl-" + HexText.Of(answer.Job.Summary.JobId),
        Created = answer.Job.Summary.CreatedUnixMs / 1000,
        Model = model,
        SystemFingerprint = FingerprintOf(answer),
        Choices =
        [
            new CompletionChoice
            {
                Index = 0, Text = answer.Text, FinishReason = ChoiceRunner.FinishReasonOf(answer.FinishReason),
            },
        ],
        Usage = UsageOf(answer),
        Camelid = ReceiptMapping.ToProof(receipt),
    };

    private static ChatDocument ToChat(JobAnswer answer, Receipt receipt, string model) => new()
    {
        Id = "chatcmpl-" + HexText.Of(answer.Job.Summary.JobId),
        Created = answer.Job.Summary.CreatedUnixMs / 1000,
        Model = model,
        SystemFingerprint = FingerprintOf(answer),
        Choices =
        [
            new ChatChoice
            {
                Index = 0,
                Message = new ChatAnswerMessage { Content = answer.Text },
                FinishReason = ChoiceRunner.FinishReasonOf(answer.FinishReason),
            },
        ],
        Usage = UsageOf(answer),
        Camelid = ReceiptMapping.ToProof(receipt),
    };

    private static string FingerprintOf(JobAnswer answer) =>
        "fp_" + HexText.Of(answer.Job.Summary.ModelRoot)[..FingerprintDigits];

    private static UsageDocument UsageOf(JobAnswer answer) => new()
    {
        PromptTokens = answer.Job.Summary.PromptTokens,
        CompletionTokens = answer.Job.Summary.OutputTokens,
        TotalTokens = (long)answer.Job.Summary.PromptTokens + answer.Job.Summary.OutputTokens,
    };
}
