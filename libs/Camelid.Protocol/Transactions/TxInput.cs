using Camelid.Protocol.Scripts;

namespace Camelid.Protocol.Transactions;

/// <summary>What a transaction spends, and why it may.</summary>
/// <param name="Previous">The output spent.</param>
/// <param name="Script">The unlocking script (scriptSig), push-only.</param>
/// <param name="Sequence">0xffffffff: final; lower values turn lock times on (BIP65, BIP68).</param>
public sealed record TxInput(OutPoint Previous, Script Script, uint Sequence)
{
    /// <summary>The sequence that turns all lock times off.</summary>
    public const uint SequenceFinal = uint.MaxValue;

    /// <summary>The sequence of job transactions and claims: lock times hold, relative ones do not.</summary>
    public const uint SequenceLocked = uint.MaxValue - 1;
}

/// <summary>An amount of coin and the condition for spending it.</summary>
/// <param name="Value">The amount.</param>
/// <param name="Script">The locking script (scriptPubKey).</param>
public sealed record TxOutput(Amount Value, Script Script);
