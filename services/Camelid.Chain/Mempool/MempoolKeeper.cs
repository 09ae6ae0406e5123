using Camelid.Chain.Blocks;
using Camelid.Chain.Storage;

namespace Camelid.Chain.Mempool;

/// <summary>
/// Keeps the waiting transactions and what is known of fees over a restart, in two files of the chain's folder. Both
/// can be lost: peers have the transactions too, and fees are learnt again. Runs behind <see cref="ChainStart"/>.
/// </summary>
internal sealed partial class MempoolKeeper(
    ChainState state, TransactionPool pool, IStorageFolder folder, ILogger<MempoolKeeper> logger) : IHostedService
{
    /// <summary>The file of the waiting transactions.</summary>
    public const string PoolName = "mempool";

    /// <summary>The file of what is known of fees.</summary>
    public const string FeesName = "fees";

    private const int FeesBytesMax = 1_000_000;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Load();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Save();
        return Task.CompletedTask;
    }

    /// <summary>
    /// Rules M-19 and M-20: takes both files up. Each transaction is judged as if it came now, but for its age. A
    /// damaged file, or one of another chain, counts as none.
    /// </summary>
    public void Load()
    {
        try
        {
            byte[]? fees = KeptFile.Read(folder, FeesName, FeesBytesMax);
            if (FeeHistory.TryDecode(fees, state.Network.GenesisHash, out FeeHistory? history))
            {
                pool.Fees.Resume(history, state.Read(reading => reading.Tip.Height));
            }
            else if (fees is not null)
            {
                LogDamaged(folder.PathOf(FeesName));
            }

            byte[]? waiting = KeptFile.Read(folder, PoolName, PoolFile.BytesMax(pool.Policy));
            if (PoolFile.TryDecode(waiting, state.Network.GenesisHash, out IReadOnlyList<KeptTransaction>? kept))
            {
                LogLoaded(kept.Count(one => pool.Restore(one).IsAccepted), kept.Count);
            }
            else if (waiting is not null)
            {
                LogDamaged(folder.PathOf(PoolName));
            }
        }
        catch (IOException error)
        {
            LogUnreadable(error.Message);
        }
    }

    /// <summary>Rules M-19 and M-20: writes both files, each whole and in place of the one before.</summary>
    public void Save()
    {
        try
        {
            IReadOnlyList<KeptTransaction> kept = pool.Keep();
            KeptFile.Write(folder, FeesName, pool.Fees.Encode(state.Network.GenesisHash));
            KeptFile.Write(folder, PoolName, PoolFile.Encode(state.Network.GenesisHash, kept));
            LogSaved(kept.Count);
        }
        catch (IOException error)
        {
            LogUnwritable(error.Message);
        }
    }

    [LoggerMessage(1060, LogLevel.Information, "{Count} of {Total} waiting transactions of the last run wait again")]
    private partial void LogLoaded(int count, int total);

    [LoggerMessage(1061, LogLevel.Information, "{Count} waiting transactions are kept for the next start")]
    private partial void LogSaved(int count);

    [LoggerMessage(1062, LogLevel.Warning, "{Path} is damaged or of another chain: it is passed over")]
    private partial void LogDamaged(string path);

    [LoggerMessage(1063, LogLevel.Warning, "The waiting transactions of the last run can't be read: {Reason}")]
    private partial void LogUnreadable(string reason);

    [LoggerMessage(1064, LogLevel.Warning, "The waiting transactions can't be kept for the next start: {Reason}")]
    private partial void LogUnwritable(string reason);
}
