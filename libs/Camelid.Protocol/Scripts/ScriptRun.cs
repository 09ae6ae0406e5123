using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Scripts;

/// <summary>One run of one locking script.</summary>
internal sealed class ScriptRun(Script script, ScriptStack stack, ScriptContext context)
{
    private const uint SequenceDisabled = 1u << 31;
    private const uint SequenceMask = 0x0040_ffff;
    private const uint SequenceSeconds = 1u << 22;

    private readonly Stack<bool> branches = new();
    private int operations;

    /// <summary>True where CHECKJOB ran and held.</summary>
    public bool RanCheckJob { get; private set; }

    /// <summary>Signatures that were checked and held.</summary>
    public int Signatures { get; private set; }

    /// <summary>True while every such signature had the type ALL.</summary>
    public bool AllSignEverything { get; private set; } = true;

    /// <summary>Runs to the end; the first refusal ends it.</summary>
    public RuleCode Run()
    {
        ScriptReader reader = new(script.Span);
        while (reader.TryRead(out ScriptStep step))
        {
            RuleCode code = One(step);
            if (code != RuleCode.Accepted)
            {
                return code;
            }
        }

        if (reader.Failed)
        {
            return RuleCode.ScriptTruncatedPush;
        }

        return branches.Count == 0 ? RuleCode.Accepted : RuleCode.ScriptUnbalancedIf;
    }

    /// <summary>Pushes the bytes or the small number of a step.</summary>
    public static RuleCode Push(ScriptStep step, ScriptStack stack)
    {
        if (!step.IsMinimalPush)
        {
            return RuleCode.ScriptNotMinimal;
        }

        return step.Opcode switch
        {
            Opcode.MinusOne => stack.Push([0x81]),
            >= Opcode.One => stack.Push([(byte)((int)step.Opcode - (int)Opcode.One + 1)]),
            _ => stack.Push(step.Data),
        };
    }

    private RuleCode One(ScriptStep step)
    {
        bool runs = !branches.Contains(false);
        if (step.Data.Length > ScriptStack.ElementBytesMax)
        {
            return RuleCode.ScriptLimit;
        }

        if (step.IsPush)
        {
            return runs ? Push(step, stack) : RuleCode.Accepted;
        }

        if (!Enum.IsDefined(step.Opcode))
        {
            return RuleCode.ScriptUnknownOpcode;
        }

        if (++operations > ScriptInterpreter.OperationsMax)
        {
            return RuleCode.ScriptLimit;
        }

        return step.Opcode is Opcode.If or Opcode.NotIf or Opcode.Else or Opcode.EndIf
            ? Branch(step.Opcode, runs)
            : runs ? Operate(step.Opcode) : RuleCode.Accepted;
    }

    private RuleCode Branch(Opcode opcode, bool runs)
    {
        if (opcode is Opcode.Else or Opcode.EndIf)
        {
            if (branches.Count == 0)
            {
                return RuleCode.ScriptUnbalancedIf;
            }

            bool taken = branches.Pop();
            if (opcode == Opcode.Else)
            {
                branches.Push(!taken);
            }

            return RuleCode.Accepted;
        }

        if (!runs)
        {
            branches.Push(false);
            return RuleCode.Accepted;
        }

        if (stack.Count == 0)
        {
            return RuleCode.ScriptUnbalancedIf;
        }

        byte[] selector = stack.Pop();
        if (selector is not ([] or [1]))
        {
            return RuleCode.ScriptSelectorNotMinimal;
        }

        branches.Push(selector is [1] == (opcode == Opcode.If));
        return RuleCode.Accepted;
    }

