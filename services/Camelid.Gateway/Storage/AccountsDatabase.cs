using Camelid.ServiceDefaults.Storage;

namespace Camelid.Gateway.Storage;

/// <summary>API keys, and which requests were seen.</summary>
internal sealed class AccountsDatabase(ServiceDatabaseOptions<AccountsDatabase> options) : ServiceDatabase(options)
{
    /// <summary>Name of the database.</summary>
    public const string DatabaseName = "accounts";
}
