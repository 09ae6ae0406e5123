using Camelid.JobPool.Storage;
using Camelid.ServiceDefaults.Storage;

namespace Camelid.JobPool.Jobs;

/// <summary>
/// Statements over jobs and their transitions. A row changes only from the version that its writer read.
/// </summary>
internal sealed class JobStore(JobsDatabase database)
{
    /// <summary>Most jobs that one question gives.</summary>
    public const int ListMax = 500;

    private const string Insert =
        """
        insert into jobs (
            job_id, request_key, account, payment_state, verification_state, created, updated, version, is_open, due,
            parameters, model_root, prompt_token_count, top_logprobs, verification_level, deadline, nonce,
            reward_grains, traceparent, client_key, is_offer_closed, attempt, sent, worker, lease_until, is_cancelled,
            output_token_count, finish_reason, testament_expiry, committed, payment_grains, refund_time,
            payment_height, claim_height, is_answered, failure, offer_txid, side,
            peer_node, peer_answered, verify_by, delivered, stake_id, seed, assignment_signature)
        values (
            @JobId, @RequestKey, @Account, @PaymentState, @VerificationState, @Created, @Updated, @Version, @IsOpen,
            @Due, @Parameters, @ModelRoot, @PromptTokenCount, @TopLogprobs, @VerificationLevel, @Deadline, @Nonce,
            @RewardGrains, @Traceparent, @ClientKey, @IsOfferClosed, 0, 0, '', 0, 0, 0, '', 0, 0, 0, 0, 0, 0, 0, '',
            @OfferTxid, @Side, @PeerNode, 0, @VerifyBy, 0, @StakeId, @Seed, @AssignmentSignature)
        on conflict do nothing
        """;

    private const string Update =
        """
        update jobs set
            request_key = @RequestKey, payment_state = @PaymentState, verification_state = @VerificationState,
            updated = @Updated, version = @Version + 1, is_open = @IsOpen, due = @Due, offer_txid = @OfferTxid,
            offer_raw = @OfferRaw, is_offer_closed = @IsOfferClosed, stake_id = @StakeId,
            assignment_signature = @AssignmentSignature, seed = @Seed, attempt = @Attempt, sent = @Sent,
            worker = @Worker, lease_until = @LeaseUntil, is_cancelled = @IsCancelled, output_key = @OutputKey,
            envelope_key = @EnvelopeKey, output = @Output, output_text = @OutputText,
            output_token_count = @OutputTokenCount, token_report = @TokenReport, finish_reason = @FinishReason,
            numerics_class = @NumericsClass, output_root = @OutputRoot, testament = @Testament,
            testament_hash = @TestamentHash, testament_signature = @TestamentSignature,
            testament_expiry = @TestamentExpiry, worker_key = @WorkerKey,
            cancellation_signature = @CancellationSignature, committed = @Committed, attestation = @Attestation,
            attestation_signature = @AttestationSignature, verifier_key = @VerifierKey,
            payment_grains = @PaymentGrains, payment_txid = @PaymentTxid, payment_raw = @PaymentRaw,
            refund_time = @RefundTime, payment_block_hash = @PaymentBlockHash, payment_height = @PaymentHeight,
            claim_txid = @ClaimTxid, claim_raw = @ClaimRaw, claim_block_hash = @ClaimBlockHash,
            claim_height = @ClaimHeight, refund_txid = @RefundTxid, is_answered = @IsAnswered, failure = @Failure,
            peer_node = @PeerNode, order_answer_signature = @OrderAnswerSignature, peer_answered = @PeerAnswered,
            envelope = @Envelope, delivery = @Delivery, verifier_node = @VerifierNode,
            verifier_stake_id = @VerifierStakeId, delivered = @Delivered
        where job_id = @JobId and version = @Version
        """;

    /// <summary>The job, or null.</summary>
    public Task<JobRow?> FindAsync(string jobId, CancellationToken cancellationToken) => database.ReadAsync(
        session => FindAsync(session, jobId), cancellationToken);

