using Camelid.Protocol.Models.Chunks;

namespace Camelid.ModelRegistry.Distribution.Pulls;

/// <summary>Where a download is.</summary>
internal enum PullState
{
    /// <summary>Waits for others to end.</summary>
    Queued,

    /// <summary>Looks for who has the model.</summary>
    Finding,

    /// <summary>Fetches chunks.</summary>
    Fetching,

    /// <summary>All chunks are there: flushed, read back, put into place.</summary>
    Installing,

    /// <summary>The model is here.</summary>
    Done,

    /// <summary>It ended without; the reason says why.</summary>
    Failed,
}

/// <summary>What a download got from one holder.</summary>
/// <param name="Address">Where it serves chunks.</param>
/// <param name="IsHere">True while it is connected.</param>
/// <param name="Fault">What is held against it.</param>
/// <param name="ChunksCount">Chunks that it sent and proved.</param>
/// <param name="BytesCount">Bytes of chunks that came from it, right or wrong.</param>
internal sealed record HolderReport(
    HolderAddress Address, bool IsHere, HolderFault Fault, int ChunksCount, long BytesCount);

/// <summary>How far a download is.</summary>
internal sealed record FetchReport
{
    public required long BytesCount { get; init; }

    public required long BytesHave { get; init; }

    public required int ChunksCount { get; init; }

    public required int ChunksHave { get; init; }

    /// <summary>How often the chunk came that came most often, in this run.</summary>
    public required int FetchesMost { get; init; }

    public required IReadOnlyList<HolderReport> Holders { get; init; }
}
