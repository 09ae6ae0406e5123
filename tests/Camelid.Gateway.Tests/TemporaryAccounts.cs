using Camelid.Gateway.Limits;
using Camelid.Gateway.Storage;
using Camelid.ServiceDefaults.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Camelid.Gateway.Tests;

/// <summary>A real accounts database in a folder of its own.</summary>
internal sealed class TemporaryAccounts : IDisposable
{
    public TemporaryAccounts()
    {
        Folder = Directory.CreateTempSubdirectory("camelid-gateway-").FullName;
        Database = new AccountsDatabase(ServiceDatabaseOptions.ForFile<AccountsDatabase>(
            AccountsDatabase.DatabaseName, Path.Combine(Folder, "accounts.db"), Time));
    }

    public string Folder { get; }

    public ManualTime Time { get; } = new();

    public AccountsDatabase Database { get; }

    /// <summary>No Redis is configured.</summary>
    public static RedisLink NoRedis { get; } = new(null, NullLogger<RedisLink>.Instance);

    public void Dispose()
    {
        Database.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
