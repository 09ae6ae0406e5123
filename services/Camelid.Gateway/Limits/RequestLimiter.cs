using System.Collections.Concurrent;
using Camelid.Gateway.Hosting;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Camelid.Gateway.Limits;

/// <summary>
/// Counts each key's requests by the minute: in Redis where there is one, shared by all gateways, else in memory.
/// </summary>
internal sealed class RequestLimiter(RedisLink redis, IOptions<GatewayOptions> options, TimeProvider time)
{
    private const int WindowSeconds = 60;
    private const int KeysMax = 10_000;

    private readonly ConcurrentDictionary<string, (long Window, long Count)> counts = new();

    /// <summary>Counts a request.</summary>
    /// <returns>0 where it may go on, otherwise the seconds until the next window.</returns>
    public async Task<int> TakeAsync(string keyHash)
    {
        long now = time.GetUtcNow().ToUnixTimeSeconds();
        long window = now / WindowSeconds;
        long count = await redis.TryAsync(database => CountAsync(database, keyHash, window), 0L);
        if (count == 0)
        {
            count = CountHere(keyHash, window);
        }

        return count <= options.Value.RequestsPerMinute ? 0 : (int)(((window + 1) * WindowSeconds) - now);
    }

    private static async Task<long> CountAsync(IDatabase database, string keyHash, long window)
    {
        RedisKey key = $"camelid:rate:{keyHash[..16]}:{window}";
        long count = await database.StringIncrementAsync(key);
        if (count == 1)
        {
            await database.KeyExpireAsync(key, TimeSpan.FromSeconds(2 * WindowSeconds));
        }

        return count;
    }

    private long CountHere(string keyHash, long window)
    {
        if (counts.Count >= KeysMax)
        {
            counts.Clear();
        }

        return counts.AddOrUpdate(
            keyHash, (window, 1L), (_, old) => old.Window == window ? (window, old.Count + 1) : (window, 1L)).Count;
    }
}
