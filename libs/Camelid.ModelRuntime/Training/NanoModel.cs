using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Training;

/// <summary>What camelid-nano is: shapes, special tokens and the sizes of its training text.</summary>
internal static class NanoModel
{
    /// <summary>Name of the model.</summary>
    internal const string Name = "camelid-nano";

    /// <summary>Ends an answer, a turn and a story.</summary>
    internal const uint EndToken = 0;

    /// <summary>Documents in which the byte pairs are counted.</summary>
    internal const int VocabularyDocuments = 20_000;

    /// <summary>The special tokens, in the order of their ids.</summary>
    internal static readonly string[] SpecialTokens = ["<|end|>", "<|user|>", "<|assistant|>", "<|system|>"];

    /// <summary>The shapes: 1,476,288 weights.</summary>
    internal static readonly ModelArchitecture Architecture = new()
    {
        Family = "llama", HiddenSize = 192, Layers = 4, Heads = 6, KeyValueHeads = 2, HeadSize = 32,
        FeedForwardSize = 384, VocabularySize = 1024, ContextTokensMax = 512, NormEpsilon = 1e-5f, RotaryBase = 10_000,
        TiedEmbedding = true,
    };

    /// <summary>The special token that opens a turn.</summary>
    internal static uint RoleToken(string role) => role switch
    {
        "user" => 1,
        "assistant" => 2,
        "system" => 3,
        _ => throw new ArgumentException($"no such role: {role}", nameof(role)),
    };
}
