using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Chain.Signing;
using Microsoft.Extensions.Options;

namespace Camelid.Chain.Mining;

/// <summary>
/// Regtest: the first blocks, the funding of the roles, then a block whenever one is wanted. Each round begins from
/// what the chain says, so a start after a crash goes on where the last one ended. Elsewhere it only hands stored
/// transactions in again; blocks are <see cref="Miner"/>'s.
/// </summary>
internal sealed partial class MinerLoop(
    MinerSteps steps, TransactionPool pool, Rebroadcast rebroadcast, TimeProvider time, ILogger<MinerLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RebroadcastInterval = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "The loop outlives a database that is away for a while.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long rebroadcastAt = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            Task joined = pool.Joined.Next;
            try
            {
                if (time.GetTimestamp() >= rebroadcastAt)
                {
                    await rebroadcast.RunAsync(stoppingToken);
                    rebroadcastAt = time.GetTimestamp()
                        + (long)(RebroadcastInterval.TotalSeconds * time.TimestampFrequency);
                }

                if (await steps.NextAsync(stoppingToken))
                {
                    await Task.Delay(steps.BlockPause, time, stoppingToken);
                    continue;
                }
            }
            catch (Exception exception) when (exception is not (OperationCanceledException or UnreachableException))
            {
                LogFailed(exception.Message);
                await Task.Delay(PollInterval, time, stoppingToken);
            }

            await Task.WhenAny(joined, Task.Delay(PollInterval, time, stoppingToken));
        }
    }

    [LoggerMessage(1011, LogLevel.Warning, "The miner's round failed and will be repeated: {Reason}")]
    private partial void LogFailed(string reason);
}

/// <summary>One round of the regtest miner, for the loop and for tests that have no loop.</summary>
internal sealed class MinerSteps(
    ChainState state, BlockMaker maker, RegtestFunding funding, BlockIntake intake, IOptions<ChainOptions> options)
{
    /// <summary>How long to wait after a block.</summary>
    public TimeSpan BlockPause => TimeSpan.FromMilliseconds(options.Value.BlockPauseMilliseconds);

    /// <summary>Does the next thing that is wanted.</summary>
    /// <returns>True where a block was mined: there may be more to do at once.</returns>
    public async Task<bool> NextAsync(CancellationToken cancellationToken)
    {
        state.Keys.Vault.Expire();
        await intake.CatchUpAsync(cancellationToken);
        if (!maker.IsOnDemand || !state.Keys.Exists)
        {
            return false;
        }

        if (!options.Value.Mine)
        {
            // Rule P-66: of coins that others paid; the block with it comes from them too.
            _ = options.Value.Faucet && funding.EnsureFunded();
            return false;
        }

        if (state.Read(reading => reading.Tip.Height) < RegtestFunding.FirstBlocks || funding.EnsureFunded())
        {
            await maker.MineAsync(1, cancellationToken);
            return true;
        }

        return await maker.MineIfWantedAsync(cancellationToken);
    }

    /// <summary>Does all that is wanted now.</summary>
    /// <param name="blocksMax">Most blocks to mine.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task RunAsync(int blocksMax, CancellationToken cancellationToken)
    {
        for (int i = 0; i < blocksMax && await NextAsync(cancellationToken); i++)
        {
        }
    }
}
