namespace Camelid.Protocol.Scripts;

/// <summary>
/// Rule C-08: runs the unlocking script, which only pushes, and then the locking script on its stack; exactly one
/// element, true, must be left.
/// </summary>
/// <remarks>
/// Every push and number has one form, selectors are empty or 0x01 (MINIMALIF), a failed signature is empty (NULLFAIL):
/// nobody but a signer can change a transaction's id.
/// </remarks>
public static class ScriptInterpreter
{
    /// <summary>Most operations other than pushes in one script.</summary>
    public const int OperationsMax = 201;

    /// <summary>Judges one input.</summary>
    public static ScriptOutcome Verify(Script unlocking, Script locking, ScriptContext context)
    {
        if (unlocking.Length > Script.BytesMax || locking.Length > Script.BytesMax)
        {
            return new ScriptOutcome(RuleCode.ScriptLimit, false);
        }

        ScriptStack stack = new();
        RuleCode code = PushAll(unlocking, stack);
        if (code != RuleCode.Accepted)
        {
            return new ScriptOutcome(code, false);
        }

        ScriptRun run = new(locking, stack, context);
        code = run.Run();
        return new ScriptOutcome(code == RuleCode.Accepted ? Judge(stack, run) : code, run.RanCheckJob);
    }

    /// <summary>Rule E-06: where CHECKJOB ran, at least one signature did, and each signs everything.</summary>
    private static RuleCode Judge(ScriptStack stack, ScriptRun run)
    {
        if (stack.Count == 0 || !ScriptStack.IsTrue(stack.Top))
        {
            return RuleCode.ScriptFalse;
        }

        if (stack.Count != 1)
        {
            return RuleCode.ScriptStackNotClean;
        }

        if (!run.RanCheckJob)
        {
            return RuleCode.Accepted;
        }

        if (run.Signatures == 0)
        {
            return RuleCode.JobUnsigned;
        }

        return run.AllSignEverything ? RuleCode.Accepted : RuleCode.JobHashType;
    }

    private static RuleCode PushAll(Script unlocking, ScriptStack stack)
    {
        ScriptReader reader = new(unlocking.Span);
        while (reader.TryRead(out ScriptStep step))
        {
            RuleCode code = step.IsPush ? ScriptRun.Push(step, stack) : RuleCode.ScriptNotPushOnly;
            if (code != RuleCode.Accepted)
            {
                return code;
            }
        }

        return reader.Failed ? RuleCode.ScriptTruncatedPush : RuleCode.Accepted;
    }
}
