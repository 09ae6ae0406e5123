using System.Text.Json;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;
using Camelid.TestKit;

namespace Camelid.ModelRuntime.Tests.Tokenization;

/// <summary>Vocabularies inside GGUF files become Hugging Face's files and give the same ids.</summary>
public sealed class GgufVocabularyTests
{
    private static readonly string[] Texts =
    [
        "Once upon a time", " two  spaces", "caf\u00e9 \ud83d\ude00\n", "it's <s> </s>", "\u2581", "1234 abc", "",
    ];

    [Fact]
    public void The_vocabulary_of_stories260k_gives_the_ids_and_merges_of_its_folder()
    {
        JsonElement json = SharedFiles.Json("models", "stories260k", "hf", "tokenizer.json");
        IReadOnlyDictionary<string, byte[]> files = Stories(json).ToTokenizerFiles();
        JsonElement made = JsonDocument.Parse(files["tokenizer.json"]).RootElement;
        Assert.Equal(
            json.GetProperty("model").GetProperty("merges").EnumerateArray().Select(merge => merge.GetString()),
            made.GetProperty("model").GetProperty("merges").EnumerateArray().Select(merge => $"{merge[0]} {merge[1]}"));
        using ModelTokenizer own = ModelTokenizer.Open(
            JsonSerializer.SerializeToUtf8Bytes(json), "tokenizer.json", Settings(1));
        using ModelTokenizer converted = ModelTokenizer.Open(files["tokenizer.json"], "gguf", Settings(1));
        Assert.All(Texts, text => Assert.Equal(own.EncodePrompt(text), converted.EncodePrompt(text)));
        ImportedTokenizer imported = TokenizerImport.Read(files, 512);
        Assert.Equal(1u, imported.BeginToken);
        Assert.Equal([1u, 2u], imported.EndTokens);
        Assert.Equal([0u, 1u, 2u], imported.SpecialTokens.Select(token => token.Id));
    }

    [Theory]
    [InlineData("gpt-2", WordPattern.Gpt2)]
    [InlineData("default", WordPattern.Gpt2)]
    [InlineData(null, WordPattern.Gpt2)]
    [InlineData("smollm", WordPattern.Gpt2)]
    [InlineData("llama-bpe", WordPattern.Llama3)]
    [InlineData("qwen2", WordPattern.Qwen2)]
    public void A_byte_level_vocabulary_is_cut_by_its_name(string? name, object pattern)
    {
        GgufVocabulary vocabulary = ByteLevel() with { PreTokenizer = name };
        byte[] json = vocabulary.ToTokenizerFiles()["tokenizer.json"];
        TokenizerRules rules = TokenizerJson.Read(json, "gguf", TokenizerFiles.RoomForMore).Rules;
        Assert.Equal((WordPattern)pattern, rules.Pattern);
        Assert.Equal((name == "smollm", name == "qwen2", name == "llama-bpe"),
            (rules.SeparatesDigits, rules.Composes, rules.PrefersWholeWords));
        using ModelTokenizer converted = TokenizerFiles.Open(json);
        Assert.All(Texts, text => Assert.Equal(text, converted.Decode(converted.Encode(text))));
    }

    [Fact]
    public void A_byte_level_vocabulary_gives_the_ids_of_its_own_file()
    {
        using ModelTokenizer converted = TokenizerFiles.Open(ByteLevel().ToTokenizerFiles()["tokenizer.json"]);
        using ModelTokenizer own = TokenizerFiles.Open(EmbeddedJson());
        Assert.All(Texts, text => Assert.Equal(own.Encode(text), converted.Encode(text)));
    }

    [Fact]
    public void End_tokens_and_the_template_come_along()
    {
        GgufVocabulary vocabulary = ByteLevel() with
        {
            EndToken = 0, EndOfTurnToken = 2, BeginToken = 1, AddsBeginToken = true,
            ChatTemplate = "{% for m in messages %}<|user|>{{ m.content }}<|end|>{% endfor %}",
        };
        ImportedTokenizer imported = TokenizerImport.Read(vocabulary.ToTokenizerFiles(), TokenizerFiles.RoomForMore);
        Assert.Equal([0u, 1u, 2u], imported.EndTokens);
        Assert.Equal(1u, imported.BeginToken);
        Assert.NotNull(imported.Chat);
    }

    [Fact]
    public void A_vocabulary_that_does_not_fit_together_is_refused_by_key()
    {
        GgufVocabulary good = ByteLevel();
        (GgufVocabulary Bad, string Reason)[] cases =
        [
            (good with { Model = "bert" }, "'bert'"),
            (good with { PreTokenizer = "tekken" }, "'tekken'"),
            (good with { Model = "llama" }, "0 scores for"),
            (good with { Tokens = [] }, "has not 1 to"),
            (good with { TokenTypes = [GgufTokenType.Normal] }, "1 token types for"),
            (good with { BeginToken = 100_000 }, "beyond its vocabulary"),
            (good with { Merges = ["ab"] }, "merge 0 ('ab') is no pair"),
            (good with { Tokens = [new string('a', 5000)], TokenTypes = [] }, "more than 4096 characters"),
            (good with { Model = "llama", Scores = [.. good.Tokens.Select(_ => float.NaN)] }, "no number"),
            (good with { ChatTemplate = new string('x', ChatTemplate.TextCharactersMax + 1) }, "chat template"),
        ];
        foreach ((GgufVocabulary bad, string reason) in cases)
        {
            ModelPackageException refusal = Assert.Throws<ModelPackageException>(() => bad.ToTokenizerFiles());
            Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        }
    }

    private static TokenizerSettings Settings(uint begin) => new()
    {
        ModelName = "stories260k", VocabularySize = 512, SpecialTokens = [], BeginToken = begin,
    };

    private static byte[] EmbeddedJson() =>
        File.ReadAllBytes(Path.Combine(ModelPackage.EmbeddedFolder, "tokenizer.json"));

    private static string[] TokensOf(JsonElement json) => [.. json.GetProperty("model").GetProperty("vocab")
        .EnumerateObject().OrderBy(token => token.Value.GetInt32()).Select(token => token.Name)];

    /// <summary>Scores as SentencePiece gives them: minus the rank, for pieces in the order of their ids.</summary>
    private static GgufVocabulary Stories(JsonElement json)
    {
        string[] tokens = TokensOf(json);
        return new GgufVocabulary
        {
            Model = "llama", Tokens = tokens, BeginToken = 1, EndToken = 2, UnknownToken = 0,
            Scores = [.. tokens.Select((_, id) => id < 259 ? 0f : 259f - id)],
            TokenTypes = [.. tokens.Select((token, id) => id == 0 ? GgufTokenType.Unknown
                : id < 3 ? GgufTokenType.Control
                : ByteToken.TryByte(token, out _) ? GgufTokenType.Byte : GgufTokenType.Normal)],
        };
    }

    private static GgufVocabulary ByteLevel()
    {
        JsonElement json = JsonDocument.Parse(EmbeddedJson()).RootElement;
        string[] tokens = TokensOf(json);
        return new GgufVocabulary
        {
            Model = "gpt2", Tokens = tokens,
            Merges = [.. json.GetProperty("model").GetProperty("merges").EnumerateArray()
                .Select(merge => merge.GetString()!)],
            TokenTypes = [.. tokens.Select((_, id) => id < 4 ? GgufTokenType.Control : GgufTokenType.Normal)],
        };
    }
}
