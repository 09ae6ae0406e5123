using Camelid.Contracts.JobPool.V1;

namespace Camelid.JobPool.Tokens;

/// <summary>
/// The tokens of one running job, in memory, for any number of watchers. Each watcher reads at its own pace by index:
/// a slow one holds nothing up and costs nothing.
/// </summary>
internal sealed class TokenBoard
{
    private readonly Lock gate = new();
    private readonly List<Token> tokens = [];
    private readonly TaskCompletionSource cancelled = New();
    private TaskCompletionSource changed = New();
    private long touchedMs;
    private bool isStreaming;
    private int watchers;

    public TokenBoard(long nowMs) => touchedMs = nowMs;

    /// <summary>Ends when the client gives the job up.</summary>
    public Task Cancelled => cancelled.Task;

    /// <summary>Adds tokens that follow those already here; others were seen before (the engine is deterministic).</summary>
    public void Add(IEnumerable<Token> reported, long nowMs)
    {
        lock (gate)
        {
            touchedMs = nowMs;
            foreach (Token token in reported)
            {
                if (token.Index == tokens.Count)
                {
                    tokens.Add(token);
                }
            }
        }

        Signal();
    }

    /// <summary>Wakes every watcher.</summary>
    public void Signal()
    {
        TaskCompletionSource old;
        lock (gate)
        {
            old = changed;
            changed = New();
        }

        old.TrySetResult();
    }

    /// <summary>Tells the worker's stream that the client gave up.</summary>
    public void Cancel() => cancelled.TrySetResult();

    /// <summary>Tokens from an index on, and a task that ends at the next change.</summary>
    public (IReadOnlyList<Token> Tokens, Task Changed) Read(int fromIndex)
    {
        lock (gate)
        {
            return (fromIndex < tokens.Count ? tokens[fromIndex..] : [], changed.Task);
        }
    }

    /// <summary>True for the one stream that may report; a second one of the same pod runs the job in vain.</summary>
    public bool TryBeginStream()
    {
        lock (gate)
        {
            bool free = !isStreaming;
            isStreaming = true;
            return free;
        }
    }

    /// <summary>The stream ended; another attempt may report.</summary>
    public void EndStream()
    {
        lock (gate)
        {
            isStreaming = false;
        }
    }

    public void AddWatcher(int count, long nowMs)
    {
        lock (gate)
        {
            watchers += count;
            touchedMs = nowMs;
        }
    }

    /// <summary>True where nobody streams or watches, and nothing happened for a while.</summary>
    public bool IsIdleSince(long ms)
    {
        lock (gate)
        {
            return watchers == 0 && !isStreaming && touchedMs < ms;
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
