using System.Diagnostics;
using System.Text;
using Camelid.Client.Completions;
using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Gateway.Errors;
using Camelid.Gateway.Jobs;
using Camelid.Gateway.Models;
using Camelid.Gateway.Receipts;

namespace Camelid.Gateway.Completions;

/// <summary>A piece of an answer.</summary>
/// <param name="Text">More text; may be empty where a token is shown that gives none yet.</param>
/// <param name="Token">The token with its log probability, where those were asked for.</param>
internal readonly record struct ChoicePiece(string Text, TokenText? Token);

/// <summary>The end of an answer.</summary>
internal sealed record ChoiceEnd
{
    /// <summary><c>stop</c> or <c>length</c>.</summary>
    public required string FinishReason { get; init; }

    /// <summary>Tokens run and billed.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>Proof and payment.</summary>
    public required ProofDocument Proof { get; init; }
}

/// <summary>Follows the job of one choice and hands out its pieces.</summary>
internal sealed class ChoiceRunner(JobWatch watch, JobPoolRpc.JobPoolRpcClient jobPool, ModelCatalog models)
{
    /// <summary>Runs one choice to its end.</summary>
    /// <param name="job">The job.</param>
    /// <param name="request">The request that it belongs to.</param>
    /// <param name="emit">Takes each piece.</param>
    /// <param name="cancellationToken">Stops following; the job goes on.</param>
    /// <exception cref="ApiException">The job ended without an answer.</exception>
    public async Task<ChoiceEnd> RunAsync(
        OpenedJob job, PreparedRequest request, Func<ChoicePiece, Task> emit, CancellationToken cancellationToken)
    {
        StringBuilder shown = new();
        int textOffset = 0;
        await foreach (JobEvent jobEvent in watch.WatchAsync(job.Id, 0, cancellationToken))
        {
            if (jobEvent.Token is { } token)
            {
                TokenText? described = request.Options.Logprobs && !request.Model.EndTokens.Contains(token.TokenId)
                    ? await DescribeAsync(request.Model, token, textOffset, cancellationToken)
                    : null;
                textOffset += described?.Text.Length ?? 0;
                shown.Append(token.Text);
                if (token.Text.Length > 0 || described is not null)
                {
                    await emit(new ChoicePiece(token.Text, described));
                }
            }
            else if (jobEvent.Answer is { } answer)
            {
                CheckAnswered(answer, job);
                string rest = RestOf(answer.Text, shown.ToString());
                if (rest.Length > 0)
                {
                    await emit(new ChoicePiece(rest, null));
                }

                return await EndAsync(job, answer, cancellationToken);
            }
        }

        throw new UnreachableException("a watched job ends with an answer or an error");
    }

    /// <summary>Text that was held back while it might have become a stop string.</summary>
    internal static string RestOf(string whole, string shown) =>
        whole.StartsWith(shown, StringComparison.Ordinal) ? whole[shown.Length..] : "";

    /// <summary>
    /// OpenAI's clients know two ends; an answer that its client cut off is as long as it was allowed to be.
    /// </summary>
    internal static string FinishReasonOf(string finishReason) => finishReason == "stop" ? "stop" : "length";

    private static void CheckAnswered(JobAnswer answer, OpenedJob job)
    {
        if (answer.FinishReason.Length > 0)
        {
            return;
        }

        throw new ApiException(new ApiError
        {
            Status = StatusCodes.Status502BadGateway,
            Message = $"Job {job.IdText} ended without an answer: {answer.Failure} Nothing was paid for it; ask again.",
            Type = "server_error",
            Code = "job_failed",
        });
    }

    private async Task<ChoiceEnd> EndAsync(OpenedJob job, JobAnswer answer, CancellationToken cancellationToken)
    {
        Receipt receipt = await jobPool.GetReceiptAsync(
            new GetReceiptRequest { JobId = job.Id }, cancellationToken: cancellationToken);
        return new ChoiceEnd
        {
            FinishReason = FinishReasonOf(answer.FinishReason),
            OutputTokens = answer.Job.Summary.OutputTokens,
            Proof = ReceiptMapping.ToProof(receipt),
        };
    }

    private async Task<TokenText> DescribeAsync(
        Model model, Token token, int textOffset, CancellationToken cancellationToken) => new()
        {
            Bytes = await models.TokenBytesAsync(model, token.TokenId, cancellationToken),
            Logprob = token.Logprob,
            TextOffset = textOffset,
            Top = [.. token.TopLogprobs.Select(top => new TokenText
            {
                Bytes = top.TokenBytes.ToByteArray(),
                Logprob = top.Logprob,
            })],
        };
}
