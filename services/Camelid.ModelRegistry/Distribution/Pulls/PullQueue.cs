using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Camelid.ModelRegistry.Storage;
using Camelid.Protocol;

namespace Camelid.ModelRegistry.Distribution.Pulls;

/// <summary>Downloads: at most four at once, sixteen wait. A restart goes on with those that were not over.</summary>
internal sealed partial class PullQueue(
    PullWork work, ModelsDatabase database, TimeProvider time, IHostApplicationLifetime lifetime,
    ILogger<PullQueue> logger) : BackgroundService
{
    /// <summary>Downloads at once.</summary>
    public const int RunningMax = 4;

    /// <summary>Downloads that wait.</summary>
    public const int WaitingMax = 16;

    /// <summary>Ended ones that are remembered.</summary>
    public const int EndedMax = 64;

    private readonly ConcurrentDictionary<Hash256, ModelPull> pulls = [];
    private readonly SemaphoreSlim slots = new(RunningMax, RunningMax);
    private readonly Lock starting = new();

    /// <summary>All of them, the oldest first.</summary>
    public IReadOnlyList<ModelPull> All => [.. pulls.Values.OrderBy(pull => pull.Row.Requested)];

    /// <summary>The download of a model, or null.</summary>
    public ModelPull? Find(Hash256 root) => pulls.GetValueOrDefault(root);

    /// <summary>Begins a download, or finds the one that runs.</summary>
    /// <exception cref="PullException">Too many wait already.</exception>
    public ModelPull Start(Hash256 root)
    {
        lock (starting)
        {
            if (pulls.TryGetValue(root, out ModelPull? running) && !running.IsOver)
            {
                return running;
            }

            if (pulls.Values.Count(pull => !pull.IsOver) >= RunningMax + WaitingMax)
            {
                throw new PullException("pulls-full",
                    $"{RunningMax} models are being pulled and {WaitingMax} wait; try again when one is done");
            }

            foreach (ModelPull ended in All.Where(pull => pull.IsOver).SkipLast(EndedMax))
            {
                pulls.TryRemove(ended.Root, out _);
            }

            ModelPull pull = new(root, time.GetUtcNow().ToUnixTimeMilliseconds());
            pulls[root] = pull;
            pull.Running = Task.Run(() => RunAsync(pull), CancellationToken.None);
            return pull;
        }
    }

    /// <summary>Ends a download and forgets it.</summary>
    public async Task ForgetAsync(Hash256 root)
    {
        if (pulls.TryRemove(root, out ModelPull? pull))
        {
            pull.Cancel();
            await pull.Running;
            pull.Dispose();
        }
    }

    /// <summary>What runs ends with the service; its rows and files are there for the next start.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(pulls.Values.Select(pull => pull.Running)).WaitAsync(cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        slots.Dispose();
        base.Dispose();
    }

    /// <summary>Goes on with what an earlier run began, once all services of this process stand.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration =
            lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(stoppingToken);
        foreach (PullRow row in await database.ListPullsAsync(stoppingToken))
        {
            ModelPull pull = ModelPull.Of(row);
            if (pulls.TryAdd(pull.Root, pull) && !pull.IsOver)
            {
                LogResumed(pull.Root, row.State);
                pull.Running = Task.Run(() => RunAsync(pull), CancellationToken.None);
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The edge of a download: whatever it is, it is shown.")]
    private async Task RunAsync(ModelPull pull)
    {
        CancellationToken stopping = lifetime.ApplicationStopping;
        try
        {
            await database.SavePullAsync(pull.Row, stopping);
            using CancellationTokenSource waiting =
                CancellationTokenSource.CreateLinkedTokenSource(stopping, pull.Cancelled);
            await slots.WaitAsync(waiting.Token);
            try
            {
                await work.RunAsync(pull, stopping);
            }
            finally
            {
                slots.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The service stops, and a restart goes on; or the model was removed.
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            LogBroken(pull.Root, exception);
            pull.Change(row => row with { State = "failed", Reason = "internal", Message = exception.Message });
        }
    }

    [LoggerMessage(5025, LogLevel.Information, "The download of model {Root} goes on; it was {State}")]
    private partial void LogResumed(Hash256 root, string state);

    [LoggerMessage(5026, LogLevel.Error, "The download of model {Root} broke")]
    private partial void LogBroken(Hash256 root, Exception exception);
}
