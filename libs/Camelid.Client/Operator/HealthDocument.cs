namespace Camelid.Client.Operator;

/// <summary>Answer of <c>GET /health</c>.</summary>
public sealed record HealthDocument
{
    /// <summary>True where a completion can be served now.</summary>
    public bool Ready { get; init; }

    /// <summary>One line for each thing that is missing.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];
}
