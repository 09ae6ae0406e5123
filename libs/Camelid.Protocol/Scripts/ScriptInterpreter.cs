namespace Camelid.Protocol.Scripts;

/// <summary>
/// Rule C-08: Bitcoin's legacy script. Runs the unlocking script, which only pushes, and then the locking script on its
/// stack; exactly one element, true, must be left.
/// </summary>
/// <remarks>
/// Every push and number has one form, selectors are empty or 0x01 (MINIMALIF), a failed signature is empty (NULLFAIL),
/// so is what CHECKMULTISIG takes too many (NULLDUMMY): nobody but a signer can change a transaction's id. How we
/// differ from Bitcoin, and why: decision 0006.
/// </remarks>
public static class ScriptInterpreter
{
    /// <summary>Most operations other than pushes in one script; each key of a CHECKMULTISIG is one more.</summary>
    public const int OperationsMax = 201;

    /// <summary>Judges one input.</summary>
    public static ScriptOutcome Verify(Script unlocking, Script locking, ScriptContext context)
    {
        ScriptFlags flags = context.Compat?.Flags ?? ScriptFlags.Camelid;
        RuleCode code = (flags & ScriptFlags.PushOnly) != 0 ? CheckPushOnly(unlocking) : RuleCode.Accepted;
        ScriptStack stack = new();
        SignatureChecker signatures = new(context, flags);
        code = code == RuleCode.Accepted
            ? new ScriptRun(unlocking, stack, context, flags, signatures).Run()
            : code;
        ScriptStack? pushed = (flags & ScriptFlags.ScriptHash) != 0 ? stack.Copy() : null;
        ScriptRun run = new(locking, stack, context, flags, signatures);
        code = code == RuleCode.Accepted ? run.Run() : code;
        code = code == RuleCode.Accepted ? CheckTop(stack) : code;
        if (code == RuleCode.Accepted && pushed is not null && IsScriptHash(locking))
        {
            stack = pushed;
            code = RunHashed(unlocking, stack, context, signatures);
        }

        bool isClean = stack.Count == 1 || (flags & ScriptFlags.CleanStack) == 0;
        code = code == RuleCode.Accepted && !isClean ? RuleCode.ScriptStackNotClean : code;
        code = code == RuleCode.Accepted && run.RanCheckJob ? CheckJobSignatures(signatures) : code;
        return new ScriptOutcome(code, run.RanCheckJob);
    }

    private static RuleCode CheckTop(ScriptStack stack) =>
        stack.Count > 0 && ScriptStack.IsTrue(stack.Top) ? RuleCode.Accepted : RuleCode.ScriptFalse;

    /// <summary>Rule E-06: where CHECKJOB ran, at least one signature held, and each signs everything.</summary>
    private static RuleCode CheckJobSignatures(SignatureChecker signatures)
    {
        if (signatures.Held == 0)
        {
            return RuleCode.JobUnsigned;
        }

        return signatures.AllSignEverything ? RuleCode.Accepted : RuleCode.JobHashType;
    }

    private static RuleCode CheckPushOnly(Script unlocking)
    {
        ScriptReader reader = new(unlocking.Span);
        while (reader.TryRead(out ScriptStep step))
        {
            if (!step.IsPush)
            {
                return RuleCode.ScriptNotPushOnly;
            }
        }

        return reader.Failed ? RuleCode.ScriptTruncatedPush : RuleCode.Accepted;
    }

    /// <summary>HASH160 &lt;20 bytes&gt; EQUAL, which in Bitcoin pays to the hash of a script (BIP16).</summary>
    private static bool IsScriptHash(Script locking) =>
        locking.Span is [(byte)Opcode.Hash160, Hash160.Bytes, .., (byte)Opcode.Equal]
        && locking.Length == Hash160.Bytes + 3;

    /// <summary>For Bitcoin's vectors: runs the script that was pushed last and whose hash was right.</summary>
    private static RuleCode RunHashed(
        Script unlocking, ScriptStack stack, ScriptContext context, SignatureChecker signatures)
    {
        RuleCode code = CheckPushOnly(unlocking);
        if (code != RuleCode.Accepted)
        {
            return code;
        }

        Script hashed = new(stack.Pop().Span);
        ScriptFlags flags = context.Compat?.Flags ?? ScriptFlags.Camelid;
        code = new ScriptRun(hashed, stack, context, flags, signatures).Run();
        return code == RuleCode.Accepted ? CheckTop(stack) : code;
    }
}
