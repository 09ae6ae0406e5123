using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Storage;

/// <summary>Where a block lies, and what is asked of it often.</summary>
/// <param name="Position">Where it lies; none for genesis.</param>
/// <param name="TransactionCount">Transactions, the coinbase included.</param>
/// <param name="ClaimedGrains">What the coinbase claims, in grains.</param>
internal readonly record struct BlockPlace(FramePosition Position, int TransactionCount, long ClaimedGrains)
{
    /// <summary>Describes a block that lies at a position.</summary>
    public static BlockPlace Of(Block block, FramePosition position) => new(
        position, block.Transactions.Count, block.Transactions[0].Outputs.Sum(output => output.Value.Grains));
}

/// <summary>Where the undo data of a block lie.</summary>
/// <param name="Position">Where they lie; none for genesis.</param>
/// <param name="FeesGrains">The fees of the block, in grains.</param>
internal readonly record struct UndoPlace(FramePosition Position, long FeesGrains);

/// <summary>What a record of the journal says about a block.</summary>
internal enum JournalKind : byte
{
    /// <summary>Its header.</summary>
    Header = 1,

    /// <summary>Its block is in the log.</summary>
    Block = 2,

    /// <summary>It was connected, and its undo data are in the log.</summary>
    Undo = 3,

    /// <summary>Its block can't be read any more.</summary>
    BlockLost = 4,

    /// <summary>Its block was removed to save room.</summary>
    BlockPruned = 5,

    /// <summary>Its undo data can't be read any more, or were removed.</summary>
    UndoLost = 6,

    /// <summary>It, and what builds on it, broke a rule.</summary>
    Refused = 7,

    /// <summary>The refusal of it, of its ancestors and descendants was taken back.</summary>
    Reconsidered = 8,

    /// <summary>The logs hold what this journal does not say: all of them must be read. Names no block.</summary>
    Incomplete = 9,
}

/// <summary>One record: only the fields of its kind have a meaning.</summary>
internal readonly record struct JournalRecord
{
    /// <summary>What it says.</summary>
    public required JournalKind Kind { get; init; }

    /// <summary>The block; for a header it follows from that.</summary>
    public BlockHash Hash { get; init; }

    /// <summary>The header.</summary>
    public BlockHeader? Header { get; init; }

    /// <summary>Where the block lies.</summary>
    public BlockPlace Block { get; init; }

    /// <summary>Where the undo data lie.</summary>
    public UndoPlace Undo { get; init; }
}

/// <summary>
/// Rule C-33: the journal says of every header what is known of its block, so that a start need not find it out
/// again. It holds nothing that can't be found again in the blocks, and is not waited for.
/// </summary>
internal static class JournalEncoding
{
    /// <summary>Largest frame of the journal, in bytes.</summary>
    public const int FrameBytesMax = 1 << 20;

    /// <summary>Largest record, in bytes.</summary>
    public const int RecordBytesMax = 1 + BlockHeader.Bytes;

    /// <summary>Adds a record to a frame.</summary>
    public static void Write(CanonicalWriter writer, JournalRecord record)
    {
        writer.Byte((byte)record.Kind);
        if (record.Header is { } header)
        {
            writer.Raw(header.Encode());
            return;
        }

        writer.Hash(record.Hash.Value);
        if (record.Kind == JournalKind.Block)
        {
            WritePosition(writer, record.Block.Position);
            writer.Int32(record.Block.TransactionCount).Int64(record.Block.ClaimedGrains);
        }
        else if (record.Kind == JournalKind.Undo)
        {
            WritePosition(writer, record.Undo.Position);
            writer.Int64(record.Undo.FeesGrains);
        }
    }

    /// <summary>Packs records into frames, in their order.</summary>
    public static IEnumerable<byte[]> Frames(IEnumerable<JournalRecord> records)
    {
        CanonicalWriter writer = new();
        foreach (JournalRecord record in records)
        {
            if (writer.Written.Length + RecordBytesMax > FrameBytesMax)
            {
                yield return writer.ToArray();
                writer = new CanonicalWriter();
            }

            Write(writer, record);
        }

        if (writer.Written.Length > 0)
        {
            yield return writer.ToArray();
        }
    }

    /// <summary>Reads all records of a frame.</summary>
    /// <returns>Null where it is none that <see cref="Write"/> would write.</returns>
    public static IReadOnlyList<JournalRecord>? Read(ReadOnlySpan<byte> frame)
    {
        CanonicalReader reader = new(frame);
        List<JournalRecord> records = [];
        while (!reader.Failed && !reader.AtEnd)
        {
            JournalKind kind = (JournalKind)reader.Byte();
            if (kind == JournalKind.Header)
            {
                bool isHeader = BlockHeader.TryDecode(reader.Raw(BlockHeader.Bytes), out BlockHeader? header);
                records.Add(new JournalRecord { Kind = kind, Header = header });
                if (!isHeader)
                {
                    reader.Fail();
                }

                continue;
            }

            JournalRecord record = new() { Kind = kind, Hash = new BlockHash(reader.Hash()) };
            records.Add(kind switch
            {
                JournalKind.Block => record with
                {
                    Block = new BlockPlace(ReadPosition(ref reader), reader.Int32(), reader.Int64()),
                },
                JournalKind.Undo => record with { Undo = new UndoPlace(ReadPosition(ref reader), reader.Int64()) },
                _ => record,
            });
            if (!Enum.IsDefined(kind))
            {
                reader.Fail();
            }
        }

        return reader.AtEnd ? records : null;
    }

    private static void WritePosition(CanonicalWriter writer, FramePosition position) =>
        writer.Int32(position.Segment).Int64(position.Offset).Int32(position.Length);

    private static FramePosition ReadPosition(ref CanonicalReader reader) =>
        new(reader.Int32(), reader.Int64(), reader.Int32());
}
