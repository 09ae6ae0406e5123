namespace Camelid.Chain.Index;

/// <summary>The chain in numbers, by height, and the transactions of jobs: read from rows, never from blocks.</summary>
internal sealed class ChainTotals(ChainDatabase database)
{
    /// <summary>The totals at a height; zeros at genesis, null above the tip of the index.</summary>
    public Task<BlockTotals?> AtAsync(int height, CancellationToken cancellationToken) =>
        database.ReadAsync(session => BlockTotals.ReadAsync(session, height), cancellationToken);

    /// <summary>The totals at the tip of the index.</summary>
    public Task<BlockTotals> AtTipAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async session => await BlockTotals.ReadBelowAsync(session, long.MaxValue, 1) is [BlockTotals tip]
            ? tip
            : new BlockTotals(),
        cancellationToken);

    /// <summary>The totals of the <paramref name="limit"/> blocks below a height, highest first.</summary>
    public Task<IReadOnlyList<BlockTotals>> BelowAsync(int height, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => BlockTotals.ReadBelowAsync(session, height, limit), cancellationToken);

    /// <summary>The transactions of a job that are in blocks, in their order.</summary>
    /// <param name="jobId">The job, 64 hexadecimal digits.</param>
    /// <param name="limit">Most rows.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<IReadOnlyList<TransactionRow>> OfJobAsync(
        string jobId, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryAsync<TransactionRow>(
            """
            select txid as Txid, height as Height, position as Position, job_id as JobId, fee_grains as FeeGrains
            from transactions where job_id = @jobId order by height, position limit @limit
            """,
            new { jobId, limit = (long)limit }),
        cancellationToken);
}
