using System.Diagnostics;
using Camelid.Chain.Signing;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Transactions;

namespace Camelid.Simulation.Trade;

/// <summary>What an operator's database holds of a job: it outlives a crash.</summary>
internal abstract class TradeRow(JobParameters job, uint windowSeconds)
{
    /// <summary>The job.</summary>
    public JobParameters Job { get; } = job;

    /// <summary>Its id.</summary>
    public JobId Id { get; } = job.Id;

    /// <summary>Its times.</summary>
    public EscrowSchedule Schedule { get; } = EscrowSchedule.Of(job, windowSeconds);

    /// <summary>Where its money is.</summary>
    public PaymentState State { get; private set; } = PaymentState.Created;

    /// <summary>True until nothing is left to do.</summary>
    public bool IsOpen { get; set; } = true;

    /// <summary>When something was sent last.</summary>
    public TimeSpan Sent { get; set; } = TimeSpan.MinValue / 2;

    /// <summary>The worker's testament.</summary>
    public Testament? Testament { get; set; }

    /// <summary>Its signature.</summary>
    public byte[] TestamentSignature { get; set; } = [];

    /// <summary>When the testament was stored.</summary>
    public TimeSpan Committed { get; set; }

    /// <summary>J1.</summary>
    public Txid? Payment { get; set; }

    /// <summary>T_r of J1.</summary>
    public uint RefundTime { get; set; }

    /// <summary>The claim.</summary>
    public Txid? Claim { get; set; }

    /// <summary>The refund.</summary>
    public Txid? Refund { get; set; }

    /// <summary>k, once it is known.</summary>
    public byte[]? Key { get; set; }

    /// <summary>Why it ended, in words.</summary>
    public string Failure { get; set; } = "";

    /// <summary>The states that it went through.</summary>
    public List<PaymentState> Path { get; } = [PaymentState.Created];

    /// <summary>The output that J1 pays the worker with.</summary>
    public OutPoint Paid => new(Payment ?? throw new UnreachableException($"job {Id} has no payment"), 0);

    /// <summary>A worker's words where it was too late to claim, and looks no further.</summary>
    public const string Unclaimed = "unclaimed: the payment was not claimed before its refund time";

    /// <summary>True where nothing can follow without a reorganisation.</summary>
    public bool IsOver => State is PaymentState.Settled or PaymentState.Expired || PaymentLifecycle.IsTerminal(State)
        || Failure == Unclaimed;

    /// <summary>Moves on by rule J-10; an impossible move is a fault.</summary>
    /// <returns>True.</returns>
    public bool Move(PaymentCause cause)
    {
        State = PaymentLifecycle.Next(State, cause)
            ?? throw new UnreachableException($"job {Id}: {cause} in state {State}");
        Path.Add(State);
        return true;
    }

    /// <summary>A payment that was in no block when last looked for, as JobPool's PaymentSteps take it.</summary>
    public bool TakeUnmined(FoundTransaction? payment, uint now, TradeRules rules)
    {
        bool isOver = State == PaymentState.Expired || now >= Testament!.Expiry;
        switch (payment)
        {
            case not { IsMined: true } when isOver && !rules.FollowsPayments && State == PaymentState.Committed:
                return End(PaymentCause.TestamentExpired, "the testament expired");
            case not null when State == PaymentState.Expired && !rules.FollowsPayments:
                IsOpen = false;
                return false;
            case { IsMined: true }:
                return Move(PaymentCause.PaymentMined);
            case null when State == PaymentState.Committed && isOver:
                return End(PaymentCause.TestamentExpired, "the testament expired");
            default:
                IsOpen &= State != PaymentState.Expired;
                return false;
        }
    }

    /// <summary>Ends without a payment.</summary>
    public bool End(PaymentCause cause, string failure)
    {
        Failure = failure;
        return Move(cause);
    }
}

/// <summary>With whose keys a client signs: its own node's, or those of an accomplice.</summary>
/// <param name="Key">The client's key.</param>
/// <param name="Build">Builds and signs its transactions.</param>
internal sealed record ClientSigner(Chain.Keys.RoleKey Key, JobTransactions Build);

/// <summary>A worker as its announcement names it.</summary>
/// <param name="Node">Its node.</param>
/// <param name="Stake">Its stake.</param>
/// <param name="Key">The stake's key.</param>
internal sealed record WorkerPlace(NodeId Node, StakeId Stake, PublicKey Key);

/// <summary>A job on the client's side.</summary>
internal sealed class BoughtJob(JobParameters job, uint windowSeconds) : TradeRow(job, windowSeconds)
{
    /// <summary>The client's nonce.</summary>
    public required Protocol.Hash256 Nonce { get; init; }

    /// <summary>Who signs.</summary>
    public required ClientSigner Signer { get; init; }

    /// <summary>Whom it is given to.</summary>
    public required WorkerPlace Worker { get; init; }

    /// <summary>The deposit; a cheat names one at once, though it has another job.</summary>
    public Coin? Deposit { get; set; }

    /// <summary>True where the deposit has, or may have, another job.</summary>
    public bool IsCheat { get; init; }

    /// <summary>J0.</summary>
    public Txid? Offer { get; set; }

    /// <summary>The sealed delivery.</summary>
    public byte[] Envelope { get; set; } = [];

    /// <summary>What it holds.</summary>
    public OutputDelivery? Delivery { get; set; }

    /// <summary>The answer.</summary>
    public JobOutput? Output { get; set; }

    /// <summary>True where nothing is to be given back.</summary>
    public bool IsOfferClosed { get; set; }
}

/// <summary>A job on the worker's side.</summary>
internal sealed class SoldJob(JobParameters job, uint windowSeconds) : TradeRow(job, windowSeconds)
{
    /// <summary>The client's nonce.</summary>
    public required Protocol.Hash256 Nonce { get; init; }

    /// <summary>The client's node.</summary>
    public required NodeId Client { get; init; }

    /// <summary>True where the worker sends rubbish instead of what it commits to.</summary>
    public bool Lies { get; init; }

    /// <summary>The signed acceptance.</summary>
    public byte[]? Answer { get; set; }

    /// <summary>When the output is computed.</summary>
    public TimeSpan ComputedAt { get; set; }

    /// <summary>The output.</summary>
    public JobOutput? Output { get; set; }

    /// <summary>What is sent to the client; the same bytes each time.</summary>
    public byte[]? Commitment { get; set; }

    /// <summary>True once the client has the commitment.</summary>
    public bool IsReceived { get; set; }
}
