using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Storage;

namespace Camelid.JobPool.Trade;

/// <summary>A check that another operator's client asked for.</summary>
internal sealed record CheckRow
{
    /// <summary>64 hexadecimal digits.</summary>
    public string TestamentHash { get; init; } = "";

    /// <summary>64 hexadecimal digits.</summary>
    public string JobId { get; init; } = "";

    /// <summary>Who asked, 20 bytes.</summary>
    public byte[] ClientNode { get; init; } = [];

    /// <summary>The client's key, 33 bytes.</summary>
    public byte[] ClientKey { get; init; } = [];

    /// <summary>Unix milliseconds.</summary>
    public long Received { get; init; }

    /// <summary>When it last went to the verifiers, Unix milliseconds.</summary>
    public long Sent { get; init; }

    /// <summary>A CheckAnswer's canonical bytes, once there is a verdict.</summary>
    public byte[]? Answer { get; init; }

    /// <summary>Unix milliseconds; 0 before the verdict.</summary>
    public long Answered { get; init; }
}

/// <summary>Statements over the checks of other operators' clients.</summary>
internal sealed class CheckStore(JobsDatabase database)
{
    /// <summary>Checks that are kept; older answered ones are forgotten.</summary>
    public const int KeptMax = 10_000;

    private const string Columns =
        """
        select testament_hash as TestamentHash, job_id as JobId, client_node as ClientNode, client_key as ClientKey,
            received as Received, sent as Sent, answer as Answer, answered as Answered from checks
        """;

    /// <summary>The check of a testament, or null.</summary>
    public Task<CheckRow?> FindAsync(string testamentHash, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryFirstOrDefaultAsync<CheckRow>(
            Columns + " where testament_hash = @testamentHash", new { testamentHash }),
        cancellationToken);

    /// <summary>Checks of a client since a time, and those of all that have no verdict.</summary>
    public Task<CheckCount> CountAsync(byte[] clientKey, long since, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async session => await session.QueryFirstOrDefaultAsync<CheckCount>(
                """
                select cast(coalesce(sum(case when client_key = @clientKey and received >= @since then 1 else 0 end), 0)
                        as bigint) as OfClient,
                    cast(coalesce(sum(case when answered = 0 and received >= @since then 1 else 0 end), 0) as bigint)
                        as Waiting
                from checks
                """,
                new { clientKey, since }) ?? new CheckCount(),
            cancellationToken);

    /// <summary>Keeps a check, or notes that it goes out again, with the command in one transaction.</summary>
    public Task SendAsync(CheckRow row, VerifyJob command, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            await session.ExecuteAsync(
                """
                insert into checks (testament_hash, job_id, client_node, client_key, received, sent, answer,
                    answered)
                values (@TestamentHash, @JobId, @ClientNode, @ClientKey, @Received, @Sent, null, 0)
                on conflict (testament_hash) do update set sent = @Sent
                """,
                row);
            await session.ExecuteAsync(
                """
                delete from checks where answered > 0 and received < (
                    select received from checks order by received desc limit 1 offset @KeptMax)
                """,
                new { KeptMax });
            await session.Publish(command, row.JobId);
        },
        cancellationToken);

    /// <summary>Keeps the verdict; the first one stands.</summary>
    public Task<bool> AnswerAsync(
        string testamentHash, byte[] answer, long answered, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session => await session.ExecuteAsync(
                """
                update checks set answer = @answer, answered = @answered
                where testament_hash = @testamentHash and answered = 0
                """,
                new { testamentHash, answer, answered }) == 1,
            cancellationToken);
}

/// <summary>How many checks there are.</summary>
internal sealed record CheckCount
{
    public long OfClient { get; init; }

    public long Waiting { get; init; }
}
