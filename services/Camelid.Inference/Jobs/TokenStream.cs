using System.Threading.Channels;
using Camelid.Contracts.JobPool.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Inference.Jobs;

/// <summary>
/// One job's reports to JobPool. The first, empty one takes the lease; each later one extends it, and an empty one
/// goes out where the engine is silent for five seconds.
/// </summary>
/// <remarks>
/// Tokens that wait are sent together: one by one while JobPool keeps pace, in batches where it does not. Where the
/// connection breaks, a new stream repeats all tokens from the first one: JobPool may have lost them with its memory.
/// </remarks>
internal sealed class TokenStream(
    JobPoolRpc.JobPoolRpcClient jobPool, ComputeJob job, string worker, TimeProvider time)
{
    /// <summary>Most tokens in one report.</summary>
    public const int BatchTokensMax = 64;

    /// <summary>Streams tried for one job.</summary>
    public const int StreamsMax = 5;

    /// <summary>A third of JobPool's lease of 15 s.</summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ByteString jobId = ByteString.CopyFrom(Convert.FromHexString(job.JobId));
    private readonly List<Token> tokens = [];
    private readonly Lock adding = new();
    private readonly Channel<bool> news = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Adds a token; it leaves at once.</summary>
    public void Add(Token token)
    {
        lock (adding)
        {
            tokens.Add(token);
        }

        news.Writer.TryWrite(true);
    }

    /// <summary>No further token comes.</summary>
    public void Complete() => news.Writer.TryComplete();

    /// <summary>Reports until <see cref="Complete"/> was called and all is sent, or JobPool refuses.</summary>
    /// <exception cref="RpcException">JobPool could not be reached, several times.</exception>
    public async Task<LeaseEnd> RunAsync(CancellationToken cancellationToken)
    {
        for (int stream = 1; ; stream++)
        {
            try
            {
                await SendAsync(cancellationToken);
                return LeaseEnd.Held;
            }
            catch (RpcException refusal) when (!cancellationToken.IsCancellationRequested)
            {
                LeaseEnd end = EndOf(refusal.StatusCode);
                if (end != LeaseEnd.Unset)
                {
                    return end;
                }

                if (stream == StreamsMax)
                {
                    throw;
                }
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    /// <summary>
    /// What a status of JobPool means; Unset where the connection failed and another stream may succeed.
    /// </summary>
    public static LeaseEnd EndOf(StatusCode status) => status switch
    {
        StatusCode.AlreadyExists => LeaseEnd.Taken,
        StatusCode.Aborted or StatusCode.NotFound => LeaseEnd.Stale,
        StatusCode.Cancelled => LeaseEnd.ClientCancelled,
        StatusCode.OK => LeaseEnd.Held,
        _ => LeaseEnd.Unset,
    };

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        using AsyncClientStreamingCall<TokenReport, StreamTokensReply> call =
            jobPool.StreamTokens(cancellationToken: cancellationToken);
        Task<StreamTokensReply> reply = call.ResponseAsync;
        int sent = 0;
        sent += await WriteAsync(call, sent, cancellationToken);
        for (bool open = true; open && !reply.IsCompleted;)
        {
            open = await WaitAsync(reply, cancellationToken);
            do
            {
                sent += await WriteAsync(call, sent, cancellationToken);
            }
            while (sent < Count());
        }

        if (!reply.IsCompleted)
        {
            await UnlessEndedAsync(call, call.RequestStream.CompleteAsync(), cancellationToken);
        }

        await reply;
    }

    /// <summary>
    /// Where JobPool ended the call during a write, the write only knows that it failed, some times as "cancelled":
    /// JobPool's own word is in the reply, and that one counts.
    /// </summary>
    private static async Task UnlessEndedAsync(
        AsyncClientStreamingCall<TokenReport, StreamTokensReply> call, Task write, CancellationToken cancellationToken)
    {
        try
        {
            await write;
        }
        catch (Exception failure) when (failure is RpcException or InvalidOperationException
            && !cancellationToken.IsCancellationRequested)
        {
            await call.ResponseAsync;
            throw;
        }
    }

    /// <summary>Waits for a token, for the end, for five seconds, or for JobPool's word. False at the end.</summary>
    private async Task<bool> WaitAsync(Task reply, CancellationToken cancellationToken)
    {
        using CancellationTokenSource silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<bool> next = news.Reader.WaitToReadAsync(silence.Token).AsTask();
        Task first = await Task.WhenAny(next, reply, Task.Delay(SilenceMax, time, silence.Token));
        if (first == next)
        {
            bool open = await next;
            news.Reader.TryRead(out _);
            await silence.CancelAsync();
            return open;
        }

        await silence.CancelAsync();
        await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return true;
    }

    private async Task<int> WriteAsync(
        AsyncClientStreamingCall<TokenReport, StreamTokensReply> call, int sent, CancellationToken cancellationToken)
    {
        TokenReport report = new() { JobId = jobId, Attempt = job.Attempt, Worker = worker };
        lock (adding)
        {
            report.Tokens.AddRange(tokens.Skip(sent).Take(BatchTokensMax));
        }

        await UnlessEndedAsync(call, call.RequestStream.WriteAsync(report, cancellationToken), cancellationToken);
        return report.Tokens.Count;
    }

    private int Count()
    {
        lock (adding)
        {
            return tokens.Count;
        }
    }
}
