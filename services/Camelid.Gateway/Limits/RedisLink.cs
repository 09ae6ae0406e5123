using StackExchange.Redis;

namespace Camelid.Gateway.Limits;

/// <summary>
/// The operator's Redis, where one is configured. Everything in it may vanish at any time: callers go on without it.
/// </summary>
/// <param name="connection">The connection, or null where no Redis is configured.</param>
/// <param name="logger">Where its absence is noted.</param>
internal sealed partial class RedisLink(IConnectionMultiplexer? connection, ILogger<RedisLink> logger)
{
    /// <summary>Runs an operation in Redis.</summary>
    /// <returns>Its result, or <paramref name="otherwise"/> where there is no Redis or it does not answer.</returns>
    public async Task<T> TryAsync<T>(Func<IDatabase, Task<T>> work, T otherwise)
    {
        if (connection is null)
        {
            return otherwise;
        }

        try
        {
            return await work(connection.GetDatabase());
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            LogRedisAway(exception.Message);
            return otherwise;
        }
    }

    [LoggerMessage(6010, LogLevel.Warning, "Redis does not answer, going on without it: {Reason}")]
    private partial void LogRedisAway(string reason);
}
