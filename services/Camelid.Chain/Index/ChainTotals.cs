using Camelid.Chain.Blocks;
using Camelid.Protocol;

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

    /// <summary>
    /// The transactions of a job in blocks whose first output is a payment to that key of at least so much.
    /// </summary>
    /// <param name="jobId">The job, 64 hexadecimal digits.</param>
    /// <param name="worker">HASH160 of the key that is paid.</param>
    /// <param name="grainsMin">The least payment.</param>
    /// <param name="limit">Most rows.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<IReadOnlyList<TransactionRow>> PaymentsAsync(
        string jobId, Hash160 worker, long grainsMin, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.QueryAsync<TransactionRow>(
                """
                select t.txid as Txid, t.height as Height, t.position as Position, t.job_id as JobId,
                    t.fee_grains as FeeGrains
                from transactions t
                join outputs o on o.height = t.height and o.position = t.position and o.output_index = 0
                where t.job_id = @jobId and o.owner = @owner and o.kind = @kind and o.grains >= @grainsMin
                order by t.height, t.position limit @limit
                """,
                new
                {
                    jobId, owner = worker.ToString(), kind = (long)OutputKind.Payment, grainsMin, limit = (long)limit,
                }),
            cancellationToken);
}
