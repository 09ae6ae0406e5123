using Camelid.Client.Jobs;
using Camelid.Contracts.JobPool.V1;
using Camelid.Gateway.Hosting;

namespace Camelid.Gateway.Jobs;

/// <summary>Jobs of the wire as documents of the HTTP interface.</summary>
internal static class JobMapping
{
    /// <summary>The living state of a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="text">Its answer, or null before the commitment.</param>
    public static JobDocument ToDocument(JobDetails job, string? text)
    {
        JobDocument document = ToDocument(job.Summary);
        return document with
        {
            DeadlineUnix = job.DeadlineUnix,
            Attempt = job.Attempt,
            FinishReason = OrNull(job.FinishReason),
            Failure = OrNull(job.Failure),
            WaitingFor = OrNull(job.WaitingFor),
            PriceGrainsPerToken = (long)job.PriceGrainsPerToken,
            PeerNode = HexText.OrNull(job.PeerNodeId),
            WorkerStake = job.StakeId.IsEmpty ? null : HexText.Stake(job.StakeId),
            VerifierNode = HexText.OrNull(job.VerifierNodeId),
            Text = text,
            Payment = document.Payment with
            {
                RewardGrains = job.RewardGrains,
                OfferTxid = HexText.ReversedOrNull(job.OfferTxid),
                Height = job.PaymentHeight,
                BlockHash = HexText.ReversedOrNull(job.PaymentBlockHash),
                ClaimTxid = HexText.ReversedOrNull(job.ClaimTxid),
                ClaimHeight = job.ClaimHeight,
                ClaimBlockHash = HexText.ReversedOrNull(job.ClaimBlockHash),
                RefundTimeUnix = job.RefundTimeUnix,
                RefundTxid = HexText.ReversedOrNull(job.RefundTxid),
            },
            Verification = document.Verification with { Level = job.VerificationLevel },
            Transitions = [.. job.Transitions.Select(change => new JobTransitionDocument(
                change.Facet, change.From, change.To, change.Cause, change.AtUnixMs))],
            Receipt = job.OutputRoot.IsEmpty ? null : "/v1/receipts/" + document.JobId,
        };
    }

    /// <summary>A job in short.</summary>
    public static JobDocument ToDocument(JobSummary summary) => new()
    {
        JobId = HexText.Of(summary.JobId),
        ModelRoot = HexText.Of(summary.ModelRoot),
        CreatedUnixMs = summary.CreatedUnixMs,
        UpdatedUnixMs = summary.UpdatedUnixMs,
        PromptTokens = summary.PromptTokens,
        OutputTokens = summary.OutputTokens,
        Worker = OrNull(summary.Worker),
        Side = OrNull(summary.Side),
        Money = OrNull(summary.Money),
        Payment = new JobPaymentDocument
        {
            State = summary.PaymentState,
            Txid = HexText.ReversedOrNull(summary.PaymentTxid),
            Grains = summary.PaymentGrains,
        },
        Verification = new JobVerificationDocument("", summary.VerificationState),
    };

    private static string? OrNull(string text) => text.Length == 0 ? null : text;
}
