using Microsoft.Extensions.Configuration;

namespace Camelid.ServiceDefaults.Hosting;

/// <summary>
/// Where a process keeps its files: <c>DATA-DIR/{api-key,node.lock,keys/}</c> and <c>DATA-DIR/NETWORK/…</c>.
/// </summary>
public sealed class DataFolder
{
    private const string RegtestName = "regtest";

    /// <summary>
    /// Reads <c>Camelid:DataDir</c> (default <c>~/.camelid</c>) and <c>Camelid:Network</c> (default regtest).
    /// </summary>
    public DataFolder(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        string? configured = configuration["Camelid:DataDir"];
        Root = Path.GetFullPath(string.IsNullOrWhiteSpace(configured)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".camelid")
            : configured);
        NetworkName = configuration["Camelid:Network"] ?? RegtestName;
        Network = Path.Combine(Root, NetworkName);
    }

    /// <summary>The data folder itself.</summary>
    public string Root { get; }

    /// <summary><c>main</c>, <c>test</c> or <c>regtest</c>.</summary>
    public string NetworkName { get; }

    /// <summary>The folder of one network.</summary>
    public string Network { get; }

    /// <summary>Block log and snapshots.</summary>
    public string Chain => Path.Combine(Network, "chain");

    /// <summary>SQLite files, one for each service.</summary>
    public string Databases => Path.Combine(Network, "db");

    /// <summary>Model packages, each in a folder named by its root.</summary>
    public string Models => Path.Combine(Network, "models");

    /// <summary>The operator's seed.</summary>
    public string Keys => Path.Combine(Root, "keys");

    /// <summary>The first API key.</summary>
    public string ApiKeyFile => Path.Combine(Root, "api-key");
}
