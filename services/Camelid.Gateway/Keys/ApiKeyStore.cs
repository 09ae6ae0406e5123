using System.Collections.Concurrent;
using Camelid.Gateway.Storage;

namespace Camelid.Gateway.Keys;

/// <summary>Finds keys by their hash.</summary>
internal sealed class ApiKeyStore(AccountsDatabase database, TimeProvider time)
{
    private const int KnownMax = 1024;
    private static readonly TimeSpan KnownFor = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, (ApiKey Key, long At)> known = new();

    /// <summary>The account of a key, or null where there is no such key.</summary>
    public async Task<ApiKey?> FindAsync(string key, CancellationToken cancellationToken)
    {
        string hash = ApiKey.HashOf(key);
        if (known.TryGetValue(hash, out (ApiKey Key, long At) entry) && time.GetElapsedTime(entry.At) < KnownFor)
        {
            return entry.Key;
        }

        ApiKey? found = await database.ReadAsync(
            session => session.QueryFirstOrDefaultAsync<ApiKey>(
                "select key_hash as KeyHash, account as Account, scopes as Scopes from api_keys where key_hash = @hash",
                new { hash }),
            cancellationToken);
        if (found is not null)
        {
            if (known.Count >= KnownMax)
            {
                known.Clear();
            }

            known[hash] = (found, time.GetTimestamp());
        }

        return found;
    }

    /// <summary>Stores a key; the same one again changes nothing.</summary>
    public Task AddAsync(ApiKey key, CancellationToken cancellationToken)
    {
        long created = time.GetUtcNow().ToUnixTimeMilliseconds();
        return database.WriteAsync(
            session => session.ExecuteAsync(
                """
                insert into api_keys (key_hash, account, scopes, created)
                values (@KeyHash, @Account, @Scopes, @created) on conflict do nothing
                """,
                new { key.KeyHash, key.Account, key.Scopes, created }),
            cancellationToken);
    }
}
