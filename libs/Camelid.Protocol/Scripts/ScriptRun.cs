namespace Camelid.Protocol.Scripts;

/// <summary>One run of one script, on a stack that it may share with the script before.</summary>
internal sealed class ScriptRun(
    Script script, ScriptStack stack, ScriptContext context, ScriptFlags flags, SignatureChecker signatures)
{
    private readonly bool minimal = (flags & ScriptFlags.Minimal) != 0;
    private ScriptStack? alt;
    private ConditionStack branches;
    private int operations;
    private int signedFrom;

    /// <summary>True where CHECKJOB ran and held.</summary>
    public bool RanCheckJob { get; private set; }

    /// <summary>Rule C-08: runs to the end; the first refusal ends it.</summary>
    public RuleCode Run()
    {
        if (script.Length > Script.BytesMax)
        {
            return RuleCode.ScriptLimit;
        }

        ScriptReader reader = new(script.Span);
        while (reader.TryRead(out ScriptStep step))
        {
            RuleCode code = One(step);
            if (code != RuleCode.Accepted)
            {
                return code;
            }

            if (stack.Count + (alt?.Count ?? 0) > ScriptStack.ElementsMax)
            {
                return RuleCode.ScriptLimit;
            }
        }

        return reader.Failed ? RuleCode.ScriptTruncatedPush
            : branches.IsEmpty ? RuleCode.Accepted
            : RuleCode.ScriptUnbalancedIf;
    }

    private RuleCode One(ScriptStep step)
    {
        if (step.Data.Length > ScriptStack.ElementBytesMax)
        {
            return RuleCode.ScriptLimit;
        }

        if (step.IsPush)
        {
            return branches.Runs ? Push(step) : RuleCode.Accepted;
        }

        if (step.Opcode > Opcode.Sixteen && ++operations > ScriptInterpreter.OperationsMax)
        {
            return RuleCode.ScriptLimit;
        }

        if (IsDisabled(step.Opcode))
        {
            return RuleCode.ScriptDisabledOpcode;
        }

        if (step.Opcode == Opcode.CodeSeparator && (flags & ScriptFlags.WholeScript) != 0)
        {
            return RuleCode.ScriptCodeSeparator;
        }

        if (step.Opcode is >= Opcode.If and <= Opcode.EndIf)
        {
            return Branch(step.Opcode);
        }

        return branches.Runs ? Operate(step) : RuleCode.Accepted;
    }

    /// <summary>Operations that are refused even where they do not run (CVE-2010-5137 and its kin).</summary>
    private static bool IsDisabled(Opcode opcode) => opcode is
        (>= Opcode.Concatenate and <= Opcode.Right) or (>= Opcode.Invert and <= Opcode.Xor)
        or Opcode.Double or Opcode.Halve or (>= Opcode.Multiply and <= Opcode.ShiftRight);

    private RuleCode Push(ScriptStep step)
    {
        if (minimal && !step.IsMinimalPush)
        {
            return RuleCode.ScriptNotMinimal;
        }

        switch (step.Opcode)
        {
            case Opcode.MinusOne:
                stack.PushNumber(-1);
                break;
            case >= Opcode.One:
                stack.PushNumber(step.Opcode - Opcode.One + 1);
                break;
            default:
                stack.Push(script.Memory.Slice(step.End - step.Data.Length, step.Data.Length));
                break;
        }

        return RuleCode.Accepted;
    }

    private RuleCode Branch(Opcode opcode)
    {
        switch (opcode)
        {
            case Opcode.If or Opcode.NotIf:
                return Open(opcode);
            case Opcode.Else or Opcode.EndIf when branches.IsEmpty:
                return RuleCode.ScriptUnbalancedIf;
            case Opcode.Else:
                branches.Toggle();
                return RuleCode.Accepted;
            case Opcode.EndIf:
                branches.Pop();
                return RuleCode.Accepted;
            default:
                return RuleCode.ScriptUnknownOpcode;
        }
    }

    private RuleCode Open(Opcode opcode)
    {
        if (!branches.Runs)
        {
            branches.Push(false);
            return RuleCode.Accepted;
        }

        if (stack.Count == 0)
        {
            return RuleCode.ScriptStackEmpty;
        }

        ReadOnlySpan<byte> selector = stack.Pop().Span;
        if ((flags & ScriptFlags.MinimalIf) != 0 && selector is not ([] or [1]))
        {
            return RuleCode.ScriptSelectorNotMinimal;
        }

        branches.Push(ScriptStack.IsTrue(selector) == (opcode == Opcode.If));
        return RuleCode.Accepted;
    }

    private RuleCode Operate(ScriptStep step)
    {
        Opcode opcode = step.Opcode;
        int needs = StackOperations.Needs(opcode);
        if (needs >= 0)
        {
            return stack.Count < needs ? RuleCode.ScriptStackEmpty : StackOperations.Run(opcode, stack, minimal);
        }

        needs = ArithmeticOperations.Needs(opcode);
        if (needs >= 0)
        {
            return stack.Count < needs ? RuleCode.ScriptStackEmpty : ArithmeticOperations.Run(opcode, stack, minimal);
        }

        switch (opcode)
        {
            case Opcode.Nop:
                return RuleCode.Accepted;
            case Opcode.Return:
                return RuleCode.ScriptReturn;
            case Opcode.ToAltStack or Opcode.FromAltStack:
                return Carry(opcode);
            case Opcode.CodeSeparator:
                signedFrom = step.End;
                return RuleCode.Accepted;
            case >= Opcode.CheckSig and <= Opcode.CheckMultiSigVerify:
                return CheckSignatures(opcode);
            case >= Opcode.Nop1 and <= Opcode.CheckJob:
                return AskContext(opcode);
            default:
                return RuleCode.ScriptUnknownOpcode;
        }
    }

    private RuleCode Carry(Opcode opcode)
    {
        alt ??= new ScriptStack();
        ScriptStack from = opcode == Opcode.ToAltStack ? stack : alt;
        if (from.Count == 0)
        {
            return opcode == Opcode.ToAltStack ? RuleCode.ScriptStackEmpty : RuleCode.ScriptAltStackEmpty;
        }

        (opcode == Opcode.ToAltStack ? alt : stack).Push(from.Pop());
        return RuleCode.Accepted;
    }

    private RuleCode CheckSignatures(Opcode opcode)
    {
        ReadOnlyMemory<byte> signed = script.Memory[signedFrom..];
        RuleCode code;
        bool holds;
        if (opcode is Opcode.CheckMultiSig or Opcode.CheckMultiSigVerify)
        {
            code = signatures.Many(stack, signed, ref operations, out holds);
        }
        else if (stack.Count < 2)
        {
            return RuleCode.ScriptStackEmpty;
        }
        else
        {
            code = signatures.One(stack, signed, out holds);
        }

        if (code != RuleCode.Accepted)
        {
            return code;
        }

        if (opcode is Opcode.CheckSigVerify or Opcode.CheckMultiSigVerify)
        {
            return holds ? RuleCode.Accepted : RuleCode.ScriptVerifyFailed;
        }

        stack.Push(holds);
        return RuleCode.Accepted;
    }

    /// <summary>What was a NOP in the beginning. CHECKJOB and CHECKVERDICT leave the stack as it is.</summary>
    private RuleCode AskContext(Opcode opcode)
    {
        ScriptFlags meaning = opcode switch
        {
            Opcode.CheckLockTimeVerify => ScriptFlags.LockTime,
            Opcode.CheckSequenceVerify => ScriptFlags.SequenceLock,
            Opcode.CheckVerdict or Opcode.CheckJob => ScriptFlags.JobOperations,
            _ => ScriptFlags.None,
        };
        if ((flags & meaning) == 0)
        {
            bool isUnused = opcode is not (Opcode.CheckLockTimeVerify or Opcode.CheckSequenceVerify);
            return isUnused && (flags & ScriptFlags.NoUnusedNops) != 0
                ? RuleCode.ScriptUnknownOpcode
                : RuleCode.Accepted;
        }

        switch (opcode)
        {
            case Opcode.CheckVerdict:
                return Verdict();
            case Opcode.CheckJob:
                RuleCode job = CheckJob.Check(context);
                RanCheckJob |= job == RuleCode.Accepted;
                return job;
            case var _ when stack.Count == 0:
                return RuleCode.ScriptStackEmpty;
            case Opcode.CheckLockTimeVerify:
                return LockOperations.LockTime(stack.Top, context, minimal);
            default:
                return LockOperations.Sequence(stack.Top, context, minimal);
        }
    }

    /// <summary>Rule E-10: CHECKVERDICT.</summary>
    private RuleCode Verdict()
    {
        Transactions.OutPoint stake = context.Transaction.Inputs[context.InputIndex].Previous;
        return context.Block.Verdicts.Permits(context.Transaction, stake, context.Spent.Output)
            ? RuleCode.Accepted
            : RuleCode.NoVerdict;
    }
}
