using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Scripts;

/// <summary>Runs the scripts of a block, one after the other or on many cores. Given in, like a store.</summary>
/// <remarks>
/// Rule C-21: what a batch says does not depend on how its scripts were scheduled; it is the first refusal in the order
/// in which they were added, or acceptance where each of them ran and was accepted.
/// </remarks>
public interface IScriptRunner
{
    /// <summary>Begins a batch, the scripts of one block.</summary>
    IScriptBatch Start();
}

/// <summary>The scripts of one block. Disposing it gives up what has not run yet.</summary>
public interface IScriptBatch : IDisposable
{
    /// <summary>Adds an input to be judged by <see cref="TransactionRules.CheckScript"/>; may begin at once.</summary>
    void Add(ScriptContext input);

    /// <summary>Ends the batch once all of it has run: accepted, or the first refusal in order.</summary>
    RuleCode Finish();
}

/// <summary>Rule C-21 on one thread: what every other runner must agree with.</summary>
public sealed class SequentialScripts : IScriptRunner
{
    private SequentialScripts()
    {
    }

    /// <summary>The one of its kind.</summary>
    public static SequentialScripts Instance { get; } = new();

    /// <inheritdoc/>
    public IScriptBatch Start() => new Batch();

    /// <summary>Runs nothing before its end: the scripts of a block refused without them cost nothing.</summary>
    private sealed class Batch : IScriptBatch
    {
        private readonly List<ScriptContext> inputs = [];

        public void Add(ScriptContext input) => inputs.Add(input);

        public RuleCode Finish()
        {
            foreach (ScriptContext input in inputs)
            {
                RuleCode code = TransactionRules.CheckScript(input).Code;
                if (code != RuleCode.Accepted)
                {
                    return code;
                }
            }

            return RuleCode.Accepted;
        }

        public void Dispose() => inputs.Clear();
    }
}
