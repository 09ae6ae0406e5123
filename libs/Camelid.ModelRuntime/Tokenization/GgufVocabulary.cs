using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>How a GGUF file sorts its tokens (<c>tokenizer.ggml.token_type</c>).</summary>
internal enum GgufTokenType
{
    /// <summary>Not said.</summary>
    Undefined = 0,

    /// <summary>Text.</summary>
    Normal = 1,

    /// <summary>Stands for what the vocabulary cannot write.</summary>
    Unknown = 2,

    /// <summary>Special: stands for no text.</summary>
    Control = 3,

    /// <summary>Added by the model's maker; text.</summary>
    UserDefined = 4,

    /// <summary>Not used.</summary>
    Unused = 5,

    /// <summary>One byte.</summary>
    Byte = 6,
}

/// <summary>The vocabulary inside a GGUF file, as its <c>tokenizer.ggml.*</c> keys give it.</summary>
internal sealed record GgufVocabulary
{
    /// <summary>Most tokens.</summary>
    internal const int TokensMax = 1 << 22;

    /// <summary>Most characters of a token that has a score: every cut of it is tried.</summary>
    internal const int ScoredCharactersMax = 512;

    /// <summary><c>tokenizer.ggml.model</c>: <c>llama</c> or <c>gpt2</c>.</summary>
    public required string Model { get; init; }

    /// <summary>The tokens by id.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Scores by id, for <c>llama</c>: a higher one merges first. Empty for <c>gpt2</c>.</summary>
    public IReadOnlyList<float> Scores { get; init; } = [];

    /// <summary>Merges in order, two tokens and a space between, for <c>gpt2</c>.</summary>
    public IReadOnlyList<string> Merges { get; init; } = [];

    /// <summary>Types by id; empty where the file gives none: then all are normal.</summary>
    public IReadOnlyList<GgufTokenType> TokenTypes { get; init; } = [];

    /// <summary><c>bos_token_id</c>.</summary>
    public uint? BeginToken { get; init; }

    /// <summary><c>eos_token_id</c>.</summary>
    public uint? EndToken { get; init; }

    /// <summary><c>eot_token_id</c>: ends a turn.</summary>
    public uint? EndOfTurnToken { get; init; }

    /// <summary><c>unknown_token_id</c>.</summary>
    public uint? UnknownToken { get; init; }

    /// <summary><c>padding_token_id</c>.</summary>
    public uint? PaddingToken { get; init; }

    /// <summary>
    /// <c>add_bos_token</c>; null where the file does not say: true for <c>llama</c> and for Llama 3.
    /// </summary>
    public bool? AddsBeginToken { get; init; }

    /// <summary><c>add_space_prefix</c>; null where the file does not say: true for <c>llama</c>.</summary>
    public bool? AddsSpacePrefix { get; init; }

    /// <summary><c>pre</c>: how words are cut, for <c>gpt2</c>; null where the file does not say.</summary>
    public string? PreTokenizer { get; init; }

    /// <summary><c>chat_template</c>.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>
    /// The same vocabulary as <c>tokenizer.json</c>, <c>tokenizer_config.json</c> and <c>generation_config.json</c>.
    /// </summary>
    /// <exception cref="ModelPackageException">The keys do not fit together, or name a kind of tokenizer that this
    /// version does not know.</exception>
    internal IReadOnlyDictionary<string, byte[]> ToTokenizerFiles()
    {
        CheckCounts();
        return new GgufTokenizerWriter(this).Write();
    }

    /// <summary>The type of a token.</summary>
    internal GgufTokenType TypeOf(int id) => TokenTypes.Count == 0 ? GgufTokenType.Normal : TokenTypes[id];

    private void CheckCounts()
    {
        string fault = 0 switch
        {
            _ when Tokens.Count is 0 or > TokensMax => $"has not 1 to {TokensMax} tokens",
            _ when Model is not ("llama" or "gpt2") =>
                $"has the tokenizer '{Model}', which this version does not know; llama and gpt2 are supported",
            _ when Model == "llama" && Scores.Count != Tokens.Count =>
                $"has {Scores.Count} scores for {Tokens.Count} tokens",
            _ when Merges.Count > TokenizerJson.MergesMax => $"has more than {TokenizerJson.MergesMax} merges",
            _ when TokenTypes.Count != 0 && TokenTypes.Count != Tokens.Count =>
                $"has {TokenTypes.Count} token types for {Tokens.Count} tokens",
            _ when Tokens.Any(token => token is null || token.Length > TokenizerJson.TokenCharactersMax) =>
                $"has a token of more than {TokenizerJson.TokenCharactersMax} characters",
            _ when Scores.Any(float.IsNaN) => "has a score that is no number",
            _ when new[] { BeginToken, EndToken, EndOfTurnToken, UnknownToken, PaddingToken }
                .Any(id => id >= Tokens.Count) => "names a special token beyond its vocabulary",
            _ when ChatTemplate?.Length > Packages.ChatTemplate.TextCharactersMax =>
                $"has a chat template of more than {Packages.ChatTemplate.TextCharactersMax} characters",
            _ => "",
        };
        if (fault.Length > 0)
        {
            throw new ModelPackageException($"the vocabulary (tokenizer.ggml.*) {fault}");
        }
    }
}
