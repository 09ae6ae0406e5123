using Camelid.ModelRuntime.Graphs;

namespace Camelid.ModelRuntime;

/// <summary>How a model is run. None of this changes a bit of what it says.</summary>
public sealed record LanguageModelOptions
{
    /// <summary>Most slots of an engine.</summary>
    public const int SlotsMax = 64;

    /// <summary>What computes.</summary>
    public ExecutionProvider Provider { get; init; } = ExecutionProvider.Cpu;

    /// <summary>Threads of one operator.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Requests that run at once, 1 … 64.</summary>
    public int Slots { get; init; } = 4;

    /// <summary>Requests that may wait.</summary>
    public int QueueMax { get; init; } = 256;

    /// <summary>
    /// Most prompt tokens of all requests in one step beside others that decode; eight times as many where none does.
    /// </summary>
    public int PrefillChunkTokens { get; init; } = 64;

    /// <summary>
    /// Memory for keys and values in bytes, those kept for later prompts included; 0 takes a quarter of the memory that
    /// the process may have.
    /// </summary>
    public long KeyValueBytesMax { get; init; }

    /// <summary>True where the keys and values of a prompt's beginning are taken from an earlier request.</summary>
    public bool ReusesPrefixes { get; init; } = true;

    /// <summary>Most tokens guessed ahead of a request in one step; 0 guesses none.</summary>
    public int DraftTokensMax { get; init; } = 7;

    /// <summary>The clock of deadlines.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Says what is out of range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is.</exception>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 1, nameof(Threads));
        ArgumentOutOfRangeException.ThrowIfLessThan(Slots, 1, nameof(Slots));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Slots, SlotsMax, nameof(Slots));
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueMax, 1, nameof(QueueMax));
        ArgumentOutOfRangeException.ThrowIfLessThan(PrefillChunkTokens, 1, nameof(PrefillChunkTokens));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PrefillChunkTokens, 128, nameof(PrefillChunkTokens));
        ArgumentOutOfRangeException.ThrowIfNegative(KeyValueBytesMax, nameof(KeyValueBytesMax));
        ArgumentOutOfRangeException.ThrowIfNegative(DraftTokensMax, nameof(DraftTokensMax));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(DraftTokensMax, 15, nameof(DraftTokensMax));
    }
}
