using System.Diagnostics.CodeAnalysis;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;

namespace Camelid.Protocol.Transactions;

/// <summary>
/// A transaction (whitepaper 2.3): Bitcoin's, followed by the id of the job that it pays for. Immutable.
/// </summary>
/// <remarks>
/// Rule C-05: version (4) ‖ inputs (txid 32, index 4, scriptSig, sequence 4) ‖ outputs (value 8, scriptPubKey) ‖
/// lockTime (4) ‖ jobId (32, zero if none); counts and script lengths are CompactSize; the id is SHA256d of all of it.
/// </remarks>
public sealed class Transaction : IEquatable<Transaction>
{
    /// <summary>Rule C-06: the largest transaction, in bytes, because hashing for signatures is quadratic.</summary>
    public const int BytesMax = 100_000;

    /// <summary>Lock times from here on are Unix seconds, below they are heights.</summary>
    public const uint LockTimeThreshold = 500_000_000;

    /// <summary>Fewest bytes of an input: outpoint, empty script, sequence.</summary>
    internal const int InputBytesMin = OutPoint.Bytes + 1 + 4;

    /// <summary>Fewest bytes of an output: value, empty script.</summary>
    internal const int OutputBytesMin = 8 + 1;

    private const int TailBytes = sizeof(uint) + Hash256.Bytes;

    private readonly byte[] encoded;
    private readonly TxInput[] inputs;
    private readonly TxOutput[] outputs;

    /// <summary>Takes the arrays themselves, which nobody may change any more.</summary>
    private Transaction(int version, TxInput[] inputs, TxOutput[] outputs, uint lockTime, JobId jobId, byte[]? encoded)
    {
        this.inputs = inputs;
        this.outputs = outputs;
        Version = version;
        Inputs = Array.AsReadOnly(inputs);
        Outputs = Array.AsReadOnly(outputs);
        LockTime = lockTime;
        JobId = jobId;
        this.encoded = encoded ?? Write();
        OutputsBytes = OutputsSize(outputs);
        Txid = new Txid(Hashes.Sha256d(this.encoded));
    }

    /// <summary>The version; 1 or more.</summary>
    public int Version { get; }

    /// <summary>What is spent.</summary>
    public IReadOnlyList<TxInput> Inputs { get; }

    /// <summary>What is paid.</summary>
    public IReadOnlyList<TxOutput> Outputs { get; }

    /// <summary>The height (below 500,000,000) or Unix second before which the transaction may not be mined.</summary>
    public uint LockTime { get; }

    /// <summary>The job paid for, or none.</summary>
    public JobId JobId { get; }

    /// <summary>SHA256d of the canonical bytes.</summary>
    public Txid Txid { get; }

    /// <summary>The size of the canonical bytes.</summary>
    public int ByteCount => encoded.Length;

    /// <summary>The canonical bytes, without a copy.</summary>
    public ReadOnlySpan<byte> EncodedSpan => encoded;

    /// <summary>Count and outputs, as they stand in the canonical bytes: what ALL signs of them.</summary>
    internal ReadOnlySpan<byte> EncodedOutputs =>
        encoded.AsSpan(encoded.Length - TailBytes - OutputsBytes, OutputsBytes);

    /// <summary>The inputs, for loops that must be quick.</summary>
    internal ReadOnlySpan<TxInput> InputSpan => inputs;

    /// <summary>The outputs, for loops that must be quick.</summary>
    internal ReadOnlySpan<TxOutput> OutputSpan => outputs;

    private int OutputsBytes { get; }

    /// <summary>True for the first transaction of a block, which makes coin: one input that spends nothing.</summary>
    public bool IsCoinbase => inputs.Length == 1 && inputs[0].Previous == OutPoint.None;

    /// <summary>Builds a transaction; the lists are copied.</summary>
    public static Transaction Create(
        int version, IEnumerable<TxInput> inputs, IEnumerable<TxOutput> outputs, uint lockTime, JobId jobId) =>
        new(version, [.. inputs], [.. outputs], lockTime, jobId, null);

