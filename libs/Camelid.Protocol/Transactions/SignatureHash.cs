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

    /// <summary>True for ALL, NONE and SINGLE, each with or without ANYONECANPAY.</summary>
    public static bool IsKnown(SignatureHashType type) =>
        (type & ~SignatureHashType.AnyoneCanPay) is >= SignatureHashType.All and <= SignatureHashType.Single;

    /// <summary>True where SINGLE names an output that is not there: such a signature would sign nothing.</summary>
    public static bool IsSingleOutOfRange(Transaction transaction, int inputIndex, SignatureHashType type) =>
        ((int)type & BaseMask) == (int)SignatureHashType.Single && inputIndex >= transaction.Outputs.Count;

    /// <summary>The digest.</summary>
    /// <param name="transaction">The spending transaction.</param>
    /// <param name="inputIndex">The input that is signed.</param>
    /// <param name="scriptCode">The locking script that is spent.</param>
    /// <param name="type">What is signed.</param>
    /// <param name="bitcoinCompat">Tests only: leaves the Job ID out, so that Bitcoin Core's vectors apply.</param>
    /// <exception cref="ArgumentException">
    /// The input is not there, or SINGLE names an output that is not there.
    /// </exception>
    public static Hash256 Compute(
        Transaction transaction,
        int inputIndex,
        Script scriptCode,
        SignatureHashType type,
        bool bitcoinCompat = false)
    {
        if ((uint)inputIndex >= (uint)transaction.Inputs.Count || IsSingleOutOfRange(transaction, inputIndex, type))
        {
            throw new ArgumentException("no such input, or no output of the same index", nameof(inputIndex));
        }

        CanonicalWriter writer = new();
        writer.Int32(transaction.Version);
        WriteInputs(writer, transaction, inputIndex, scriptCode, type);
        WriteOutputs(writer, transaction, inputIndex, type);
        writer.UInt32(transaction.LockTime);
        if (!bitcoinCompat)
        {
            writer.Hash(transaction.JobId.Value);
        }

        writer.Int32((int)type);
        return Hashes.Sha256d(writer.ToArray());
    }

    /// <summary>Signs everything (ALL): the DER signature followed by its type byte, ready to be pushed.</summary>
    public static byte[] Sign(
        Transaction transaction, int inputIndex, Script spentScript, PrivateKey key, ISecp256k1 curve)
    {
        Hash256 digest = Compute(transaction, inputIndex, spentScript, SignatureHashType.All);
        return [.. curve.Sign(key, digest), (byte)SignatureHashType.All];
    }

    private static void WriteInputs(
        CanonicalWriter writer, Transaction transaction, int inputIndex, Script scriptCode, SignatureHashType type)
    {
        bool onlyThis = (type & SignatureHashType.AnyoneCanPay) != 0;
        SignatureHashType kind = (SignatureHashType)((int)type & BaseMask);
        bool freeSequences = kind is SignatureHashType.NoOutputs or SignatureHashType.Single;
        writer.CompactSize(onlyThis ? 1UL : (ulong)transaction.Inputs.Count);
        for (int i = 0; i < transaction.Inputs.Count; i++)
        {
            if (onlyThis && i != inputIndex)
            {
                continue;
            }

            TxInput input = transaction.Inputs[i];
            writer.Hash(input.Previous.Txid.Value).UInt32(input.Previous.Index);
            writer.VarBytes(i == inputIndex ? scriptCode.Span : default);
            writer.UInt32(i != inputIndex && freeSequences ? 0 : input.Sequence);
        }
    }

    private static void WriteOutputs(
        CanonicalWriter writer, Transaction transaction, int inputIndex, SignatureHashType type)
    {
        int kind = (int)type & BaseMask;
        int count = kind switch
        {
            (int)SignatureHashType.NoOutputs => 0,
            (int)SignatureHashType.Single => inputIndex + 1,
            _ => transaction.Outputs.Count,
        };
        writer.CompactSize((ulong)count);
        for (int i = 0; i < count; i++)
        {
            bool blank = kind == (int)SignatureHashType.Single && i != inputIndex;
            writer.Int64(blank ? -1 : transaction.Outputs[i].Value.Grains);
            writer.VarBytes(blank ? default : transaction.Outputs[i].Script.Span);
        }
    }
}
