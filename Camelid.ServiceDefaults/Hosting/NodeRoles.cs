using Microsoft.Extensions.Configuration;

namespace Camelid.ServiceDefaults.Hosting;

/// <summary>What an operator's node does for others and for itself: <c>Camelid:Roles</c>.</summary>
/// <param name="IsClient">It sends jobs and pays for them.</param>
/// <param name="IsWorker">It computes jobs and is paid for them.</param>
/// <param name="IsVerifier">It recomputes answers and attests what it finds.</param>
public sealed record NodeRoles(bool IsClient, bool IsWorker, bool IsVerifier)
{
    /// <summary>The key of the configuration.</summary>
    public const string Setting = "Camelid:Roles";

    private const string Client = "client";
    private const string Worker = "worker";
    private const string Verifier = "verifier";

    /// <summary>Every role: what a node has where nothing is said.</summary>
    public static NodeRoles All { get; } = new(true, true, true);

    /// <summary>Reads the roles of this process.</summary>
    /// <exception cref="InvalidOperationException">A name is no role.</exception>
    public static NodeRoles Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        string text = configuration[Setting] ?? "";
        return string.IsNullOrWhiteSpace(text)
            ? All
            : TryParse(text, out NodeRoles? roles) ? roles : throw new InvalidOperationException(
                $"{Setting} is '{text}'; it may be a list of {Client}, {Worker} and {Verifier}");
    }

    /// <summary>Reads a list such as <c>client,verifier</c>; each role at most once, at least one.</summary>
    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out NodeRoles? roles)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] names = text.Split(',', StringSplitOptions.TrimEntries);
        bool isGood = names.Distinct(StringComparer.Ordinal).Count() == names.Length
            && names.All(name => name is Client or Worker or Verifier);
        roles = isGood ? new(names.Contains(Client), names.Contains(Worker), names.Contains(Verifier)) : null;
        return isGood;
    }

    /// <summary>The list as it is written: client, worker, verifier.</summary>
    public override string ToString() => string.Join(',', new[]
    {
        IsClient ? Client : "", IsWorker ? Worker : "", IsVerifier ? Verifier : "",
    }.Where(name => name.Length > 0));
}
