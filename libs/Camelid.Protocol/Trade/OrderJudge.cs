using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Trade;

/// <summary>What a worker says to an order. Names are stable: messages, logs and errors carry them.</summary>
public enum OrderCode : byte
{
    /// <summary>Not judged: refused everywhere.</summary>
    Unset = 0,

    /// <summary>The worker takes the job.</summary>
    Accepted = 1,

    /// <summary>The assignment is not signed by the job's client, or its nonce is not the job's.</summary>
    AssignmentSignature = 2,

    /// <summary>Made in the future, or its deadline passed.</summary>
    Times = 3,

    /// <summary>The stake was not in a block before the job was created.</summary>
    StakeTooYoung = 4,

    /// <summary>Less per token than the worker asks.</summary>
    PriceTooLow = 5,

    /// <summary>The worker does not run this model.</summary>
    ModelUnknown = 6,

    /// <summary>None of the numerics classes that the client can check.</summary>
    NumericsClass = 7,

    /// <summary>J0 is not known, or has not the money behind it.</summary>
    OfferUnbacked = 8,

    /// <summary>The worker has as many open jobs as it takes, or as many of this client.</summary>
    Busy = 9,

    /// <summary>Two or more slashes would not be covered: the reward is too large for the stake.</summary>
    RewardTooLarge = 10,
}

/// <summary>What a worker knows when it judges an order.</summary>
public sealed record WorkerTerms
{
    /// <summary>The network.</summary>
    public required Hash256 Genesis { get; init; }

    /// <summary>The worker's stake, to which the order was sealed.</summary>
    public required StakeId Stake { get; init; }

    /// <summary>Time of the block that holds the stake, Unix seconds.</summary>
    public required uint StakeTime { get; init; }

    /// <summary>Unix seconds.</summary>
    public required uint Now { get; init; }

    /// <summary>The least price of a token, in grains.</summary>
    public required ulong PriceGrainsPerToken { get; init; }

    /// <summary>What one job may cost the stake, in grains.</summary>
    public required ulong SlashGrains { get; init; }

    /// <summary>The models that the worker runs, each with its numerics class.</summary>
    public required IReadOnlyDictionary<Hash256, Hash256> Models { get; init; }
}

/// <summary>Rule J-21: whether a worker takes an order, as far as the order and its own terms say.</summary>
public static class OrderJudge
{
    /// <summary>How far a client's clock may be ahead, in seconds.</summary>
    public const uint AheadSecondsMax = 120;

    /// <summary>The first thing that is wrong, or <see cref="OrderCode.Accepted"/>.</summary>
    public static OrderCode Judge(JobOrder order, WorkerTerms terms, ISecp256k1 curve)
    {
        JobParameters job = order.Parameters;
        Assignment assignment = order.AssignmentTo(terms.Genesis, terms.Stake);
        if (!assignment.Fits(job) || !curve.Verify(job.ClientKey, assignment.SigningHash, order.Signature))
        {
            return OrderCode.AssignmentSignature;
        }

        if (job.Created > (ulong)terms.Now + AheadSecondsMax || job.Deadline <= terms.Now)
        {
            return OrderCode.Times;
        }

        return JudgeTerms(job, terms);
    }

    private static OrderCode JudgeTerms(JobParameters job, WorkerTerms terms) => job switch
    {
        _ when terms.StakeTime > job.Created => OrderCode.StakeTooYoung,
        _ when !terms.Models.TryGetValue(job.ModelRoot, out Hash256 _) => OrderCode.ModelUnknown,
        _ when job.NumericsClasses.Count > 0 && !job.NumericsClasses.Contains(terms.Models[job.ModelRoot])
            => OrderCode.NumericsClass,
        _ when job.PriceGrainsPerToken < terms.PriceGrainsPerToken => OrderCode.PriceTooLow,
        _ when EscrowSchedule.SlashGrainsMin(Pricing.RewardGrains(job), Amount.Zero) > terms.SlashGrains
            => OrderCode.RewardTooLarge,
        _ => OrderCode.Accepted,
    };
}
