using System.Text.Json.Serialization;

namespace Camelid.Client.Operator;

/// <summary>Answer of <c>GET /health</c>.</summary>
public sealed record HealthDocument
{
    /// <summary><c>Healthy</c> where a completion can be served now.</summary>
    public string Status { get; init; } = "";

    /// <summary>One line for each thing that is missing.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>True where a completion can be served now.</summary>
    [JsonIgnore]
    public bool IsReady => Status == "Healthy";
}
