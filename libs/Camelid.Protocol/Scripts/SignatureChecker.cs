using System.Runtime.CompilerServices;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Scripts;

/// <summary>Rule C-07: the signatures of one input.</summary>
internal sealed class SignatureChecker(ScriptContext context, ScriptFlags flags)
{
    /// <summary>Most keys of one CHECKMULTISIG.</summary>
    public const int KeysMax = 20;

    private Digests digests;
    private int known;

    /// <summary>Signatures that held.</summary>
    public int Held { get; private set; }

    /// <summary>True while every signature that held has the type ALL.</summary>
    public bool AllSignEverything { get; private set; } = true;

    /// <summary>CHECKSIG: takes a key and a signature from the stack.</summary>
    /// <param name="stack">Two elements at least.</param>
    /// <param name="script">The script from the last CODESEPARATOR on.</param>
    /// <param name="holds">True where the signature holds.</param>
    public RuleCode One(ScriptStack stack, ReadOnlyMemory<byte> script, out bool holds)
    {
        ReadOnlyMemory<byte> key = stack.Pop();
        ReadOnlyMemory<byte> signature = stack.Pop();
        holds = false;
        RuleCode code = Prepare(ref script, signature.Span);
        code = code == RuleCode.Accepted ? Check(signature.Span, key.Span, script, out holds) : code;
        bool fails = code == RuleCode.Accepted && !holds && !signature.IsEmpty && (flags & ScriptFlags.NullFail) != 0;
        return fails ? RuleCode.ScriptSignature : code;
    }

    /// <summary>CHECKMULTISIG: takes a count, keys, a count, signatures and one element more.</summary>
    /// <param name="stack">Any stack.</param>
    /// <param name="script">The script from the last CODESEPARATOR on.</param>
    /// <param name="operations">Operations of the script so far; each key counts as one.</param>
    /// <param name="holds">True where each signature holds for a key, in the same order.</param>
    public RuleCode Many(ScriptStack stack, ReadOnlyMemory<byte> script, ref int operations, out bool holds)
    {
        holds = false;
        RuleCode code = Count(stack, 0, KeysMax, RuleCode.ScriptKeyCount, out int keys);
        if (code != RuleCode.Accepted)
        {
            return code;
        }

        operations += keys;
        if (operations > ScriptInterpreter.OperationsMax)
        {
            return RuleCode.ScriptLimit;
        }

        code = Count(stack, keys + 1, keys, RuleCode.ScriptSignatureCount, out int signatures);
        if (code == RuleCode.Accepted && stack.Count < keys + signatures + 3)
        {
            code = RuleCode.ScriptStackEmpty;
        }

        for (int i = 0; i < signatures && code == RuleCode.Accepted; i++)
        {
            code = Prepare(ref script, stack.Peek(keys + 2 + i).Span);
        }

        code = code == RuleCode.Accepted ? Match(stack, script, keys, signatures, out holds) : code;
        return code == RuleCode.Accepted ? CleanUp(stack, keys, signatures, holds) : code;
    }

    /// <summary>A count that lies so far below the top, with nothing taken yet.</summary>
    private RuleCode Count(ScriptStack stack, int depth, int max, RuleCode refusal, out int count)
    {
        count = 0;
        if (stack.Count <= depth)
        {
            return RuleCode.ScriptStackEmpty;
        }

        bool minimal = (flags & ScriptFlags.Minimal) != 0;
        if (!ScriptNumber.TryDecode(stack.Peek(depth).Span, ScriptNumber.BytesMax, minimal, out long value))
        {
            return RuleCode.ScriptNumber;
        }

        if (value < 0 || value > max)
        {
            return refusal;
        }

        count = (int)value;
        return RuleCode.Accepted;
    }