    private RuleCode Operate(Opcode opcode)
    {
        int needs = opcode switch
        {
            Opcode.Nop or Opcode.CheckJob or Opcode.CheckVerdict => 0,
            Opcode.Equal or Opcode.EqualVerify or Opcode.CheckSig or Opcode.CheckSigVerify => 2,
            _ => 1,
        };
        if (stack.Count < needs)
        {
            return RuleCode.ScriptStackEmpty;
        }

        switch (opcode)
        {
            case Opcode.Nop:
                return RuleCode.Accepted;
            case Opcode.Verify:
                return Truth(ScriptStack.IsTrue(stack.Pop()));
            case Opcode.Drop:
                stack.Pop();
                return RuleCode.Accepted;
            case Opcode.Dup:
                return stack.Push(stack.Top);
            case Opcode.Size:
                return stack.Push(ScriptNumber.Encode(stack.Top.Length));
            case Opcode.Equal:
                return stack.Push(Same());
            case Opcode.EqualVerify:
                return Truth(Same());
            case Opcode.Sha256:
                return stack.Push(Hashes.Sha256(stack.Pop()).ToBytes());
            case Opcode.Hash160:
                return stack.Push(Hashes.Hash160(stack.Pop()).ToBytes());
            case Opcode.CheckSig:
            case Opcode.CheckSigVerify:
                RuleCode code = Signature(out bool holds);
                return code != RuleCode.Accepted ? code
                    : opcode == Opcode.CheckSig ? stack.Push(holds) : Truth(holds);
            case Opcode.CheckLockTimeVerify:
                return LockTime();
            case Opcode.CheckSequenceVerify:
                return Sequence();
            case Opcode.CheckVerdict:
                return Verdict();
            case Opcode.CheckJob:
                RuleCode job = CheckJob.Check(context);
                RanCheckJob |= job == RuleCode.Accepted;
                return job;
            default:
                return RuleCode.ScriptUnknownOpcode;
        }
    }

    private static RuleCode Truth(bool value) => value ? RuleCode.Accepted : RuleCode.ScriptVerifyFailed;

    private bool Same()
    {
        byte[] top = stack.Pop();
        return stack.Pop().AsSpan().SequenceEqual(top);
    }

    /// <summary>
    /// Rule C-07: strict DER, low S, known type, compressed key on the curve; failing only when empty.
    /// </summary>
    private RuleCode Signature(out bool holds)
    {
        holds = false;
        byte[] keyBytes = stack.Pop();
        byte[] signature = stack.Pop();
        if (!PublicKey.TryFromBytes(keyBytes, out PublicKey key) || !context.Block.Curve.IsPublicKey(keyBytes))
        {
            return RuleCode.ScriptPublicKey;
        }

        if (signature.Length == 0)
        {
            return RuleCode.Accepted;
        }

        SignatureHashType type = (SignatureHashType)signature[^1];
        if (!SignatureHash.IsKnown(type))
        {
            return RuleCode.ScriptHashType;
        }

        if (SignatureHash.IsSingleOutOfRange(context.Transaction, context.InputIndex, type))
        {
            return RuleCode.ScriptSingleOutOfRange;
        }

        Hash256 digest = SignatureHash.Compute(
            context.Transaction, context.InputIndex, script, type, context.BitcoinCompat);
        holds = context.Block.Curve.Verify(key, digest, signature.AsSpan(0, signature.Length - 1));
        Signatures++;
        AllSignEverything &= type == SignatureHashType.All;
        return holds ? RuleCode.Accepted : RuleCode.ScriptSignature;
    }

    /// <summary>Rule C-09: CHECKLOCKTIMEVERIFY (BIP65).</summary>
    private RuleCode LockTime()
    {
        if (!ScriptNumber.TryDecode(stack.Top, ScriptNumber.LockTimeBytesMax, out long wanted))
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
    private RuleCode Sequence()
    {
        if (!ScriptNumber.TryDecode(stack.Top, ScriptNumber.LockTimeBytesMax, out long wanted))
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
        bool enabled = context.Transaction.Version >= 2 && (sequence & SequenceDisabled) == 0;
        bool holds = enabled && sameKind && masked <= has;
        return holds ? RuleCode.Accepted : RuleCode.ScriptSequence;
    }

    /// <summary>Rule E-10: CHECKVERDICT.</summary>
    private RuleCode Verdict()
    {
        OutPoint stake = context.Transaction.Inputs[context.InputIndex].Previous;
        return context.Block.Verdicts.Permits(context.Transaction, stake, context.Spent.Output)
            ? RuleCode.Accepted
            : RuleCode.NoVerdict;
    }
}
