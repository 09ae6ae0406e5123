using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing;

/// <summary>What a source says of its model, checked and in our terms.</summary>
internal sealed record ImportedModel
{
    /// <summary>The shapes.</summary>
    public required ModelArchitecture Architecture { get; init; }

    /// <summary>The name that the source gives, or that its folder or file has.</summary>
    public required string Name { get; init; }

    /// <summary>SPDX identifier of the licence; <c>unknown</c> where the source names none.</summary>
    public required string Licence { get; init; }

    /// <summary>Tokens that end an answer, at least one.</summary>
    public required IReadOnlyList<uint> EndTokens { get; init; }

    /// <summary>The token before the first one of a prompt; null where the model has none.</summary>
    public uint? BeginToken { get; init; }

    /// <summary>Tokens that stand for no text.</summary>
    public required IReadOnlyList<SpecialToken> SpecialTokens { get; init; }

    /// <summary>How a conversation becomes tokens; null where the model knows none.</summary>
    public ChatTemplate? Chat { get; init; }

    /// <summary>The precision that keeps what the source has.</summary>
    public required string DefaultPrecision { get; init; }

    /// <summary>What the user is told: whatever is changed or cut on the way in.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>
    /// <c>tokenizer.json</c>, <c>tokenizer_config.json</c> and the like, by name, with the chat template among them.
    /// </summary>
    public required IReadOnlyDictionary<string, byte[]> TokenizerFiles { get; init; }
}
