using System.Buffers;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;

namespace Camelid.Protocol.Transactions;

/// <summary>What a signature signs. The byte that follows a signature.</summary>
[Flags]
public enum SignatureHashType
{
    /// <summary>No type; refused.</summary>
    None = 0,

    /// <summary>All inputs and outputs.</summary>
    All = 1,

    /// <summary>All inputs, no output.</summary>
    NoOutputs = 2,

    /// <summary>All inputs, and the output of the same index.</summary>
    Single = 3,

    /// <summary>Only this input; combined with one of the above.</summary>
    AnyoneCanPay = 0x80,
}

/// <summary>
/// Rule C-07: the digest that a signature signs, Bitcoin's legacy form with the Job ID before the type.
/// </summary>
public static class SignatureHash
{
    private const int BaseMask = 0x1f;
    private const int StackBytesMax = 1024;
    private const int SpareBytes = 16;

    /// <summary>True for ALL, NONE and SINGLE, each with or without ANYONECANPAY.</summary>
    public static bool IsKnown(SignatureHashType type) =>
        (type & ~SignatureHashType.AnyoneCanPay) is >= SignatureHashType.All and <= SignatureHashType.Single;

    /// <summary>True where SINGLE names an output that is not there: such a signature would sign nothing.</summary>
    public static bool IsSingleOutOfRange(Transaction transaction, int inputIndex, SignatureHashType type) =>
        ((int)type & BaseMask) == (int)SignatureHashType.Single && inputIndex >= transaction.Outputs.Count;

    /// <summary>The digest.</summary>
    /// <param name="transaction">The spending transaction.</param>
    /// <param name="inputIndex">The input that is signed.</param>
    /// <param name="spentScript">The locking script that is spent.</param>
    /// <param name="type">What is signed.</param>
    /// <exception cref="ArgumentException">
    /// The input is not there, or SINGLE names an output that is not there.
    /// </exception>
    public static Hash256 Compute(
        Transaction transaction, int inputIndex, Script spentScript, SignatureHashType type) =>
        Compute(transaction, inputIndex, spentScript.Span, type);

    /// <summary>Signs everything (ALL): the DER signature followed by its type byte, ready to be pushed.</summary>
    public static byte[] Sign(
        Transaction transaction, int inputIndex, Script spentScript, PrivateKey key, ISecp256k1 curve)
    {
        Hash256 digest = Compute(transaction, inputIndex, spentScript.Span, SignatureHashType.All);
        return [.. curve.Sign(key, digest), (byte)SignatureHashType.All];
    }

    /// <inheritdoc cref="Compute(Transaction, int, Script, SignatureHashType)"/>
    internal static Hash256 Compute(
        Transaction transaction, int inputIndex, ReadOnlySpan<byte> spentScript, SignatureHashType type) =>
        (uint)inputIndex < (uint)transaction.Inputs.Count && !IsSingleOutOfRange(transaction, inputIndex, type)
            ? Digest(transaction, inputIndex, spentScript, type, transaction.JobId.Value)
            : throw new ArgumentException("no such input, or no output of the same index", nameof(inputIndex));

    /// <summary>
    /// For Bitcoin Core's vectors: without the Job ID, and 1 where SINGLE names an output that is not there.
    /// </summary>
    internal static Hash256 ComputeAsBitcoin(
        Transaction transaction, int inputIndex, ReadOnlySpan<byte> script, SignatureHashType type) =>
        IsSingleOutOfRange(transaction, inputIndex, type)
            ? Hash256.FromBytes([1, .. new byte[Hash256.Bytes - 1]])
            : Digest(transaction, inputIndex, script, type, null);

    /// <summary>Writes what is signed into one buffer, outputs as they were encoded once, and hashes it.</summary>
    private static Hash256 Digest(
        Transaction transaction, int inputIndex, ReadOnlySpan<byte> script, SignatureHashType type, Hash256? jobId)
    {
        // Each part is at most as long as in the transaction; what comes on top is the script and the type.
        int bytesMax = transaction.ByteCount + script.Length + SpareBytes;
        byte[]? rented = bytesMax > StackBytesMax ? ArrayPool<byte>.Shared.Rent(bytesMax) : null;
        SpanWriter writer = new(rented ?? stackalloc byte[StackBytesMax]);
        writer.Int32(transaction.Version);
        WriteInputs(ref writer, transaction, inputIndex, script, type);
        WriteOutputs(ref writer, transaction, inputIndex, type);
        writer.UInt32(transaction.LockTime);
        if (jobId is { } job)
        {
            writer.Hash(job);
        }

        writer.Int32((int)type);
        Hash256 digest = Hashes.Sha256d(writer.Written);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return digest;
    }

    private static void WriteInputs(
        ref SpanWriter writer,
        Transaction transaction,
        int inputIndex,
        ReadOnlySpan<byte> script,
        SignatureHashType type)
    {
        SignatureHashType kind = (SignatureHashType)((int)type & BaseMask);
        bool freeSequences = kind is SignatureHashType.NoOutputs or SignatureHashType.Single;
        ReadOnlySpan<TxInput> inputs = transaction.InputSpan;
        if ((type & SignatureHashType.AnyoneCanPay) != 0)
        {
            writer.CompactSize(1);
            WriteInput(ref writer, inputs[inputIndex], script, inputs[inputIndex].Sequence);
            return;
        }

        writer.CompactSize(inputs.Length);
        for (int i = 0; i < inputs.Length; i++)
        {
            bool isThis = i == inputIndex;
            uint sequence = !isThis && freeSequences ? 0 : inputs[i].Sequence;
            WriteInput(ref writer, inputs[i], isThis ? script : default, sequence);
        }
    }

    private static void WriteInput(ref SpanWriter writer, TxInput input, ReadOnlySpan<byte> script, uint sequence)
    {
        writer.Hash(input.Previous.Txid.Value);
        writer.UInt32(input.Previous.Index);
        writer.VarBytes(script);
        writer.UInt32(sequence);
    }

    private static void WriteOutputs(
        ref SpanWriter writer, Transaction transaction, int inputIndex, SignatureHashType type)
    {
        switch ((SignatureHashType)((int)type & BaseMask))
        {
            case SignatureHashType.NoOutputs:
                writer.CompactSize(0);
                break;
            case SignatureHashType.Single:
                writer.CompactSize(inputIndex + 1);
                for (int i = 0; i < inputIndex; i++)
                {
                    writer.Int64(-1);
                    writer.CompactSize(0);
                }

                writer.Int64(transaction.OutputSpan[inputIndex].Value.Grains);
                writer.VarBytes(transaction.OutputSpan[inputIndex].Script.Span);
                break;
            default:
                writer.Raw(transaction.EncodedOutputs);
                break;
        }
    }
}
