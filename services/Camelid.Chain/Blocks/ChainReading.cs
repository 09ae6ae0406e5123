using System.Diagnostics.CodeAnalysis;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Blocks;

/// <summary>The active chain as one moment saw it. Valid only inside <see cref="ChainState.Read"/>.</summary>
internal sealed class ChainReading(
    IReadOnlyList<BlockEntry> active, IReadOnlyDictionary<BlockHash, BlockEntry> known, UtxoSet outputs)
{
    /// <summary>The active chain, genesis first: the index is the height.</summary>
    public IReadOnlyList<BlockEntry> Active => active;

    /// <summary>The unspent outputs.</summary>
    public UtxoSet Outputs => outputs;

    /// <summary>The last block.</summary>
    public BlockEntry Tip => active[^1];

    /// <summary>The median time of the last eleven blocks, Unix seconds (BIP113).</summary>
    public uint MedianTimePast => ChainState.MedianTimeOf(Tip);

    /// <summary>A block of the active chain.</summary>
    public bool TryFind(BlockHash hash, [NotNullWhen(true)] out BlockEntry? entry) =>
        known.TryGetValue(hash, out entry) && IsActive(entry);

    /// <summary>True where the block is on the active chain.</summary>
    public bool IsActive(BlockEntry entry) => entry.Height < active.Count && active[entry.Height].Hash == entry.Hash;
}

/// <summary>What came of a block.</summary>
internal sealed record BlockAcceptance
{
    /// <summary>Accepted, or the first refusal.</summary>
    public required Protocol.RuleCode Code { get; init; }

    /// <summary>Blocks that joined the active chain, lowest first.</summary>
    public IReadOnlyList<BlockEntry> Connected { get; init; } = [];

    /// <summary>Blocks that left the active chain, highest first.</summary>
    public IReadOnlyList<BlockEntry> Disconnected { get; init; } = [];
}