    /// <summary>The job, inside a transaction.</summary>
    public static Task<JobRow?> FindAsync(DatabaseSession session, string jobId) =>
        session.QueryFirstOrDefaultAsync<JobRow>("select * from jobs where job_id = @jobId", new { jobId });

    /// <summary>The job of a request, or null.</summary>
    public Task<JobRow?> FindByRequestAsync(string requestKey, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.QueryFirstOrDefaultAsync<JobRow>(
                "select * from jobs where request_key = @requestKey", new { requestKey }),
            cancellationToken);

    /// <summary>Saves a new job; false where its request key already names one.</summary>
    public Task<bool> AddAsync(JobRow row, CancellationToken cancellationToken) => database.WriteAsync(
        async session => await session.ExecuteAsync(Insert, row) == 1, cancellationToken);

    /// <summary>
    /// Saves a change of the row, its transitions and, by <paramref name="publish"/>, its messages in one transaction.
    /// </summary>
    /// <returns>False where another writer was faster: nothing is saved, and the caller reads again.</returns>
    public Task<bool> SaveAsync(
        JobChange change, Func<DatabaseSession, Task>? publish, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session =>
            {
                if (await session.ExecuteAsync(Update, change.Row) != 1)
                {
                    return false;
                }

                await AddTransitionsAsync(session, change);
                if (publish is not null)
                {
                    await publish(session);
                }

                return true;
            },
            cancellationToken);

    /// <summary>A holder's lease lasts longer; false where it no longer holds it.</summary>
    public Task<bool> ExtendLeaseAsync(JobRow held, long leaseUntil, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session => await session.ExecuteAsync(
                """
                update jobs set lease_until = @leaseUntil, due = @leaseUntil
                where job_id = @JobId and attempt = @Attempt and worker = @Worker and payment_state = 'accepted'
                    and output_key is null and is_cancelled = 0
                """,
                new { held.JobId, held.Attempt, held.Worker, leaseUntil }) == 1,
            cancellationToken);

    /// <summary>The recovery loop looks at the job again at <paramref name="due"/>.</summary>
    public Task PostponeAsync(string jobId, long due, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.ExecuteAsync("update jobs set due = @due where job_id = @jobId", new { jobId, due }),
        cancellationToken);

    /// <summary>After a start everything open is looked at once: what was in memory is gone.</summary>
    public Task DueAllAsync(CancellationToken cancellationToken) => database.WriteAsync(
        session => session.ExecuteAsync("update jobs set due = 0 where is_open = 1"), cancellationToken);

    /// <summary>Open jobs that are due, the longest due first.</summary>
    public Task<IReadOnlyList<string>> ListDueAsync(long now, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.QueryAsync<string>(
                "select job_id from jobs where is_open = 1 and due <= @now order by due limit @limit",
                new { now, limit }),
            cancellationToken);

