using Camelid.Chain.Mempool;
using Camelid.Chain.Storage;
using Camelid.Chain.Tests.Storage;
using Camelid.Fuzz.Engine;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;

namespace Camelid.Fuzz.Targets;

/// <summary>What a node reads from its disk, which may have been damaged.</summary>
internal static class StorageTargets
{
    internal static IEnumerable<IFuzzTarget> All =>
    [
        .. EngineChain.Disk.Select(file => new StoreTarget(file.Key, file.Value)).Reverse()
            .DistinctBy(target => target.Name),
        new FrameScanTarget(),
        new CodecTarget<IReadOnlyList<JournalRecord>>("journal", JournalEncoding.Read, Write)
        {
            Covers = [],
            Values = () => [Records()],
            AreEqual = (left, right) => left.SequenceEqual(right),

            // A record of a list for each 33 bytes.
            Allowance = new FuzzAllowance(512 << 10, 256),
        },
        new CodecTarget<StoredUndo>("undo-record", ReadUndo, undo => UndoEncoding.Write(Hash, undo))
        {
            Covers = [],
            Values = () => [new StoredUndo(new BlockUndo([]), []), new StoredUndo(Undo(), [7, 0, long.MaxValue])],
            AreEqual = (left, right) => left.FeeGrains.SequenceEqual(right.FeeGrains)
                && left.Undo.Spent.SequenceEqual(right.Undo.Spent),

            // The fees of a block that is full of small transactions.
            Allowance = new FuzzAllowance(2 << 20, 256),
        },
        new OutputTarget(),

        // What a mempool leaves for the next start, with the checksum put right.
        new CodecTarget<IReadOnlyList<KeptTransaction>>(
            "mempool-file",
            input => PoolFile.TryDecode(Sealed(input), Hash, out IReadOnlyList<KeptTransaction>? kept) ? kept : null,
            kept => PoolFile.Encode(Hash, kept)[..^Hash256.Bytes])
        {
            Covers = [],
            Values = () => [[], [.. EngineChain.Payments.Select(payment => new KeptTransaction(payment, 7))]],
            AreEqual = (left, right) => left.SequenceEqual(right),
        },
    ];

    private static byte[] Sealed(ReadOnlySpan<byte> input) =>
        [.. input, .. Hashes.Sha256(input).ToBytes()];

    private static BlockHash Hash => Network.Regtest.GenesisHash;

    private static StoredUndo? ReadUndo(ReadOnlySpan<byte> input) => UndoEncoding.Read(Hash, input);

    private static BlockUndo Undo() =>
        new([new SpentOutput(Samples.OutPoint(new Random(1)), Samples.Utxo(1))]);

    private static byte[] Write(IReadOnlyList<JournalRecord> records)
    {
        CanonicalWriter writer = new();
        foreach (JournalRecord record in records)
        {
            JournalEncoding.Write(writer, record);
        }

        return writer.ToArray();
    }

    private static JournalRecord[] Records() =>
    [
        new() { Kind = JournalKind.Header, Header = Network.Regtest.Genesis.Header },
        new()
        {
            Kind = JournalKind.Block, Hash = Hash,
            Block = new BlockPlace(new FramePosition(3, 5_000_000_000, 80), 2, 50),
        },
        new() { Kind = JournalKind.Undo, Hash = Hash, Undo = new UndoPlace(new FramePosition(0, 40, 90), 7) },
        new() { Kind = JournalKind.Refused, Hash = Hash },
        new() { Kind = JournalKind.BlockPruned, Hash = Hash },
    ];
}

/// <summary>
/// Rules C-31, C-33, C-35: a start on a disk of which one file is another. It ends well or names the file, blocks that
/// it believes in can be read, and a second start finds nothing worse.
/// </summary>
internal sealed class StoreTarget(string file, byte[] good) : IFuzzTarget
{
    /// <inheritdoc/>
    public string Name { get; } = "disk-" + file.Split('.')[0].Split('-')[0];

    /// <inheritdoc/>
    public int Share => 1;

    /// <summary>Two starts: windows over a few files, the buffers and tables of two snapshots.</summary>
    public FuzzAllowance Allowance => new(32 << 20, 256);

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => [];

    /// <inheritdoc/>
    public IEnumerable<byte[]> Samples() => [good];

    /// <inheritdoc/>
    public bool Run(ReadOnlySpan<byte> input)
    {
        SimulatedDisk disk = EngineChain.NewDisk();
        disk.Put(file, input);
        if (Start(disk) is not { } damage)
        {
            return false;
        }

        FuzzFault.Require(damage.Count == 0 || !input.SequenceEqual(good), "a good file is called damaged");
        FuzzFault.Require(damage.All(found => found.File.Contains('/')), "a damage without a file");
        FuzzFault.Require(Start(disk) is not null, "a second start is refused");
        return damage.Count == 0;
    }

