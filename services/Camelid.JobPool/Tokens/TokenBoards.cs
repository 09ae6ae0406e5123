using System.Collections.Concurrent;
using Camelid.Contracts.JobPool.V1;

namespace Camelid.JobPool.Tokens;

/// <summary>The boards of running jobs. What is lost with them is in the row once the job is committed.</summary>
internal sealed class TokenBoards(TimeProvider time)
{
    /// <summary>Boards kept at most; idle ones leave first.</summary>
    public const int BoardsMax = 4096;

    private const long IdleMs = 60_000;

    private readonly ConcurrentDictionary<string, TokenBoard> boards = new(StringComparer.Ordinal);

    /// <summary>The job's board.</summary>
    public TokenBoard Of(string jobId)
    {
        if (boards.Count >= BoardsMax)
        {
            Sweep(0);
        }

        return boards.GetOrAdd(jobId, _ => new TokenBoard(Now));
    }

    /// <summary>Wakes the job's watchers, if there are any.</summary>
    public void Signal(string jobId)
    {
        if (boards.TryGetValue(jobId, out TokenBoard? board))
        {
            board.Signal();
        }
    }

    /// <summary>Every token of the job as one report, or null where not all of them were seen here.</summary>
    public TokenReport? Complete(string jobId, int count)
    {
        if (!boards.TryGetValue(jobId, out TokenBoard? board) || board.Read(0).Tokens is not { } tokens
            || tokens.Count < count)
        {
            return null;
        }

        return new TokenReport { Tokens = { tokens.Take(count) } };
    }

    /// <summary>Forgets boards that nobody used for a minute.</summary>
    public void Sweep() => Sweep(IdleMs);

    private void Sweep(long idleMs)
    {
        long before = Now - idleMs;
        foreach ((string jobId, TokenBoard board) in boards)
        {
            if (board.IsIdleSince(before))
            {
                boards.TryRemove(jobId, out _);
            }
        }
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();
}
