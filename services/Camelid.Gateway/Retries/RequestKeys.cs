using Camelid.Gateway.Errors;
using Camelid.Gateway.Limits;
using Camelid.Gateway.Storage;
using Camelid.ServiceDefaults.Storage;

namespace Camelid.Gateway.Retries;

/// <summary>
/// Gives each request the key under which JobPool opens its jobs. A repeated request gets the key of the first, so that
/// no retry becomes a second paid job: JobPool's unique key is the truth, the row here finds it, Redis only finds it
/// sooner.
/// </summary>
internal sealed class RequestKeys(AccountsDatabase database, RedisLink redis, TimeProvider time)
{
    /// <summary>How long an equal body counts as a retry.</summary>
    public static readonly TimeSpan RetryWindow = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan KeptFor = TimeSpan.FromHours(24);

    /// <summary>The key of a request: an old one where it repeats a request, a fresh one otherwise.</summary>
    public async Task<string> ResolveAsync(RequestIdentity identity, CancellationToken cancellationToken)
    {
        if (identity.IdempotencyKey is null)
        {
            return identity.IsRetry && await FindAsync(identity, cancellationToken) is { } earlier
                ? earlier
                : await RememberAsync(identity, Fresh(identity), cancellationToken);
        }

        string key = $"{identity.Account}/idempotency/{identity.Fingerprint}";
        await RememberAsync(identity, key, cancellationToken);
        return key;
    }

    /// <summary>
    /// Forgets a request whose job was cancelled because its client went away: a later retry opens a new one.
    /// </summary>
    public async Task ForgetAsync(RequestIdentity identity, CancellationToken cancellationToken)
    {
        await redis.TryAsync(cache => cache.KeyDeleteAsync(CacheKey(identity)), false);
        await database.WriteAsync(
            session => session.ExecuteAsync(
                "delete from request_keys where fingerprint = @Fingerprint", new { identity.Fingerprint }),
            cancellationToken);
    }

    private static string Fresh(RequestIdentity identity) => $"{identity.Account}/request/{Guid.CreateVersion7():N}";

    private static string CacheKey(RequestIdentity identity) => $"camelid:request:{identity.Fingerprint}";

    private async Task<string?> FindAsync(RequestIdentity identity, CancellationToken cancellationToken)
    {
        string? cached = await redis.TryAsync(
            async cache => (string?)await cache.StringGetAsync(CacheKey(identity)), null);
        if (cached is not null)
        {
            return cached;
        }

        long since = (time.GetUtcNow() - RetryWindow).ToUnixTimeMilliseconds();
        return await database.ReadAsync(
            session => session.QueryFirstOrDefaultAsync<string>(
                "select request_key from request_keys where fingerprint = @Fingerprint and created >= @since",
                new { identity.Fingerprint, since }),
            cancellationToken);
    }

    private async Task<string> RememberAsync(
        RequestIdentity identity, string requestKey, CancellationToken cancellationToken)
    {
        await database.WriteAsync(session => WriteRowAsync(session, identity, requestKey), cancellationToken);
        await redis.TryAsync(cache => cache.StringSetAsync(CacheKey(identity), requestKey, RetryWindow), false);
        return requestKey;
    }

    private async Task WriteRowAsync(DatabaseSession session, RequestIdentity identity, string requestKey)
    {
        DateTimeOffset now = time.GetUtcNow();
        long created = now.ToUnixTimeMilliseconds();
        await session.ExecuteAsync(
            "delete from request_keys where created < @before",
            new { before = (now - KeptFor).ToUnixTimeMilliseconds() });
        if (identity.IdempotencyKey is not null)
        {
            string? bodyHash = await session.QueryFirstOrDefaultAsync<string>(
                "select body_hash from request_keys where fingerprint = @Fingerprint", new { identity.Fingerprint });
            if (bodyHash is not null)
            {
                CheckBody(identity, bodyHash);
                return;
            }
        }

        await session.ExecuteAsync(
            """
            insert into request_keys (fingerprint, request_key, body_hash, created)
            values (@Fingerprint, @requestKey, @BodyHash, @created)
            on conflict (fingerprint) do update set
                request_key = excluded.request_key, body_hash = excluded.body_hash, created = excluded.created
            """,
            new { identity.Fingerprint, requestKey, identity.BodyHash, created });
    }

    private static void CheckBody(RequestIdentity identity, string bodyHash)
    {
        if (bodyHash != identity.BodyHash)
        {
            throw new ApiException(new ApiError
            {
                Status = StatusCodes.Status409Conflict,
                Message = "This 'Idempotency-Key' was used with another body. Use a new key for a new request.",
                Code = "idempotency_key_reused",
            });
        }
    }
}