    private RuleCode Match(
        ScriptStack stack, ReadOnlyMemory<byte> script, int keys, int signatures, out bool holds)
    {
        int key = 1;
        int signature = keys + 2;
        int keysLeft = keys;
        int signaturesLeft = signatures;
        holds = true;
        while (holds && signaturesLeft > 0)
        {
            RuleCode code = Check(stack.Peek(signature).Span, stack.Peek(key).Span, script, out bool matches);
            if (code != RuleCode.Accepted)
            {
                return code;
            }

            if (matches)
            {
                signature++;
                signaturesLeft--;
            }

            key++;
            keysLeft--;
            holds = signaturesLeft <= keysLeft;
        }

        return RuleCode.Accepted;
    }

    private RuleCode CleanUp(ScriptStack stack, int keys, int signatures, bool holds)
    {
        stack.Drop(keys + 2);
        for (int i = 0; i < signatures; i++)
        {
            if (!stack.Pop().IsEmpty && !holds && (flags & ScriptFlags.NullFail) != 0)
            {
                return RuleCode.ScriptSignature;
            }
        }

        return !stack.Pop().IsEmpty && (flags & ScriptFlags.NullDummy) != 0
            ? RuleCode.ScriptDummyNotEmpty
            : RuleCode.Accepted;
    }

    /// <summary>Refuses a script that holds its own signature, or cuts it out for Bitcoin.</summary>
    private RuleCode Prepare(ref ReadOnlyMemory<byte> script, ReadOnlySpan<byte> signature)
    {
        if ((flags & ScriptFlags.WholeScript) == 0)
        {
            script = SignedScript.Without(script, signature);
            return RuleCode.Accepted;
        }

        return SignedScript.Holds(script.Span, signature) ? RuleCode.ScriptHoldsSignature : RuleCode.Accepted;
    }

    private RuleCode Check(
        ReadOnlySpan<byte> signature, ReadOnlySpan<byte> key, ReadOnlyMemory<byte> script, out bool holds)
    {
        holds = false;
        RuleCode code = SignatureEncoding.CheckSignature(signature, flags);
        code = code == RuleCode.Accepted ? SignatureEncoding.CheckKey(key, flags) : code;
        if (code != RuleCode.Accepted || signature.IsEmpty)
        {
            return code;
        }

        SignatureHashType type = (SignatureHashType)signature[^1];
        if ((flags & ScriptFlags.SingleInRange) != 0
            && SignatureHash.IsSingleOutOfRange(context.Transaction, context.InputIndex, type))
        {
            return RuleCode.ScriptSingleOutOfRange;
        }

        Hash256 digest = Digest(type, script);
        ReadOnlySpan<byte> der = signature[..^1];
        holds = context.Compat is { } compat
            ? compat.Verify(key, digest, der)
            : PublicKey.TryFromBytes(key, out PublicKey point) && context.Block.Curve.Verify(point, digest, der);
        Held += holds ? 1 : 0;
        AllSignEverything &= !holds || type == SignatureHashType.All;
        return RuleCode.Accepted;
    }

    /// <summary>
    /// The digest of a type, computed once for all signatures of the input: they sign the same script.
    /// </summary>
    private Hash256 Digest(SignatureHashType type, ReadOnlyMemory<byte> script)
    {
        if (context.Compat is not null)
        {
            ReadOnlyMemory<byte> signed = SignedScript.WithoutSeparators(script);
            return SignatureHash.ComputeAsBitcoin(context.Transaction, context.InputIndex, signed.Span, type);
        }

        int slot = ((int)type & 3) + ((type & SignatureHashType.AnyoneCanPay) != 0 ? 4 : 0);
        if ((known & (1 << slot)) == 0)
        {
            digests[slot] = SignatureHash.Compute(
                context.Transaction, context.InputIndex, script.Span, type);
            known |= 1 << slot;
        }

        return digests[slot];
    }

    /// <summary>One for each known type.</summary>
    [InlineArray(8)]
    private struct Digests
    {
        private Hash256 first;
    }
}