    /// <summary>The canonical bytes, in a new array.</summary>
    public byte[] Encode() => (byte[])encoded.Clone();

    /// <summary>
    /// Reads canonical bytes; refuses trailing bytes, long forms, amounts outside the supply, large ones.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Transaction? transaction)
    {
        CanonicalReader reader = new(bytes.Length <= BytesMax ? bytes : default);
        transaction = Read(ref reader);
        transaction = reader.AtEnd ? transaction : null;
        return transaction is not null;
    }

    /// <summary>The same transaction with another unlocking script at one input.</summary>
    public Transaction WithScript(int inputIndex, Script script)
    {
        TxInput[] changed = [.. inputs];
        changed[inputIndex] = changed[inputIndex] with { Script = script };
        return new Transaction(Version, changed, outputs, LockTime, JobId, null);
    }

    /// <summary>Equal canonical bytes.</summary>
    public bool Equals(Transaction? other) => other is not null && Txid == other.Txid;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Transaction);

    /// <inheritdoc/>
    public override int GetHashCode() => Txid.GetHashCode();

    internal static Transaction? Read(ref CanonicalReader reader)
    {
        int start = reader.Position;
        int version = reader.Int32();
        TxInput[] inputs = new TxInput[reader.CompactSize(BytesMax / InputBytesMin)];
        for (int i = 0; i < inputs.Length && !reader.Failed; i++)
        {
            OutPoint previous = new(new Txid(reader.Hash()), reader.UInt32());
            Script script = Script.Own(reader.VarBytes(Script.BytesMax));
            inputs[i] = new TxInput(previous, script, reader.UInt32());
        }

        TxOutput[] outputs = new TxOutput[reader.CompactSize(BytesMax / OutputBytesMin)];
        for (int i = 0; i < outputs.Length && !reader.Failed; i++)
        {
            Amount? value = Amount.FromGrains(reader.Int64());
            Script script = Script.Own(reader.VarBytes(Script.BytesMax));
            outputs[i] = new TxOutput(value ?? Amount.Zero, script);
            if (value is null)
            {
                reader.Fail();
            }
        }

        uint lockTime = reader.UInt32();
        JobId jobId = new(reader.Hash());
        bool good = !reader.Failed && reader.Position - start <= BytesMax;
        return good
            ? new Transaction(version, inputs, outputs, lockTime, jobId, reader.Since(start).ToArray())
            : null;
    }

    private static int OutputsSize(TxOutput[] outputs)
    {
        int size = SpanWriter.CompactSizeBytes(outputs.Length);
        foreach (TxOutput output in outputs)
        {
            size += sizeof(long) + SpanWriter.CompactSizeBytes(output.Script.Length) + output.Script.Length;
        }

        return size;
    }

    private byte[] Write()
    {
        int size = sizeof(int) + SpanWriter.CompactSizeBytes(inputs.Length) + OutputsSize(outputs) + TailBytes;
        foreach (TxInput input in inputs)
        {
            size += InputBytesMin - 1 + SpanWriter.CompactSizeBytes(input.Script.Length) + input.Script.Length;
        }

        byte[] bytes = new byte[size];
        SpanWriter writer = new(bytes);
        writer.Int32(Version);
        writer.CompactSize(inputs.Length);
        foreach (TxInput input in inputs)
        {
            writer.Hash(input.Previous.Txid.Value);
            writer.UInt32(input.Previous.Index);
            writer.VarBytes(input.Script.Span);
            writer.UInt32(input.Sequence);
        }

        writer.CompactSize(outputs.Length);
        foreach (TxOutput output in outputs)
        {
            writer.Int64(output.Value.Grains);
            writer.VarBytes(output.Script.Span);
        }

        writer.UInt32(LockTime);
        writer.Hash(JobId.Value);
        return bytes;
    }
}