    /// <summary>What a start finds damaged; null where it is refused in words.</summary>
    private static IReadOnlyList<StorageDamage>? Start(SimulatedDisk disk)
    {
        using FileChainStore store = EngineChain.NewStore(disk);
        try
        {
            StoredChain chain = store.Load();
            foreach (StoredEntry entry in chain.Entries.Where(entry => !entry.Block.Position.IsNone))
            {
                FuzzFault.Require(
                    store.ReadBlock(entry.Block.Position)?.Hash == entry.Hash, "a block that is there is not read");
            }

            foreach (StoredSnapshot snapshot in chain.Snapshots)
            {
                store.LoadSnapshot(snapshot, 0);
            }

            store.FlushAll();
            return [.. store.Damage];
        }
        catch (StorageRefusedException refusal)
        {
            FuzzFault.Require(refusal.Message.Length > 0, "a refusal without a word");
            return null;
        }
    }
}

/// <summary>
/// A log of frames: a byte that says whether damages are searched behind, then what follows the head of the file.
/// Whatever is found is whole, and the log goes on behind it.
/// </summary>
internal sealed class FrameScanTarget : IFuzzTarget
{
    private static readonly StoreForms Forms = new(Network.Regtest.GenesisHash, new ChainStoreOptions());

    /// <inheritdoc/>
    public string Name => "frame-scan";

    /// <summary>A window, and the frame that a head announces where the file has it.</summary>
    public FuzzAllowance Allowance => new(2 << 20, 128);

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => [];

    /// <inheritdoc/>
    public IEnumerable<byte[]> Samples() => [[1, .. Frame(1), .. Frame(40), .. Frame(200)], [0, .. Frame(9)]];

    /// <inheritdoc/>
    public bool Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return false;
        }

        SimulatedDisk disk = new(1);
        disk.Put(Forms.Blocks.FileName(0), [.. Forms.Blocks.Head, .. input[1..]]);
        using FrameLog log = new(disk, Forms.Blocks);
        FrameScan scan = new(log, searches: input[0] % 2 == 1);
        long end = Forms.Blocks.Head.Length;
        int count = 0;
        foreach (ScannedFrame frame in scan.Run(Array.Empty<FramePosition>().ToLookup(_ => 0), skipKnown: false))
        {
            FuzzFault.Require(frame.Position.Start >= end, "a frame begins in another one");
            FuzzFault.Require(
                log.Read(frame.Position).AsSpan().SequenceEqual(frame.Payload.Span), "a frame is not read again");
            end = frame.Position.End;
            count++;
        }

        byte[] next = [7, 7, 7];
        FramePosition added = log.Append(next);
        log.Flush();
        FuzzFault.Require(added.Start >= end, "the log goes on inside a good frame");
        FuzzFault.Require(log.Read(added).AsSpan().SequenceEqual(next), "what is added is not read");
        return count > 0;
    }

    private static byte[] Frame(int bytes)
    {
        byte[] frame = new byte[Frames.HeadBytes + bytes];
        Frames.Write(frame, new byte[bytes]);
        return frame;
    }
}

/// <summary>Rule C-34: an output with its outpoint becomes a record, and that the same output again.</summary>
internal sealed class OutputTarget : IFuzzTarget
{
    /// <inheritdoc/>
    public string Name => "output-record";

    /// <summary>The first slab of the arena is 4 MB.</summary>
    public FuzzAllowance Allowance => new(5 << 20, 128);

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => ["Utxo.TryDecode"];

    /// <inheritdoc/>
    IEnumerable<byte[]> IFuzzTarget.Samples() =>
    [
        Samples.Utxo(1).Encode(),
        new Utxo(new TxOutput(Amount.Grain(5), Samples.P2pkh(Samples.Client)), 7, true, 9, default).Encode(),
    ];

    /// <inheritdoc/>
    public bool Run(ReadOnlySpan<byte> input)
    {
        if (!Utxo.TryDecode(input, out Utxo? utxo))
        {
            return false;
        }

        OutPoint outPoint = Samples.OutPoint(new Random(input.Length));
        byte[] room = new byte[OutputCoding.BytesMax];
        Span<byte> record = room.AsSpan(0, OutputCoding.Write(room, outPoint, utxo));
        FuzzFault.Require(OutputCoding.LengthOf(record) == record.Length, "a record has another length");
        FuzzFault.Require(OutputCoding.ReadKey(record) == outPoint, "a record has another outpoint");
        FuzzFault.Require(OutputCoding.Read(record).Equals(utxo), "a record is another output");
        CompactOutputs outputs = new(1);
        FuzzFault.Require(outputs.TryAdd(outPoint, utxo) && !outputs.TryAdd(outPoint, utxo), "added twice");
        FuzzFault.Require(outputs.TryRemove(outPoint, out Utxo? removed) && removed.Equals(utxo), "not given back");
        return true;
    }
}
