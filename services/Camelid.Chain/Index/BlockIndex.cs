using System.Diagnostics;
using Camelid.Chain.Blocks;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Storage;
using BlockHash = Camelid.Protocol.Blocks.BlockHash;

namespace Camelid.Chain.Index;

/// <summary>Where a transaction of the active chain lies.</summary>
internal sealed record TransactionRow
{
    /// <summary>The id, as it is shown.</summary>
    public string Txid { get; init; } = "";

    /// <summary>Height of its block.</summary>
    public long Height { get; init; }

    /// <summary>Its place in the block, 0 for the coinbase.</summary>
    public long Position { get; init; }

    /// <summary>Its job, or null.</summary>
    public string? JobId { get; init; }

    /// <summary>Its fee.</summary>
    public long FeeGrains { get; init; }
}

/// <summary>
/// [J9] The index of the active chain: transaction → block, job → transactions. Each block's rows and its event are
/// one database transaction, so that no block is indexed without being told, and none is told that is not indexed.
/// </summary>
internal sealed class BlockIndex(ChainDatabase database, ChainState state)
{
    private const int BlocksPerWrite = 50;

    private BlockHash? indexed;

    /// <summary>
    /// Brings the index to the tip, from whatever height it has, over reorgs too. One call at a time (the intake).
    /// </summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        BlockHash tip = state.Read(reading => reading.Tip.Hash);
        bool more = indexed != tip;
        while (more)
        {
            more = await database.WriteAsync(StepAsync, cancellationToken);
        }

        indexed = tip;
    }

    /// <summary>Where a transaction lies, or null where the active chain does not have it.</summary>
    public Task<TransactionRow?> FindAsync(Txid txid, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryFirstOrDefaultAsync<TransactionRow>(
            """
            select txid as Txid, height as Height, position as Position, job_id as JobId, fee_grains as FeeGrains
            from transactions where txid = @txid
            """,
            new { txid = txid.ToString() }),
        cancellationToken);

    private async Task<bool> StepAsync(DatabaseSession session)
    {
        HeightRow? tip = await session.QueryFirstOrDefaultAsync<HeightRow>(
            "select height as Height, hash as Hash from blocks order by height desc limit 1");
        if (tip is not null && state.Read(reading => !IsOnActiveChain(reading, tip)))
        {
            await RemoveAsync(session, tip);
            return true;
        }

        int from = tip is null ? 1 : (int)tip.Height + 1;
        BlockEntry[] missing = state.Read(
            reading => reading.Active.Skip(from).Take(BlocksPerWrite).ToArray());
        foreach (BlockEntry entry in missing)
        {
            await AddAsync(session, entry);
        }

        return missing.Length == BlocksPerWrite;
    }

    private static bool IsOnActiveChain(ChainReading reading, HeightRow row) => row.Height < reading.Active.Count
        && reading.Active[(int)row.Height].Hash.ToString() == row.Hash;

    private async Task AddAsync(DatabaseSession session, BlockEntry entry)
    {
        Block block = state.ReadBlock(entry);
        await session.ExecuteAsync(
            "insert into blocks (height, hash) values (@Height, @Hash)",
            new { Height = (long)entry.Height, Hash = entry.Hash.ToString() });
        for (int i = 0; i < block.Transactions.Count; i++)
        {
            Transaction transaction = block.Transactions[i];
            await session.ExecuteAsync(
                """
                insert into transactions (txid, height, position, job_id, fee_grains)
                values (@Txid, @Height, @Position, @JobId, @FeeGrains)
                """,
                new TransactionRow
                {
                    Txid = transaction.Txid.ToString(),
                    Height = entry.Height,
                    Position = i,
                    JobId = transaction.JobId.IsNone ? null : transaction.JobId.ToString(),
                    FeeGrains = entry.FeeGrains[i],
                });
        }

        await session.Publish(new BlockConnected
        {
            Height = entry.Height,
            Hash = entry.Hash.Value.ToString(),
            TimeUnix = entry.Header.Time,
            JobIds = [.. block.Transactions.Where(transaction => !transaction.JobId.IsNone)
                .Select(transaction => transaction.JobId.ToString()).Distinct()],
        });
    }

    private static async Task RemoveAsync(DatabaseSession session, HeightRow row)
    {
        IReadOnlyList<string> jobs = await session.QueryAsync<string>(
            "select distinct job_id from transactions where height = @Height and job_id is not null",
            new { row.Height });
        await session.ExecuteAsync("delete from transactions where height = @Height", new { row.Height });
        await session.ExecuteAsync("delete from blocks where height = @Height", new { row.Height });
        await session.Publish(new BlockDisconnected
        {
            Height = (int)row.Height,
            Hash = BlockHash.TryParse(row.Hash, out BlockHash hash)
                ? hash.Value.ToString()
                : throw new UnreachableException($"block {row.Height} of the index has the hash '{row.Hash}'"),
            JobIds = jobs,
        });
    }

    private sealed record HeightRow
    {
        public long Height { get; init; }

        public string Hash { get; init; } = "";
    }
}
