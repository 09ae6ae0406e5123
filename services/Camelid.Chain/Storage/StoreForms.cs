using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Storage;

/// <summary>How a chain is kept.</summary>
internal sealed record ChainStoreOptions
{
    /// <summary>A file of blocks or undo data that would become longer is followed by the next one.</summary>
    public long SegmentBytesMax { get; init; } = 128L << 20;

    /// <summary>
    /// True reads every block at start and checks it, which takes a second for each gigabyte or so; false only those of
    /// which the journal says nothing. A damaged block is found when it is read in any case.
    /// </summary>
    public bool CheckAllAtStart { get; init; } = true;
}

/// <summary>The names, heads and limits of a chain's files.</summary>
internal sealed class StoreForms(BlockHash genesis, ChainStoreOptions options)
{
    /// <summary>The name under which blocks lay in one file before they were split.</summary>
    public const string OldBlockLog = "blocks.log";

    private const int UndoBytesMax = 1 << 30;

    /// <summary>The blocks.</summary>
    public FrameLogForm Blocks { get; } = new()
    {
        Name = "blocks",
        Head = HeadOf("CAMELID1", genesis),
        PayloadBytesMax = Block.BytesMax,
        SegmentBytesMax = options.SegmentBytesMax,
        IsWaitedFor = true,
    };

    /// <summary>The undo data.</summary>
    public FrameLogForm Undo { get; } = new()
    {
        Name = "undo",
        Head = HeadOf("CAMELUN1", genesis),
        PayloadBytesMax = UndoBytesMax,
        SegmentBytesMax = options.SegmentBytesMax,
    };

    /// <summary>The journal: one file, which is written anew where it has grown out of proportion.</summary>
    public FrameLogForm Journal { get; } = new()
    {
        Name = "index",
        Head = HeadOf("CAMELIX1", genesis),
        PayloadBytesMax = JournalEncoding.FrameBytesMax,
        SegmentBytesMax = long.MaxValue,
    };

    /// <summary>The heads that the same files have on other networks.</summary>
    public static IReadOnlyCollection<byte[]> OtherHeads(FrameLogForm form)
    {
        Network[] networks = [Network.Main, Network.Test, Network.Regtest];
        byte[][] heads = [.. networks.Select(network => (byte[])
            [.. form.Head.AsSpan(0, form.Head.Length - Hash256.Bytes), .. network.GenesisHash.Value.ToBytes()])];
        return [.. heads.Where(head => !head.AsSpan().SequenceEqual(form.Head))];
    }

    private static byte[] HeadOf(string mark, BlockHash genesis) =>
        [.. mark.Select(letter => (byte)letter), .. genesis.Value.ToBytes()];
}

/// <summary>The bytes of undo data: block hash ‖ u32 count and i64 fees ‖ the undo data of rule C-19.</summary>
internal static class UndoEncoding
{
    private const int FeesMax = Block.BytesMax / 42;

    /// <summary>Writes undo data.</summary>
    public static byte[] Write(BlockHash hash, StoredUndo undo)
    {
        CanonicalWriter writer = new();
        writer.Hash(hash.Value).UInt32((uint)undo.FeeGrains.Count);
        foreach (long grains in undo.FeeGrains)
        {
            writer.Int64(grains);
        }

        return writer.Raw(undo.Undo.Encode()).ToArray();
    }

    /// <summary>Reads undo data.</summary>
    /// <returns>Null where they are not this block's.</returns>
    public static StoredUndo? Read(BlockHash hash, ReadOnlySpan<byte> payload)
    {
        if (!TryReadFees(payload, out BlockHash found, out long[] fees, out int end) || found != hash)
        {
            return null;
        }

        return BlockUndo.TryDecode(payload[end..], out BlockUndo? undo) ? new StoredUndo(undo, fees) : null;
    }

    /// <summary>Reads what stands before the undo data proper.</summary>
    public static bool TryReadFees(ReadOnlySpan<byte> payload, out BlockHash hash, out long[] feeGrains, out int end)
    {
        CanonicalReader reader = new(payload);
        hash = new BlockHash(reader.Hash());
        feeGrains = new long[reader.Count(FeesMax)];
        for (int i = 0; i < feeGrains.Length; i++)
        {
            feeGrains[i] = reader.Int64();
        }

        end = reader.Position;
        return !reader.Failed;
    }
}
