using Camelid.ServiceDefaults.Storage;

namespace Camelid.Verifier.Storage;

/// <summary>The database <c>verdicts</c>: what this verifier has said, which it never says differently.</summary>
internal sealed class VerdictsDatabase(ServiceDatabaseOptions<VerdictsDatabase> options) : ServiceDatabase(options)
{
    private const string Columns =
        """
        testament_hash as TestamentHash, job_id as JobId, level, verdict, finding, position,
        expected_token as ExpectedToken, attestation, signature, verifier_key as VerifierKey,
        draw_secret as DrawSecret, at, milliseconds
        """;

    /// <summary>
    /// Publishes the verdict on a testament once more, in one transaction. Null where there is none yet.
    /// </summary>
    public Task<VerdictRow?> RepeatAsync(string testamentHash, CancellationToken cancellationToken) => WriteAsync(
        session => RepeatAsync(session, testamentHash), cancellationToken);

    /// <summary>
    /// Writes a verdict and publishes it, in one transaction. Where another one was there first, that one stands and
    /// is published.
    /// </summary>
    /// <returns>The verdict that stands.</returns>
    public Task<VerdictRow> DecideAsync(VerdictRow row, CancellationToken cancellationToken) => WriteAsync(
        async session =>
        {
            await session.ExecuteAsync(
                """
                insert into verdicts (testament_hash, job_id, level, verdict, finding, position, expected_token,
                    attestation, signature, verifier_key, draw_secret, at, milliseconds)
                values (@TestamentHash, @JobId, @Level, @Verdict, @Finding, @Position, @ExpectedToken,
                    @Attestation, @Signature, @VerifierKey, @DrawSecret, @At, @Milliseconds)
                on conflict (testament_hash) do nothing
                """,
                row);
            return (await RepeatAsync(session, row.TestamentHash))!;
        },
        cancellationToken);

    /// <summary>The newest verdicts, newest first.</summary>
    public Task<IReadOnlyList<VerdictRow>> ListAsync(int limit, CancellationToken cancellationToken) => ReadAsync(
        session => session.QueryAsync<VerdictRow>(
            $"select {Columns} from verdicts order by at desc, testament_hash limit @limit", new { limit }),
        cancellationToken);

    /// <summary>How many verdicts of each kind there are.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<VerdictCount> counts = await ReadAsync(
            session => session.QueryAsync<VerdictCount>(
                "select verdict, count(*) as Verdicts from verdicts group by verdict"),
            cancellationToken);
        return counts.ToDictionary(count => count.Verdict, count => count.Verdicts);
    }

    private static async Task<VerdictRow?> RepeatAsync(DatabaseSession session, string testamentHash)
    {
        VerdictRow? row = await session.QueryFirstOrDefaultAsync<VerdictRow>(
            $"select {Columns} from verdicts where testament_hash = @testamentHash", new { testamentHash });
        if (row is not null)
        {
            await session.Publish(row.ToEvent(), row.JobId);
        }

        return row;
    }

    private sealed record VerdictCount
    {
        public string Verdict { get; init; } = "";

        public long Verdicts { get; init; }
    }
}
