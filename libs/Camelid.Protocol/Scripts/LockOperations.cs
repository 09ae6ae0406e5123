using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Scripts;

/// <summary>Rule C-09: what CHECKLOCKTIMEVERIFY and CHECKSEQUENCEVERIFY compare.</summary>
internal static class LockOperations
{
    private const uint SequenceDisabled = 1u << 31;
    private const uint SequenceMask = 0x0040_ffff;
    private const uint SequenceSeconds = 1u << 22;

    /// <summary>Rule C-09: CHECKLOCKTIMEVERIFY (BIP65).</summary>
    public static RuleCode LockTime(ReadOnlySpan<byte> number, ScriptContext context, bool minimal)
    {
        if (!ScriptNumber.TryDecode(number, ScriptNumber.LockTimeBytesMax, minimal, out long wanted))
        {
            return RuleCode.ScriptNumber;
        }

        long lockTime = context.Transaction.LockTime;
        bool sameKind = wanted >= Transaction.LockTimeThreshold == lockTime >= Transaction.LockTimeThreshold;
        bool holds = wanted >= 0 && sameKind && wanted <= lockTime
            && context.Transaction.Inputs[context.InputIndex].Sequence != TxInput.SequenceFinal;
        return holds ? RuleCode.Accepted : RuleCode.ScriptLockTime;
    }

    /// <summary>Rule C-09: CHECKSEQUENCEVERIFY (BIP112).</summary>
    public static RuleCode Sequence(ReadOnlySpan<byte> number, ScriptContext context, bool minimal)
    {
        if (!ScriptNumber.TryDecode(number, ScriptNumber.LockTimeBytesMax, minimal, out long wanted))
        {
            return RuleCode.ScriptNumber;
        }

        if (wanted < 0)
        {
            return RuleCode.ScriptSequence;
        }

        if ((wanted & SequenceDisabled) != 0)
        {
            return RuleCode.Accepted;
        }

        uint sequence = context.Transaction.Inputs[context.InputIndex].Sequence;
        long masked = wanted & SequenceMask;
        uint has = sequence & SequenceMask;
        bool sameKind = masked >= SequenceSeconds == has >= SequenceSeconds;
        bool enabled = unchecked((uint)context.Transaction.Version) >= 2 && (sequence & SequenceDisabled) == 0;
        return enabled && sameKind && masked <= has ? RuleCode.Accepted : RuleCode.ScriptSequence;
    }
}
