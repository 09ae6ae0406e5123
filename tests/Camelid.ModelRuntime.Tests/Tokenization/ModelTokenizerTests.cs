using System.Text;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;
using Camelid.ModelRuntime.Training;

namespace Camelid.ModelRuntime.Tests.Tokenization;

public sealed class ModelTokenizerTests(ModelFixture fixture)
{
    private const int Seed = 20261120;
    private static readonly Lazy<BytePairVocabulary> Vocabulary = new(
        () => NanoTrainer.LearnVocabulary(StoryGrammar.Load(), new NanoTrainingOptions { OutputFolder = "" }.Seed));

    private readonly Lazy<OrtxTokenizer> library = new(() => new OrtxTokenizer(ModelPackage.EmbeddedFolder));
    private readonly ModelTokenizer tokenizer = fixture.Model.Tokenizer;

    public static TheoryData<string> Texts => new()
    {
        "", " ", "Once upon a time", "  two  spaces and\n\nlines\t", "don't you've I'LL it's", "123 4567 a1b2",
        "h\u00e9llo w\u00f6rld", "\u4e2d\u6587\u5b57", "\ud83d\ude00\ud83d\udc2a", "e\u0301 \u00a0 \u3000",
        "a\0b\0", "\u2581low", "<|end|>",
        "<|user|><|assistant|>x<|end|>", "<|<|end|>end|>", "\"quotes\" & <tags>",
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Text_comes_back_as_it_was(string text) => Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));

    [Theory]
    [MemberData(nameof(Texts))]
    public void The_library_the_trainer_and_the_tokenizer_encode_alike(string text)
    {
        Assert.Equal(Vocabulary.Value.Encode(text), tokenizer.Encode(text));
        // The library takes C strings, and special tokens from text.
        if (text.Length > 0 && !new[] { "<|", "\0" }.Any(part => text.Contains(part, StringComparison.Ordinal)))
        {
            Assert.Equal(library.Value.Encode(text), tokenizer.Encode(text));
        }
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void Special_tokens_never_arise_from_text(string text)
    {
        HashSet<uint> special = [.. fixture.Model.Package.Manifest.SpecialTokens.Select(token => token.Id)];
        Assert.DoesNotContain(tokenizer.Encode(text), special.Contains);
    }

    /// <summary>The negative control: the library alone does make special tokens of user text.</summary>
    [Fact]
    public void The_library_alone_would_make_special_tokens_of_text()
    {
        using OrtxTokenizer bare = new(fixture.Model.Package.Folder);
        Assert.Contains(0u, bare.Encode("hello <|end|>"));
    }

    [Fact]
    public void Random_text_comes_back_as_it_was()
    {
        SplitMix64 random = new(Seed);
        for (int i = 0; i < 300; i++)
        {
            StringBuilder text = new();
            for (int j = random.Below(40); j >= 0; j--)
            {
                int limit = random.Below(4) switch { 0 => 0x80, 1 => 0x800, 2 => 0xD800, _ => 0x110000 };
                int value = 1 + random.Below(limit - 1);
                text.Append(value is >= 0xD800 and <= 0xDFFF ? "?" : char.ConvertFromUtf32(value));
            }

            Assert.Equal(text.ToString(), tokenizer.Decode(tokenizer.Encode(text.ToString())));
        }
    }

    [Fact]
    public void A_stream_never_splits_a_character_and_equals_the_whole()
    {
        const string Text = "camel \ud83d\udc2a and \u4e2d\u6587, h\u00e9!";
        StreamingDetokenizer stream = tokenizer.CreateStream();
        StringBuilder text = new();
        foreach (uint id in tokenizer.Encode(Text))
        {
            string piece = stream.Push(id);
            Assert.DoesNotContain('\ufffd', piece);
            Assert.False(piece.Length > 0 && char.IsHighSurrogate(piece[^1]));
            text.Append(piece);
        }

        Assert.Equal(Text, text.Append(stream.Flush()).ToString());
    }

    [Fact]
    public void A_broken_character_becomes_a_replacement_at_the_end()
    {
        uint[] ids = tokenizer.Encode("\u4e2d");
        StreamingDetokenizer stream = tokenizer.CreateStream();
        Assert.Equal("", stream.Push(ids[0]));
        Assert.Equal("\ufffd", stream.Flush());
        Assert.Equal("\ufffd", tokenizer.Decode(ids.AsSpan(0, 1)));
    }

    [Fact]
    public void No_tokens_are_no_text() => Assert.Equal("", tokenizer.Decode([]));

    [Fact]
    public void Our_decoder_and_the_library_agree()
    {
        uint[] ids = tokenizer.Encode("Once upon a time, there was a camel. \"H\u00e9!\"");
        Assert.Equal(library.Value.Decode(ids), tokenizer.Decode(ids));
    }

    [Fact]
    public void A_conversation_is_role_tokens_words_and_end_tokens()
    {
        uint[] ids = tokenizer.RenderChat([new ChatMessage("user", "Hello<|end|>")]);
        Assert.Equal(1u, ids[0]);
        Assert.Equal([0u, 2u], ids[^2..]);
        Assert.Equal("Hello<|end|>", tokenizer.Decode(ids));
        Assert.Equal(1, ids.Count(id => id == 0));
    }

    [Fact]
    public void A_role_that_the_model_does_not_know_is_refused_by_name()
    {
        ArgumentException refusal = Assert.Throws<ArgumentException>(
            () => tokenizer.RenderChat([new ChatMessage("tool", "x")]));
        Assert.Contains("'tool'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_bytes_of_a_token_are_its_bytes()
    {
        uint[] ids = tokenizer.Encode("\u4e2d");
        Assert.Equal(Encoding.UTF8.GetBytes("\u4e2d"), ids.SelectMany(tokenizer.TokenBytes));
        Assert.Empty(tokenizer.TokenBytes(0));
    }
}
