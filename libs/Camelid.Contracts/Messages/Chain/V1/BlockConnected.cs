namespace Camelid.Contracts.Chain.V1;

/// <summary>
/// Event: a block joined the active chain. May come twice after a restart; heights may repeat after a reorg.
/// </summary>
public sealed record BlockConnected
{
    /// <summary>Height of the block.</summary>
    public required int Height { get; init; }

    /// <summary>Hash of the block, 64 hexadecimal digits in byte order.</summary>
    public required string Hash { get; init; }

    /// <summary>Time of the block, Unix seconds.</summary>
    public required long TimeUnix { get; init; }

    /// <summary>Jobs whose transactions it holds, 64 hexadecimal digits each.</summary>
    public IReadOnlyList<string> JobIds { get; init; } = [];
}
