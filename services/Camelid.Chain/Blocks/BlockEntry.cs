using System.Numerics;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Blocks;

/// <summary>A block that is known: where it lies, on which chain, and what connecting it gave.</summary>
internal sealed class BlockEntry
{
    /// <summary>The header.</summary>
    public required BlockHeader Header { get; init; }

    /// <summary>The hash.</summary>
    public required BlockHash Hash { get; init; }

    /// <summary>0 at genesis.</summary>
    public required int Height { get; init; }

    /// <summary>Work from genesis to here, in hashes expected.</summary>
    public required BigInteger Work { get; init; }

    /// <summary>The block before; null at genesis.</summary>
    public required BlockEntry? Parent { get; init; }

    /// <summary>Where it lies in the log; none at genesis.</summary>
    public required BlockPosition Position { get; init; }

    /// <summary>Transactions, the coinbase included.</summary>
    public required int TransactionCount { get; init; }

    /// <summary>Bytes of the block.</summary>
    public required int BytesCount { get; init; }

    /// <summary>What the coinbase claims, in grains.</summary>
    public required long ClaimedGrains { get; init; }

    /// <summary>The fee of each transaction, in grains; empty until the block was connected.</summary>
    public IReadOnlyList<long> FeeGrains { get; set; } = [];

    /// <summary>What disconnects it; null where it is not connected, or deeper than a reorg may go.</summary>
    public BlockUndo? Undo { get; set; }

    /// <summary>True once connecting it was refused.</summary>
    public bool IsRefused { get; set; }
}
