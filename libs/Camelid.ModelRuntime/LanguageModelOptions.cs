namespace Camelid.ModelRuntime;

/// <summary>How a model is run.</summary>
public sealed record LanguageModelOptions
{
    /// <summary>Threads of one operator.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Requests that run at once.</summary>
    public int Slots { get; init; } = 4;

    /// <summary>Requests that may wait.</summary>
    public int QueueMax { get; init; } = 256;

    /// <summary>Most prompt tokens that one request takes in one step.</summary>
    public int PrefillChunkTokens { get; init; } = 64;

    /// <summary>The clock of deadlines.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
