namespace Camelid.Contracts.Chain.V1;

/// <summary>Event: a block left the active chain in a reorg.</summary>
public sealed record BlockDisconnected
{
    /// <summary>Height that the block had.</summary>
    public required int Height { get; init; }

    /// <summary>Hash of the block, 64 hexadecimal digits in byte order.</summary>
    public required string Hash { get; init; }

    /// <summary>Jobs whose transactions it held, 64 hexadecimal digits each.</summary>
    public IReadOnlyList<string> JobIds { get; init; } = [];
}
