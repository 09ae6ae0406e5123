using Camelid.Chain.Index;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Storage;
using Dapper;

namespace Camelid.Chain.Signing;

/// <summary>
/// What was signed, in the database before it leaves. Keys: the job, and the kind of transaction or word.
/// </summary>
internal sealed class SignerStore(ChainDatabase database, TimeProvider time)
{
    /// <summary>Refusals after which a transaction is not handed in again by itself.</summary>
    private const int AttemptsMax = 1_000;

    private const int WaitingMax = 200;

    private const string TransactionColumns =
        """
        select job_id as JobId, kind as Kind, txid as Txid, raw as Raw, refund_time as RefundTime, created as Created,
            superseded as Superseded, attempts as Attempts from job_transactions
        """;

    /// <summary>The offer of a job.</summary>
    public Task<OfferRow?> FindOfferAsync(JobId jobId, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryFirstOrDefaultAsync<OfferRow>(
            """
            select job_id as JobId, parameters as Parameters, outpoint as Outpoint, deposit_grains as DepositGrains,
                payment_lock_time as PaymentLockTime, created as Created from job_offers where job_id = @jobId
            """,
            new { jobId = jobId.ToString() }),
        cancellationToken);

    /// <summary>A transaction of a job.</summary>
    public Task<JobTransactionRow?> FindAsync(JobId jobId, string kind, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.QueryFirstOrDefaultAsync<JobTransactionRow>(
                TransactionColumns + " where job_id = @jobId and kind = @kind", new { jobId = jobId.ToString(), kind }),
            cancellationToken);

    /// <summary>Those of the outpoints that are reserved for a job.</summary>
    public Task<IReadOnlyList<string>> ReservedAsync(
        IReadOnlyList<string> outpoints, CancellationToken cancellationToken) =>
        outpoints.Count == 0
            ? Task.FromResult<IReadOnlyList<string>>([])
            : database.ReadAsync(session => ReservedAsync(session, outpoints), cancellationToken);

    /// <summary>Reserves the deposit and keeps the offer and J0: all three or none.</summary>
    public Task AddOfferAsync(OfferRow offer, Transaction transaction, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session =>
            {
                await session.ExecuteAsync(
                    "insert into deposits (outpoint, job_id) values (@Outpoint, @JobId)",
                    new { offer.Outpoint, offer.JobId });
                await session.ExecuteAsync(
                    """
                    insert into job_offers (job_id, parameters, outpoint, deposit_grains, payment_lock_time, created)
                    values (@JobId, @Parameters, @Outpoint, @DepositGrains, @PaymentLockTime, @Created)
                    """,
                    new
                    {
                        offer.JobId,
                        offer.Parameters,
                        offer.Outpoint,
                        offer.DepositGrains,
                        offer.PaymentLockTime,
                        offer.Created,
                    });
                await InsertAsync(session, RowOf(transaction, JobTransactionKind.Offer, 0));
            },
            cancellationToken);

    /// <summary>
    /// Keeps a transaction; where it takes the place of another kind, that one is not handed in any more.
    /// </summary>
    public Task AddAsync(
        Transaction transaction, string kind, uint refundTime, string? supersedes,
        CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session =>
            {
                await InsertAsync(session, RowOf(transaction, kind, refundTime));
                await session.ExecuteAsync(
                    "update job_transactions set superseded = 1 where job_id = @jobId and kind = @supersedes",
                    new { jobId = transaction.JobId.ToString(), supersedes });
            },
            cancellationToken);

    /// <summary>Transactions that are in no block yet, the least often refused first.</summary>
    public Task<IReadOnlyList<JobTransactionRow>> WaitingAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.QueryAsync<JobTransactionRow>(
                TransactionColumns +
                """
                 where superseded = 0 and attempts < @AttemptsMax and not exists
                    (select 1 from transactions where transactions.txid = job_transactions.txid)
                order by attempts, created limit @WaitingMax
                """,
                new { AttemptsMax, WaitingMax }),
            cancellationToken);

    /// <summary>Counts a refusal.</summary>
    public Task CountRefusalsAsync(IReadOnlyList<string> txids, CancellationToken cancellationToken) => txids.Count == 0
        ? Task.CompletedTask
        : database.WriteAsync(
            async session =>
            {
                foreach (string txid in txids)
                {
                    await session.ExecuteAsync(
                        "update job_transactions set attempts = attempts + 1 where txid = @txid", new { txid });
                }
            },
            cancellationToken);

    /// <summary>Keeps a signed word, the first of its kind for the job.</summary>
    /// <returns>The word that is kept: this one, or the one that came before.</returns>
    public Task<SignedWordRow> AddWordAsync(
        JobId jobId, string kind, SignedWordRow word, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            await session.ExecuteAsync(
                """
                insert into signed_words (job_id, kind, body, signature) values (@jobId, @kind, @Body, @Signature)
                on conflict do nothing
                """,
                new { jobId = jobId.ToString(), kind, word.Body, word.Signature });
            return (await session.QueryFirstOrDefaultAsync<SignedWordRow>(
                "select body as Body, signature as Signature from signed_words where job_id = @jobId and kind = @kind",
                new { jobId = jobId.ToString(), kind }))!;
        },
        cancellationToken);

    /// <summary>One parameter for each: a list parameter is written differently on each engine.</summary>
    private static Task<IReadOnlyList<string>> ReservedAsync(DatabaseSession session, IReadOnlyList<string> outpoints)
    {
        DynamicParameters parameters = new();
        for (int i = 0; i < outpoints.Count; i++)
        {
            parameters.Add($"p{i}", outpoints[i]);
        }

        string names = string.Join(", ", outpoints.Select((_, i) => $"@p{i}"));
        return session.QueryAsync<string>($"select outpoint from deposits where outpoint in ({names})", parameters);
    }

    private static Task<int> InsertAsync(DatabaseSession session, JobTransactionRow row) => session.ExecuteAsync(
        """
        insert into job_transactions (job_id, kind, txid, raw, refund_time, created, superseded, attempts)
        values (@JobId, @Kind, @Txid, @Raw, @RefundTime, @Created, 0, 0)
        """,
        new { row.JobId, row.Kind, row.Txid, row.Raw, row.RefundTime, row.Created });

    private JobTransactionRow RowOf(Transaction transaction, string kind, uint refundTime) => new()
    {
        JobId = transaction.JobId.ToString(),
        Kind = kind,
        Txid = transaction.Txid.ToString(),
        Raw = transaction.Encode(),
        RefundTime = refundTime,
        Created = time.GetUtcNow().ToUnixTimeSeconds(),
    };
}
