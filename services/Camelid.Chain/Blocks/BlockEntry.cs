using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using Camelid.Chain.Storage;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Blocks;

/// <summary>The block of a header, once it was on the disk; it stays known where the disk lost it.</summary>
/// <param name="Position">Where it lies in the log; none at genesis, and where it was lost or pruned.</param>
/// <param name="TransactionCount">Transactions, the coinbase included.</param>
/// <param name="ClaimedGrains">What the coinbase claims, in grains.</param>
internal sealed record StoredBlock(FramePosition Position, int TransactionCount, long ClaimedGrains)
{
    /// <summary>Bytes of the block; 0 where it is not here.</summary>
    public int BytesCount => Position.Length;

    /// <summary>Describes a block that lies at a position.</summary>
    public static StoredBlock Of(Block block, FramePosition position) => new(
        position, block.Transactions.Count, block.Transactions[0].Outputs.Sum(output => output.Value.Grains));
}

/// <summary>A header that is known, with its place in the tree, and what is known of its block.</summary>
internal sealed class BlockEntry
{
    private readonly BlockEntry? skip;

    /// <summary>The first block.</summary>
    public BlockEntry(Block genesis)
    {
        Header = genesis.Header;
        Hash = genesis.Hash;
        Work = ProofOfWork.Work(genesis.Header.Bits);
        LatestTime = genesis.Header.Time;
        HasAncestorBlocks = true;
    }

    /// <summary>A header on its parent.</summary>
    public BlockEntry(BlockHeader header, BlockHash hash, BlockEntry parent)
    {
        Header = header;
        Hash = hash;
        Parent = parent;
        Height = parent.Height + 1;
        Work = parent.Work + ProofOfWork.Work(header.Bits);
        EffectiveSeconds = Difficulty.EffectiveSeconds(parent.EffectiveSeconds, parent.LatestTime, header.Time);
        LatestTime = Math.Max(parent.LatestTime, header.Time);
        skip = parent.Ancestor(SkipHeight(Height));
    }

    /// <summary>The header.</summary>
    public BlockHeader Header { get; }

    /// <summary>The hash.</summary>
    public BlockHash Hash { get; }

    /// <summary>0 at genesis.</summary>
    public int Height { get; }

    /// <summary>Work from genesis to here, in hashes expected.</summary>
    public BigInteger Work { get; }

    /// <summary>Rule C-25: effective seconds from genesis to here.</summary>
    public long EffectiveSeconds { get; }

    /// <summary>The latest time from genesis to here, Unix seconds.</summary>
    public uint LatestTime { get; }

    /// <summary>The block before; null at genesis.</summary>
    public BlockEntry? Parent { get; }

    /// <summary>What is known of the block, or null while only the header is known.</summary>
    public StoredBlock? Stored { get; set; }

    /// <summary>True while the block is on the disk.</summary>
    [MemberNotNullWhen(true, nameof(Stored))]
    public bool HasBlock => Stored is not null && (Parent is null || !Stored.Position.IsNone);

    /// <summary>True once its block and those of all its ancestors are on the disk: it can be connected.</summary>
    public bool HasAncestorBlocks { get; set; }

    /// <summary>Its place in the order in which entries became connectable: the first seen wins a tie.</summary>
    public long Sequence { get; set; }

    /// <summary>Where its undo data lie, and the fees that it paid; none until it was connected.</summary>
    public UndoPlace Undo { get; set; }

    /// <summary>True once it was connected: all its rules hold, and need not be asked again.</summary>
    public bool WasConnected { get; set; }

    /// <summary>True where its block was removed to save room: it is not asked for again.</summary>
    public bool IsPruned { get; set; }

    /// <summary>True where it can be taken off the chain again: block and undo data are here.</summary>
    public bool CanDisconnect => HasBlock && !Undo.Position.IsNone;

    /// <summary>True once it broke a rule, or was set aside, or builds on one of which that is true.</summary>
    public bool IsRefused { get; set; }

    /// <summary>The ancestor at a height, or itself at its own.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The height is negative or above its own.</exception>
    public BlockEntry Ancestor(int height)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)height, (uint)Height, nameof(height));
        BlockEntry at = this;
        while (at.Height > height)
        {
            int next = SkipHeight(at.Height);
            int before = SkipHeight(at.Height - 1);
            bool leap = at.skip is not null
                && (next == height || (next > height && !(before < next - 2 && before >= height)));
            at = leap ? at.skip! : at.Parent!;
        }

        return at;
    }

    /// <summary>The median time of the eleven blocks up to this one, Unix seconds (BIP113).</summary>
    public uint MedianTimePast()
    {
        List<uint> times = [];
        for (BlockEntry? at = this; at is not null && times.Count < BlockRules.MedianTimeBlocks; at = at.Parent)
        {
            times.Add(at.Header.Time);
        }

        return BlockRules.MedianTimePast(times);
    }

    /// <summary>The last ancestor that both have.</summary>
    public static BlockEntry ForkOf(BlockEntry left, BlockEntry right)
    {
        int height = Math.Min(left.Height, right.Height);
        (BlockEntry a, BlockEntry b) = (left.Ancestor(height), right.Ancestor(height));
        while (a != b)
        {
            (a, b) = (a.Parent!, b.Parent!);
        }

        return a;
    }

    /// <summary>Where the long pointer of a height leads: any ancestor is a few dozen steps away.</summary>
    private static int SkipHeight(int height)
    {
        static int ClearLowestBit(int value) => value & (value - 1);
        return height < 2 ? 0
            : (height & 1) != 0 ? ClearLowestBit(ClearLowestBit(height - 1)) + 1
            : ClearLowestBit(height);
    }
}
