using System.Text;
using System.Text.Json;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;
using Camelid.ModelRuntime.Training;
using Camelid.TestKit;

namespace Camelid.ModelRuntime.Tests.Tokenization;

/// <summary>SentencePiece vocabularies: the real one of stories260k, and a second, naive encoder.</summary>
public sealed class SentencePieceTests
{
    private const string Legacy =
        """
        {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
        {"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
        """;

    private const string ReplaceOnly = """{"type":"Replace","pattern":{"String":" "},"content":"▁"}""";

    public static TheoryData<string> Texts => new()
    {
        "", " ", "  ", "Once upon a time", " leading", "trailing ", "  two  spaces\n\n", "it's you've don't I'LL",
        "a\u2581b", "\u2581", "<s>x</s>", "<unk>", "<0x0A>", "\0a\0", "\ud83d\ude00 e\u0301",
        "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67", "caf\u00e9", "\u4e2d\u6587",
        "tab\there\r\n", "\u0001\u007f",
    };

    [Fact]
    public void An_answer_keeps_the_space_that_it_begins_with_and_a_whole_text_does_not()
    {
        using ModelTokenizer tokenizer = Stories();
        uint[] words = tokenizer.Encode("Lily was here");
        Assert.Equal("Lily was here", tokenizer.Decode(words));
        Assert.Equal(" Lily was here", tokenizer.DecodeAnswer(words));
    }

    [Fact]
    public void The_reference_prompts_of_stories260k_give_its_ids()
    {
        using ModelTokenizer tokenizer = Stories();
        foreach (JsonElement prompt in
            SharedFiles.Json("models", "stories260k", "hf", "reference.json").GetProperty("prompts").EnumerateArray())
        {
            uint[] expected = [.. prompt.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetUInt32())];
            uint[] continuation =
                [.. prompt.GetProperty("continuation_ids").EnumerateArray().Select(id => id.GetUInt32())];
            string text = prompt.GetProperty("prompt").GetString()!;
            Assert.Equal(expected, tokenizer.EncodePrompt(text));
            Assert.Equal(expected[1..], tokenizer.Encode(text));
            Assert.Equal(text, tokenizer.Decode(expected));
            Assert.Equal(prompt.GetProperty("text").GetString(), tokenizer.Decode([.. expected, .. continuation]));
            Assert.Equal(prompt.GetProperty("continuation_text").GetString(), Stream(tokenizer, continuation));
        }
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_naive_encoder_gives_the_same_ids(string text)
    {
        byte[] json = File.ReadAllBytes(StoriesPath());
        using ModelTokenizer tokenizer = Stories();
        Assert.Equal(new NaiveEncoder(json).Encode(text), tokenizer.Encode(text));
    }

