using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Tokens;
using Camelid.Protocol.Jobs;

namespace Camelid.JobPool.Rpc;

/// <summary>
/// One watcher of one job: tokens from an index on, state changes, the answer. It reads at its own pace and its leaving
/// changes nothing. States that follow each other faster than it reads are shown as the last one.
/// </summary>
internal sealed class JobWatch(JobStore store, TokenBoards boards, TimeProvider time)
{
    /// <summary>The row is asked this often even where nothing was signalled: another process may have moved the job.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    public async Task WatchAsync(
        JobRow start, uint fromIndex, Func<JobEvent, Task> send, CancellationToken cancellationToken)
    {
        TokenBoard board = boards.Of(start.JobId);
        board.AddWatcher(1, Now);
        try
        {
            int next = checked((int)fromIndex);
            long version = -1;
            while (true)
            {
                // The change is waited for that comes after this look: none is missed between look and wait.
                Task changed = board.Read(int.MaxValue).Changed;
                JobRow row = await store.FindAsync(start.JobId, cancellationToken) ?? start;
                next = await SendTokensAsync(row, board, next, send);
                if (row.Version != version)
                {
                    version = row.Version;
                    await send(new JobEvent { State = JobMapping.Summary(row) });
                }

                if (row.IsAnswered == 1)
                {
                    IReadOnlyList<JobTransitionRow> transitions =
                        await store.ListTransitionsAsync(row.JobId, cancellationToken);
                    await send(new JobEvent { Answer = JobMapping.Answer(row, transitions) });
                    return;
                }

                next = await FollowAsync(board, next, send, changed, cancellationToken);
            }
        }
        finally
        {
            board.AddWatcher(-1, Now);
        }
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Sends live tokens until the row may have changed; while tokens flow the row is left alone.</summary>
    private async Task<int> FollowAsync(
        TokenBoard board, int next, Func<JobEvent, Task> send, Task changed, CancellationToken cancellationToken)
    {
        try
        {
            await changed.WaitAsync(LookInterval, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return next;
        }

        return await SendAsync(board.Read(next).Tokens, next, send);
    }

    /// <summary>From the board while it has them; from the row once the output is there.</summary>
    private static Task<int> SendTokensAsync(JobRow row, TokenBoard board, int next, Func<JobEvent, Task> send)
    {
        IReadOnlyList<Token> live = board.Read(next).Tokens;
        bool isMissing = row.Output is not null && next + live.Count < row.OutputTokenCount;
        return SendAsync(isMissing ? Stored(row, next) : live, next, send);
    }

    private static async Task<int> SendAsync(IReadOnlyList<Token> tokens, int next, Func<JobEvent, Task> send)
    {
        foreach (Token token in tokens)
        {
            await send(new JobEvent { Token = token });
        }

        return next + tokens.Count;
    }

    private static IReadOnlyList<Token> Stored(JobRow row, int next)
    {
        if (row.TokenReport is not null)
        {
            return [.. TokenReport.Parser.ParseFrom(row.TokenReport).Tokens.Skip(next)];
        }

        // The pieces of text were lost with a process that died: ids are shown, and the text with the last of them.
        JobOutput output = CommitSteps.OutputOf(row);
        return [.. output.Tokens.Select((id, index) => new Token
        {
            Index = (uint)index,
            TokenId = id,
            Fingerprint = output.Fingerprints[index],
            Text = next == 0 && index == output.Tokens.Length - 1 ? row.OutputText ?? "" : "",
        }).Skip(next)];
    }
}
