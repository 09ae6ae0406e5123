using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>What a tokenizer needs beside its file; without weights.</summary>
public sealed record TokenizerSettings
{
    /// <summary>The name that messages use.</summary>
    public required string ModelName { get; init; }

    /// <summary>Tokens that the model knows.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Tokens that stand for no text, beside those that the file itself marks.</summary>
    public required IReadOnlyList<SpecialToken> SpecialTokens { get; init; }

    /// <summary>The token before every prompt; null where the model wants none.</summary>
    public uint? BeginToken { get; init; }

    /// <summary>How a conversation becomes tokens; null where the model knows none.</summary>
    public ChatTemplate? Chat { get; init; }

    /// <summary>What a manifest says.</summary>
    internal static TokenizerSettings Of(ModelManifest manifest) => new()
    {
        ModelName = manifest.Name,
        VocabularySize = manifest.VocabularySize,
        SpecialTokens = manifest.SpecialTokens,
        BeginToken = manifest.BeginToken,
        Chat = manifest.Chat,
    };
}
