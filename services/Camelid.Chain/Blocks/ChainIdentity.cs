using Camelid.Chain.Checks;
using Camelid.Chain.Keys;
using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Blocks;

/// <summary>The network, the curve and the operator's keys: what the state is judged by and sorted with.</summary>
internal sealed record ChainIdentity(Network Network, ISecp256k1 Curve, OperatorKeys Keys)
{
    /// <summary>What runs the scripts of blocks and mempool.</summary>
    public ScriptChecks Checks { get; init; } = ScriptChecks.Plain(Curve);

    /// <summary>Two random numbers for the table of unspent outputs.</summary>
    public UInt128 Salt { get; init; }
}

/// <summary>When a block that is taken must be on the disk.</summary>
internal enum Durability
{
    /// <summary>Before the call returns: whoever is told may rely on it.</summary>
    Now,

    /// <summary>At the next <see cref="ChainState.Flush"/>: nobody outside may be told before.</summary>
    AtFlush,
}