    [Fact]
    public void A_naive_encoder_gives_the_same_ids_for_random_text()
    {
        const int Seed = 20261121;
        using ModelTokenizer tokenizer = Stories();
        NaiveEncoder naive = new(File.ReadAllBytes(StoriesPath()));
        SplitMix64 random = new(Seed);
        string[] pieces =
        [
            " ", "  ", "the", "a", "he", "s", "\n", "'s", "\u2581", "\u00e9", "<s>", "ing", "T", "?!", "\ud83d\ude00",
        ];
        for (int i = 0; i < 500; i++)
        {
            string text = string.Concat(
                Enumerable.Range(0, random.Below(20)).Select(_ => pieces[random.Below(pieces.Length)]));
            Assert.Equal(naive.Encode(text), tokenizer.Encode(text));
        }
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void The_library_gives_the_same_ids_where_no_special_token_is_written(string text)
    {
        using ModelTokenizer tokenizer = Stories();
        string[] beyond = ["\0", "s>", "<unk>"];
        if (text.Length > 0 && !beyond.Any(part => text.Contains(part, StringComparison.Ordinal)))
        {
            using OrtxTokenizer library = new(Path.GetDirectoryName(StoriesPath())!);
            Assert.Equal(tokenizer.EncodePrompt(text), library.Encode(text));
        }
    }

    /// <summary>The negative control: the library alone takes a user's words for special tokens.</summary>
    [Fact]
    public void Special_tokens_never_arise_from_text_though_the_library_makes_them()
    {
        using ModelTokenizer tokenizer = Stories();
        using OrtxTokenizer library = new(Path.GetDirectoryName(StoriesPath())!);
        Assert.Contains(2u, library.Encode("x</s>"));
        Assert.All(Texts, text => Assert.DoesNotContain(tokenizer.Encode(text), id => id < 3));
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void Text_comes_back_as_it_was_but_for_the_space_symbol(string text)
    {
        using ModelTokenizer tokenizer = TokenizerFiles.Open(TokenizerFiles.SentencePiece(Legacy, null));
        Assert.Equal(text.Replace('\u2581', ' '), tokenizer.Decode(tokenizer.Encode(text)));
    }

    [Fact]
    public void A_continuation_keeps_its_first_space_and_a_whole_text_does_not()
    {
        using ModelTokenizer tokenizer = TokenizerFiles.Open(TokenizerFiles.SentencePiece(Legacy, null));
        uint[] ids = tokenizer.Encode("a b");
        Assert.Equal(" a b", Stream(tokenizer, ids));
        Assert.Equal("a b", tokenizer.Decode(ids));
        Assert.Equal("a b", tokenizer.Decode([1, .. ids]));
    }

    [Fact]
    public void Bytes_of_a_character_are_joined_and_a_cut_one_is_replaced()
    {
        using ModelTokenizer tokenizer = TokenizerFiles.Open(TokenizerFiles.SentencePiece(Legacy, null));
        uint[] ids = tokenizer.Encode("\ud83d\ude00");
        Assert.Equal(5, ids.Length);
        Assert.Equal(
            ["\ud83d\ude00"], ids.Select(tokenizer.CreateStream().Push).Where(piece => piece.Trim().Length > 0));
        Assert.Equal("\ufffd", tokenizer.Decode(ids.AsSpan(1, 3)));
        Assert.Equal("\ufffd a", tokenizer.Decode([ids[1], ids[2], .. tokenizer.Encode("a")]));
    }

    [Fact]
    public void Half_a_surrogate_pair_becomes_a_replacement_character()
    {
        using ModelTokenizer tokenizer = TokenizerFiles.Open(TokenizerFiles.SentencePiece(Legacy, null));
        Assert.Equal("a\ufffdb", tokenizer.Decode(tokenizer.Encode("a\ud83db")));
    }

    [Theory]
    [InlineData("always", "aa", "\u2581a a")]
    [InlineData("always", " aa", "\u2581a a")]
    [InlineData("never", "aa", "aa")]
    [InlineData("first", "aa", "\u2581a a")]
    public void A_metaspace_puts_its_space_by_its_scheme(string scheme, string text, string expected)
    {
        byte[] json = TokenizerFiles.SentencePiece(
            ReplaceOnly, $$"""{"type":"Metaspace","replacement":"▁","prepend_scheme":"{{scheme}}","split":false}""");
        using ModelTokenizer tokenizer = TokenizerFiles.Open(json);
        Assert.Equal(expected.Split(' ').Select(piece => IdOf(json, piece)), tokenizer.Encode(text));
    }

    [Theory]
    [InlineData('a')]
    [InlineData(' ')]
    [InlineData('!')]
    [InlineData('\u4e2d')]
    public void A_megabyte_of_one_character_is_encoded(char character)
    {
        using ModelTokenizer tokenizer = TokenizerFiles.Open(TokenizerFiles.SentencePiece(Legacy, null));
        string text = new(character, 1 << 20);
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
    }

    [Fact]
    public void A_text_beyond_the_limit_is_refused_with_both_lengths()
    {
        using ModelTokenizer tokenizer = TokenizerFiles.Open(TokenizerFiles.SentencePiece(Legacy, null));
        ArgumentException refusal = Assert.Throws<ArgumentException>(
            () => tokenizer.Encode(new string('a', TextEncoder.TextCharactersMax + 1)));
        Assert.Contains($"{TextEncoder.TextCharactersMax + 1} characters", refusal.Message, StringComparison.Ordinal);
    }

    private static uint IdOf(byte[] json, string piece) =>
        JsonDocument.Parse(json).RootElement.GetProperty("model").GetProperty("vocab").GetProperty(piece).GetUInt32();

    private static string Stream(ModelTokenizer tokenizer, IEnumerable<uint> ids)
    {
        StreamingDetokenizer stream = tokenizer.CreateStream();
        return string.Concat(ids.Select(stream.Push)) + stream.Flush();
    }

    private static string StoriesPath() => SharedFiles.SkipUnless("models", "stories260k", "hf", "tokenizer.json");

    private static ModelTokenizer Stories() => ModelTokenizer.Open(
        File.ReadAllBytes(StoriesPath()), "tokenizer.json", new TokenizerSettings
        {
            ModelName = "stories260k", VocabularySize = 512, BeginToken = 1,
            SpecialTokens = [new SpecialToken(0, "<unk>"), new SpecialToken(1, "<s>"), new SpecialToken(2, "</s>")],
        });

    /// <summary>Looks for the best pair anew after every merge: slow and plain.</summary>
    private sealed class NaiveEncoder(byte[] json)
    {
        private readonly Dictionary<string, uint> ids = JsonDocument.Parse(json).RootElement.GetProperty("model")
            .GetProperty("vocab").EnumerateObject().ToDictionary(token => token.Name, token => token.Value.GetUInt32());

        private readonly List<string> merges = [.. JsonDocument.Parse(json).RootElement.GetProperty("model")
            .GetProperty("merges").EnumerateArray().Select(merge => merge.GetString()!)];

        internal List<uint> Encode(string text)
        {
            List<string> pieces =
                [.. (text.Length == 0 ? "" : " " + text).Replace(' ', '\u2581')
                    .EnumerateRunes().Select(rune => rune.ToString())];
            while (pieces.Count > 1)
            {
                (int rank, int at) = Enumerable.Range(0, pieces.Count - 1)
                    .Select(i => (merges.IndexOf($"{pieces[i]} {pieces[i + 1]}"), i))
                    .Where(found => found.Item1 >= 0).DefaultIfEmpty((-1, 0)).Min();
                if (rank < 0)
                {
                    break;
                }

                pieces[at] += pieces[at + 1];
                pieces.RemoveAt(at + 1);
            }

            return [.. pieces.SelectMany(piece => ids.TryGetValue(piece, out uint id)
                ? [id]
                : Encoding.UTF8.GetBytes(piece).Select(value => ids[$"<0x{value:X2}>"]))];
        }
    }
}
