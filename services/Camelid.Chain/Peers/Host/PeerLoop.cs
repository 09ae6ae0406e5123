using System.Threading.Channels;

namespace Camelid.Chain.Peers.Host;

/// <summary>
/// The one thread of control of an engine: inputs run here one after the other, in the order in which they came. Each
/// connection has one input under way at a time, so what waits here is bounded by the connections.
/// </summary>
internal sealed partial class PeerLoop(PeerEngine engine, TimeProvider time, ILogger<PeerLoop> logger) : IDisposable
{
    /// <summary>Between two ticks.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>How long nothing is done after the disk refused a write: the block will be asked for again.</summary>
    private static readonly TimeSpan DiskPause = TimeSpan.FromSeconds(5);

    private readonly Channel<Action> inputs = Channel.CreateUnbounded<Action>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource stopped = new();
    private int ticksWaiting;

    /// <summary>Cancelled once no input is taken any more.</summary>
    public CancellationToken Stopped => stopped.Token;

    /// <summary>Adds an input; nothing once the loop has stopped.</summary>
    public void Post(Action<PeerEngine> input) => inputs.Writer.TryWrite(() => input(engine));

    /// <summary>Adds an input and waits for what comes of it.</summary>
    /// <exception cref="OperationCanceledException">The loop has stopped.</exception>
    public Task<T> AskAsync<T>(Func<PeerEngine, T> input)
    {
        TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool taken = inputs.Writer.TryWrite(() =>
        {
            try
            {
                answer.SetResult(input(engine));
            }
            catch (IOException exception)
            {
                answer.SetException(exception);
                throw;
            }
        });
        return taken ? answer.Task.WaitAsync(stopped.Token) : Task.FromCanceled<T>(new CancellationToken(true));
    }

    /// <summary>Runs inputs until <see cref="Stop"/>, then the last one.</summary>
    public async Task RunAsync()
    {
        using ITimer timer = time.CreateTimer(_ => PostTick(), null, TickInterval, TickInterval);
        await foreach (Action input in inputs.Reader.ReadAllAsync())
        {
            try
            {
                input();
            }
            catch (IOException exception)
            {
                // The disk, not a peer: nothing was taken in that is not stored.
                LogDisk(exception.Message);
                await Task.Delay(DiskPause, time, CancellationToken.None);
            }
        }

        await stopped.CancelAsync();
    }

    /// <summary>Takes no more inputs; <see cref="RunAsync"/> ends after those that wait.</summary>
    public void Stop() => inputs.Writer.TryComplete();

    /// <inheritdoc/>
    public void Dispose() => stopped.Dispose();

    /// <summary>A tick that waits behind a long input is one tick, not many.</summary>
    private void PostTick()
    {
        if (Interlocked.CompareExchange(ref ticksWaiting, 1, 0) == 0)
        {
            Post(target =>
            {
                Volatile.Write(ref ticksWaiting, 0);
                target.Tick();
            });
        }
    }

    [LoggerMessage(1150, LogLevel.Error, "The chain cannot be written, peers wait: {Reason}")]
    private partial void LogDisk(string reason);
}
