using Camelid.Chain.Blocks;
using Camelid.Chain.Index;
using Camelid.ServiceDefaults.Hosting;

namespace Camelid.Chain;

/// <summary>At start, before anything is served: replays the block log and brings the index to its tip.</summary>
internal sealed partial class ChainStart(
    ChainState state, BlockIntake intake, ChainDatabase database, ILogger<ChainStart> logger) : IHostedService
{
    /// <summary>The name of the block log in the chain's folder.</summary>
    private const string LogName = "blocks.log";

    /// <summary>Where the block log lies.</summary>
    public static string LogPath(DataFolder folder) => Path.Combine(folder.Chain, LogName);

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (state.DroppedBytes > 0)
        {
            LogDropped(state.DroppedBytes);
        }

        await database.MigrateAsync(cancellationToken);
        await intake.CatchUpAsync(cancellationToken);
        (int height, string hash) = state.Read(reading => (reading.Tip.Height, reading.Tip.Hash.ToString()));
        LogStarted(state.Network.Name, height, hash);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1030, LogLevel.Information, "Chain {Network} at height {Height}, tip {Hash}")]
    private partial void LogStarted(string network, int height, string hash);

    [LoggerMessage(1031, LogLevel.Warning, "The block log ended in {Bytes} bytes of an unfinished block, now dropped")]
    private partial void LogDropped(long bytes);
}
