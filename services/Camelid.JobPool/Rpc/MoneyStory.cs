using System.Globalization;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Trade;
using Camelid.Protocol.Jobs;

namespace Camelid.JobPool.Rpc;

/// <summary>A job's state in plain sentences: whose money is where, and what is waited for.</summary>
internal static class MoneyStory
{
    private const decimal GrainsPerCoin = 100_000_000;

    /// <summary>Whose money is where.</summary>
    public static string Of(JobRow row) => JobFacets.VerificationOf(row) == VerificationState.Inconclusive
        ? $"{OfPayment(row)} Nobody could say in time whether the answer holds; no money depends on that."
        : OfPayment(row);

    private static string OfPayment(JobRow row) => JobFacets.PaymentOf(row) switch
    {
        PaymentState.Created or PaymentState.Accepted when row.Side == JobSide.Sold
            => $"The client has set {Coins(row.RewardGrains)} aside in a deposit; nothing is paid yet.",
        PaymentState.Created or PaymentState.Accepted when row.OfferTxid is null
            => "Nothing is set aside yet: the job waits for a free deposit.",
        PaymentState.Created or PaymentState.Accepted
            => $"Up to {Coins(row.RewardGrains)} of our deposit are set aside; nothing is paid yet.",
        PaymentState.Committed when row.PaymentTxid is null => row.Side == JobSide.Sold
            ? $"The work is done and sent; the client has not paid the {Coins(row.PaymentGrains)} yet."
            : $"{Coins(row.PaymentGrains)} are due; the payment is not broadcast yet.",
        PaymentState.Committed => $"The payment of {Coins(row.PaymentGrains)} is broadcast and waits for a block.",
        PaymentState.Paid when row.Failure.Length > 0
            => $"{Coins(row.PaymentGrains)} lie in the payment; {Sentence(row.Failure)}",
        PaymentState.Paid => $"{Coins(row.PaymentGrains)} lie in the payment: the worker can claim them until "
            + $"{Time(row.RefundTime)}, then {Client(row)} can take them back.",
        PaymentState.Delivered => $"The worker's claim of {Coins(row.PaymentGrains)} is broadcast; the answer is "
            + "delivered.",
        PaymentState.Settled => row.Side == JobSide.Sold
            ? $"{Coins(row.PaymentGrains)} are ours, less the fee of the claim."
            : $"{Coins(row.PaymentGrains)} were paid to the worker.",
        PaymentState.Refunded => $"{Coins(row.PaymentGrains)} are {Client(row)}'s again, less a fee.",
        PaymentState.Expired when row.PaymentTxid is not null
            => $"The payment of {Coins(row.PaymentGrains)} is signed and in no block; should one hold it, "
                + "the job is opened again.",
        PaymentState.Expired or PaymentState.Dismissed => row.Side == JobSide.Sold
            ? "No money moved: the client keeps its deposit."
            : "No money moved: our deposit is free again, less the fee of the offer.",
        _ => "The stake of the worker was slashed.",
    };

    /// <summary>What the job waits for; empty once it ended.</summary>
    public static string WaitingFor(JobRow row) => row.IsOpen == 0 ? "" : (row.Side, JobFacets.PaymentOf(row)) switch
    {
        (JobSide.Bought, PaymentState.Created) when row.OfferTxid is null => "a free deposit",
        (JobSide.Bought, PaymentState.Created) when row.StakeId is null => "a worker that announces the model",
        (JobSide.Bought, PaymentState.Created) => "the worker's answer to the order",
        (JobSide.Bought, PaymentState.Accepted) => "the worker's commitment to an output",
        (_, PaymentState.Created) => "a worker",
        (_, PaymentState.Accepted) => "the end of the computation",
        (JobSide.Own, PaymentState.Committed) when row.PaymentTxid is null => "the verifier",
        (JobSide.Sold, PaymentState.Committed) when row.PaymentTxid is null => "the client's payment",
        (_, PaymentState.Committed) => "a block with the payment",
        (JobSide.Bought, PaymentState.Paid) => "the worker's claim, which shows the key",
        (_, PaymentState.Paid) => "the burial of the payment",
        (_, PaymentState.Delivered) => "a block with the claim",
        _ when PurchasePlan.WaitsForVerdict(row) => "the verifier",
        _ => "its end",
    };

    private static string Client(JobRow row) => row.Side == JobSide.Sold ? "the client" : "our client";

    private static string Coins(long grains) =>
        string.Create(CultureInfo.InvariantCulture, $"{grains / GrainsPerCoin:0.########} CML");

    private static string Time(long unix) => DateTimeOffset.FromUnixTimeSeconds(unix).UtcDateTime.ToString(
        "yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static string Sentence(string failure) => failure.EndsWith('.') ? failure : failure + ".";
}