    /// <summary>Open jobs whose next step waits for a block.</summary>
    public Task<IReadOnlyList<string>> ListOnChainAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryAsync<string>(
            """
            select job_id from jobs
            where is_open = 1 and payment_state in ('committed', 'paid', 'delivered')
                and (payment_txid is not null or side = 'sold')
            order by created limit @ListMax
            """,
            new { ListMax }),
        cancellationToken);

    /// <summary>Jobs, newest first.</summary>
    /// <param name="before">Created before this, Unix milliseconds; 0 for all.</param>
    /// <param name="limit">1 … <see cref="ListMax"/>.</param>
    /// <param name="cancellationToken">Stops the question.</param>
    public Task<IReadOnlyList<JobRow>> ListAsync(long before, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.QueryAsync<JobRow>(
                "select * from jobs where created < @before or @before = 0 order by created desc, job_id limit @limit",
                new { before, limit = Math.Clamp(limit, 1, ListMax) }),
            cancellationToken);

    /// <summary>How many jobs are in each payment state.</summary>
    public Task<IReadOnlyList<JobCount>> CountAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryAsync<JobCount>(
            "select payment_state as State, count(*) as Jobs from jobs group by payment_state order by payment_state"),
        cancellationToken);

    /// <summary>Settled jobs of each model.</summary>
    public Task<IReadOnlyList<ModelCount>> CountSettledAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryAsync<ModelCount>(
            "select model_root as ModelRoot, count(*) as Jobs from jobs where payment_state = 'settled' "
            + "group by model_root"),
        cancellationToken);

    /// <summary>What the bought jobs say of each stake that they were given to.</summary>
    /// <param name="since">Failures before this, Unix milliseconds, are forgiven.</param>
    /// <param name="cancellationToken">Stops the question.</param>
    public Task<IReadOnlyList<StakeRecord>> StakeRecordsAsync(long since, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.QueryAsync<StakeRecord>(
                """
                select stake_id as StakeId,
                    cast(sum(case when payment_state in ('created', 'accepted') then 1 else 0 end) as bigint) as Open,
                    cast(sum(case when updated >= @since and (payment_state in ('expired', 'refunded', 'slashed')
                        or (payment_state = 'dismissed' and is_cancelled = 0) or verification_state = 'failed')
                        then 1 else 0 end) as bigint) as Failed
                from jobs where side = 'bought' and stake_id is not null
                    and (updated >= @since or payment_state in ('created', 'accepted'))
                group by stake_id
                """,
                new { since }),
            cancellationToken);

    /// <summary>Open jobs that are run here for other operators' clients: of that client, and of all.</summary>
    public Task<SoldCount> CountSoldAsync(byte[] clientKey, CancellationToken cancellationToken) => database.ReadAsync(
        async session => await session.QueryFirstOrDefaultAsync<SoldCount>(
            """
            select count(*) as Total,
                cast(coalesce(sum(case when client_key = @clientKey then 1 else 0 end), 0) as bigint) as OfClient
            from jobs where side = 'sold' and payment_state in ('created', 'accepted')
            """,
            new { clientKey }) ?? new SoldCount(),
        cancellationToken);

    /// <summary>Jobs that no testament answers yet: the queue's length.</summary>
    public Task<long> CountWaitingAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryFirstOrDefaultAsync<long>(
            "select count(*) from jobs where payment_state in ('created', 'accepted')"),
        cancellationToken);

    /// <summary>Every transition of a job, in order.</summary>
    public Task<IReadOnlyList<JobTransitionRow>> ListTransitionsAsync(
        string jobId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.QueryAsync<JobTransitionRow>(
                "select * from job_transitions where job_id = @jobId order by sequence", new { jobId }),
            cancellationToken);

    private static async Task AddTransitionsAsync(DatabaseSession session, JobChange change)
    {
        if (change.Transitions.Count == 0)
        {
            return;
        }

        long sequence = await session.QueryFirstOrDefaultAsync<long>(
            "select count(*) from job_transitions where job_id = @JobId", new { change.Row.JobId });
        foreach (JobTransitionRow transition in change.Transitions)
        {
            await session.ExecuteAsync(
                """
                insert into job_transitions (job_id, sequence, facet, from_state, to_state, cause, at)
                values (@JobId, @Sequence, @Facet, @FromState, @ToState, @Cause, @At)
                """,
                transition with { Sequence = sequence++ });
        }
    }
}

/// <summary>Jobs of other operators' clients that wait for their testament.</summary>
internal sealed record SoldCount
{
    public long Total { get; init; }

    public long OfClient { get; init; }
}

/// <summary>Jobs in one payment state.</summary>
internal sealed record JobCount
{
    public string State { get; init; } = "";

    public long Jobs { get; init; }
}

/// <summary>How many jobs of a model there are.</summary>
internal sealed record ModelCount
{
    public byte[] ModelRoot { get; init; } = [];

    public long Jobs { get; init; }
}
