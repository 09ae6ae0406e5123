using Camelid.Protocol;

namespace Camelid.Chain.Mempool;

/// <summary>Whose fault a refusal is: what a peer that sent the transaction deserves.</summary>
internal enum PoolBlame
{
    /// <summary>It waits.</summary>
    None = 0,

    /// <summary>Rule M-23: an output that it spends is unknown here. An orphan: its parent may be on the way.</summary>
    MissingInput = 1,

    /// <summary>It may be good at another time, by another price, or to another node: nobody is to blame.</summary>
    Policy = 2,

    /// <summary>No node with any state could accept it: whoever passed it on did not check it.</summary>
    Invalid = 3,
}

/// <summary>May a transaction wait in the mempool?</summary>
/// <param name="Code">Accepted, or the rule that refuses it.</param>
internal readonly record struct PoolVerdict(RuleCode Code)
{
    /// <summary>It waits now.</summary>
    public static PoolVerdict Accepted => new(RuleCode.Accepted) { IsNew = true };

    /// <summary>It waited already; asking twice is no error.</summary>
    public static PoolVerdict Known => new(RuleCode.Accepted);

    /// <summary>True where it waits now, or did already.</summary>
    public bool IsAccepted => Code == RuleCode.Accepted;

    /// <summary>True where it was let in by this very question.</summary>
    public bool IsNew { get; init; }

    /// <summary>Empty where accepted; else the stable name of the rule that refuses it.</summary>
    public string Reason => IsAccepted ? "" : Code.ToReason();

    /// <summary>What its sender deserves.</summary>
    public PoolBlame Blame => Code switch
    {
        RuleCode.Accepted => PoolBlame.None,
        RuleCode.MissingInput => PoolBlame.MissingInput,
        RuleCode.CoinbaseImmature or RuleCode.NotFinal or RuleCode.RelativeLockNotPassed => PoolBlame.Policy,
        RuleCode.JobTooEarly or RuleCode.JobDepositUnconfirmed or RuleCode.NoVerdict => PoolBlame.Policy,
        >= RuleCode.Conflict and <= RuleCode.TransactionSignatureOperations => PoolBlame.Policy,
        _ => PoolBlame.Invalid,
    };

    /// <summary>It does not.</summary>
    public static PoolVerdict Refused(RuleCode code) => new(code);
}
