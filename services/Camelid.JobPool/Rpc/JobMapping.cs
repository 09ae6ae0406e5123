using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Google.Protobuf;

namespace Camelid.JobPool.Rpc;

/// <summary>Rows as the wire shows them.</summary>
internal static class JobMapping
{
    public static JobSummary Summary(JobRow row) => new()
    {
        JobId = Bytes(Convert.FromHexString(row.JobId)),
        PaymentState = row.PaymentState,
        VerificationState = row.VerificationState,
        ModelRoot = Bytes(row.ModelRoot),
        CreatedUnixMs = row.Created,
        UpdatedUnixMs = row.Updated,
        PromptTokens = (uint)row.PromptTokenCount,
        OutputTokens = (uint)row.OutputTokenCount,
        PaymentGrains = row.PaymentGrains,
        Worker = row.Worker,
        PaymentTxid = Bytes(row.PaymentTxid),
        Side = row.Side,
        Money = MoneyStory.Of(row),
    };

    public static JobDetails Details(JobRow row, IEnumerable<JobTransitionRow> transitions) => new()
    {
        Summary = Summary(row),
        Account = row.Account,
        FinishReason = row.FinishReason,
        VerificationLevel = row.VerificationLevel,
        OfferTxid = Bytes(row.OfferTxid),
        ClaimTxid = Bytes(row.ClaimTxid),
        PaymentBlockHash = Bytes(row.PaymentBlockHash),
        PaymentHeight = (int)row.PaymentHeight,
        ClaimBlockHash = Bytes(row.ClaimBlockHash),
        ClaimHeight = (int)row.ClaimHeight,
        RewardGrains = row.RewardGrains,
        Attempt = (uint)row.Attempt,
        DeadlineUnix = row.Deadline,
        Transitions =
        {
            transitions.Select(transition => new JobTransition
            {
                Facet = transition.Facet,
                From = transition.FromState,
                To = transition.ToState,
                Cause = transition.Cause,
                AtUnixMs = transition.At,
            }),
        },
        NumericsClass = Bytes(row.NumericsClass),
        OutputRoot = Bytes(row.OutputRoot),
        Failure = row.Failure,
        RefundTxid = Bytes(row.RefundTxid),
        PeerNodeId = Bytes(row.PeerNode),
        StakeId = Bytes(row.StakeId),
        VerifierNodeId = Bytes(row.VerifierNode),
        WaitingFor = MoneyStory.WaitingFor(row),
        RefundTimeUnix = row.RefundTime,
        PriceGrainsPerToken = OfferSteps.ParametersOf(row).PriceGrainsPerToken,
    };

    /// <summary>The last word on a job. A failed one shows neither text nor reason of its end.</summary>
    public static JobAnswer Answer(JobRow row, IEnumerable<JobTransitionRow> transitions) => new()
    {
        Job = Details(row, transitions),
        Text = row.Failure.Length == 0 ? row.OutputText ?? "" : "",
        FinishReason = row.Failure.Length == 0 ? row.FinishReason : "",
        Failure = row.Failure,
    };

    public static ByteString Bytes(byte[]? bytes) => bytes is null ? ByteString.Empty : ByteString.CopyFrom(bytes);
}
