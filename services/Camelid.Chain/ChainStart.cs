using Camelid.Chain.Blocks;
using Camelid.Chain.Index;
using Camelid.Chain.Storage;

namespace Camelid.Chain;

/// <summary>
/// At start, before anything is served: opens the chain and brings the index to its tip. At the end: keeps a snapshot.
/// </summary>
internal sealed partial class ChainStart(
    ChainState state, BlockIntake intake, ChainDatabase database, ILogger<ChainStart> logger) : IHostedService
{
    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (state.Store.DroppedBytes > 0)
        {
            LogDropped(state.Store.DroppedBytes);
        }

        foreach (StorageDamage damage in state.Store.Damage)
        {
            (damage.IsExpected ? (Action<string>)LogUnfinished : LogDamage)(damage.ToString());
        }

        await database.MigrateAsync(cancellationToken);
        await intake.CatchUpAsync(cancellationToken);
        (int height, string hash) = state.Read(reading => (reading.Tip.Height, reading.Tip.Hash.ToString()));
        LogStarted(state.Network.Name, height, hash);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        state.SaveSnapshot();
        return Task.CompletedTask;
    }

    [LoggerMessage(1030, LogLevel.Information, "Chain {Network} at height {Height}, tip {Hash}")]
    private partial void LogStarted(string network, int height, string hash);

    [LoggerMessage(1043, LogLevel.Information, "Not written when the node last ended, made again: {Part}")]
    private partial void LogUnfinished(string part);

    [LoggerMessage(1042, LogLevel.Error, "Damaged: {Damage}. It is made again from blocks, or fetched from peers")]
    private partial void LogDamage(string damage);

    [LoggerMessage(1031, LogLevel.Warning, "The block log ended in {Bytes} bytes of an unfinished block, now dropped")]
    private partial void LogDropped(long bytes);
}
