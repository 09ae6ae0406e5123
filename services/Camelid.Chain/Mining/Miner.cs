using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Camelid.Chain.Blocks;
using Camelid.Chain.Mining.Hashing;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Microsoft.Extensions.Options;

namespace Camelid.Chain.Mining;

/// <summary>
/// Rule M-36: the miner of the networks whose blocks cost work: threads that run rounds until they are stopped. Off
/// unless asked for, by <see cref="ChainOptions.MinerThreads"/> or at run time.
/// </summary>
internal sealed partial class Miner(
    MinerParts parts, BlockMaker maker, IOptions<ChainOptions> options, TimeProvider time, ILogger<Miner> logger)
    : IHostedService, IDisposable
{
    /// <summary>Most threads.</summary>
    public const int ThreadsMax = 256;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim one = new(1, 1);
    private MinerRun? current;

    /// <summary>False on a network whose blocks are made on demand.</summary>
    public bool IsAllowed => !maker.IsOnDemand;

    /// <summary>False where the node has no wallet: mined coin would have no owner.</summary>
    public bool HasPayee => parts.HasPayee;

    /// <summary>What is going on now.</summary>
    public MinerStatus Status() => MinerStatus.Of(Volatile.Read(ref current), parts.NextHeight());

    /// <summary>Starts mining; where it runs already, with this many threads from now on.</summary>
    /// <param name="threads">1 to <see cref="ThreadsMax"/>.</param>
    /// <param name="cancellationToken">Ends the wait for threads that are to end first.</param>
    /// <exception cref="InvalidOperationException">Blocks are made on demand here.</exception>
    public async Task StartAsync(int threads, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, ThreadsMax);
        if (!IsAllowed)
        {
            throw new InvalidOperationException("blocks are made on demand on this network");
        }

        await one.WaitAsync(cancellationToken);
        try
        {
            await EndAsync();
            MinerRun run = new(threads, parts.Path.Name, time);
            run.Begin(number => Mine(run, parts.NewWalk(), number));
            Volatile.Write(ref current, run);
            LogStarted(threads, run.Path);
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>Stops mining; returns once every thread has ended, a batch later at most.</summary>
    public async Task StopMiningAsync(CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            await EndAsync();
        }
        finally
        {
            one.Release();
        }
    }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        int threads = options.Value.MinerThreads;
        if (threads is < 0 or > ThreadsMax)
        {
            throw new OptionsValidationException(ChainOptions.Section, typeof(ChainOptions),
                [$"Chain:MinerThreads is {threads}, not 0 to {ThreadsMax}"]);
        }

        if (threads > 0 && IsAllowed && !HasPayee)
        {
            LogNoPayee(threads);
        }
        else if (threads > 0 && IsAllowed)
        {
            await StartAsync(threads, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => StopMiningAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => one.Dispose();

    private async Task EndAsync()
    {
        if (current is { } run)
        {
            Volatile.Write(ref current, null);
            await run.DisposeAsync();
            LogStopped(run.Meter.Total, run.BlocksFound);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A miner outlives a disk or a database that is away.")]
    private void Mine(MinerRun run, MiningWalk walk, int number)
    {
        while (!run.Stopping.IsCancellationRequested)
        {
            try
            {
                MiningResult result = parts.Round.Run(walk);
                run.Count(result);
                Tell(result, number);
                if (result.Outcome is MiningOutcome.TooEarly or MiningOutcome.Refused)
                {
                    run.Wait(Pause);
                }
            }
            catch (UnreachableException exception)
            {
                LogBroken(exception);
                parts.Lifetime.StopApplication();
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                LogFailed(exception.Message);
                run.Wait(Pause);
            }
        }
    }

    private void Tell(MiningResult result, int number)
    {
        switch (result.Outcome)
        {
            case MiningOutcome.Accepted:
                LogFound(result.Block!.Hash, number);
                break;
            case MiningOutcome.Stale:
                LogStale(result.Block!.Hash);
                break;
            case MiningOutcome.Refused:
                LogRefused(result.Block!.Hash, result.Code.ToReason());
                break;
            default:
                break;
        }
    }

    [LoggerMessage(1082, LogLevel.Information, "Mining with {Threads} threads by {Path}")]
    private partial void LogStarted(int threads, string path);

    [LoggerMessage(1083, LogLevel.Information, "Mining stopped after {Hashes} nonces and {Blocks} blocks")]
    private partial void LogStopped(long hashes, long blocks);

    [LoggerMessage(1084, LogLevel.Information, "Block {Hash} mined by thread {Thread}")]
    private partial void LogFound(BlockHash hash, int thread);

    [LoggerMessage(1085, LogLevel.Information, "Block {Hash} mined too late: another one was first")]
    private partial void LogStale(BlockHash hash);

    [LoggerMessage(1086, LogLevel.Error,
        "Our own block {Hash} is refused: {Reason}. Empty blocks are mined until the tip changes")]
    private partial void LogRefused(BlockHash hash, string reason);

    [LoggerMessage(1087, LogLevel.Warning, "A round of mining failed and will be repeated: {Reason}")]
    private partial void LogFailed(string reason);

    [LoggerMessage(1089, LogLevel.Warning,
        "Nothing is mined, though Chain:MinerThreads is {Threads}: this node has no wallet that could own the coin. "
        + "Make one (wallet create) or restore yours (wallet restore), then: chain mining start")]
    private partial void LogNoPayee(int threads);

    [LoggerMessage(1088, LogLevel.Critical, "The miner met a state that cannot be; the node stops")]
    private partial void LogBroken(Exception exception);
}

/// <summary>What the miner's threads share.</summary>
internal sealed class MinerParts(
    ChainState state, BlockIntake intake, IBlockTemplateSource source, Lazy<CheckedPaths> paths, TimeProvider time,
    IHostApplicationLifetime lifetime)
{
    /// <summary>The round that every thread repeats.</summary>
    public MiningRound Round { get; } = new(source, block => Submit(state, intake, block), state.Network, time);

    /// <summary>How headers are hashed.</summary>
    public NoncePath Path => paths.Value.Best;

    /// <summary>Stops the node where it can't go on.</summary>
    public IHostApplicationLifetime Lifetime => lifetime;

    /// <summary>True where there is somebody whom a block can pay.</summary>
    public bool HasPayee => state.Keys.Exists;

    /// <summary>A walk for one thread.</summary>
    public MiningWalk NewWalk()
    {
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(random);
        return new MiningWalk(Path.Create(), BitConverter.ToUInt64(random));
    }

    /// <summary>The height that is mined now.</summary>
    public int NextHeight() => state.Read(reading => reading.Tip.Height) + 1;

    /// <summary>A thread that mines has nothing else to do: it waits for the index like any other caller.</summary>
    private static (RuleCode Code, bool IsTip) Submit(ChainState state, BlockIntake intake, Block block)
    {
        RuleCode code = intake.SubmitAsync(block, CancellationToken.None).GetAwaiter().GetResult();
        return (code, state.Read(reading => reading.Tip.Hash) == block.Hash);
    }
}
