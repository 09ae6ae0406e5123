using System.Text;
using System.Text.RegularExpressions;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;
using Camelid.ModelRuntime.Training;

namespace Camelid.ModelRuntime.Tests.Tokenization;

/// <summary>How byte-level tokenizers cut words, against the expressions of their files.</summary>
public sealed class ByteLevelTests
{
    private const string Gpt2Cutting = """{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}""";

    private const string SmolLmCutting =
        """
        {"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},
        {"type":"ByteLevel","add_prefix_space":false,"use_regex":true}]}
        """;

    [Theory]
    [InlineData(WordPattern.Gpt2, TokenizerRulesReader.Gpt2Expression)]
    [InlineData(WordPattern.Llama3, TokenizerRulesReader.Llama3Expression)]
    [InlineData(WordPattern.Qwen2, TokenizerRulesReader.Qwen2Expression)]
    public void Words_are_cut_as_the_expression_cuts_them(object pattern, string expression)
    {
        const int Seed = 20261120;
        // The expressions are Unicode's; .NET's own \s differs from it in U+001C to U+001F, which stand in no piece.
        Regex reference = new(expression, RegexOptions.CultureInvariant);
        string[] pieces =
        [
            "'s", "'S", "'ve", "'LL", "'r", " ", "  ", "\n", "\r\n", "\t", "a", "the", " The", "1", "12", "1234", "!",
            "?!", ".", "\u00e9", "e\u0301", "\u4e2d\u6587", "\u00a0", "\u3000", "\u2028", "-", "_", "\u00b2", "\u2167",
            "\u0663", "(", "\u093e", "\u0915", "\u200d", "\u0085", "\u0001", "\ufeff", "\u00aa", "\u0130",
        ];
        SplitMix64 random = new(Seed);
        for (int i = 0; i < 3000; i++)
        {
            string text = string.Concat(
                Enumerable.Range(0, 1 + random.Below(8)).Select(_ => pieces[random.Below(pieces.Length)]));
            Assert.Equal(reference.Matches(text).Select(word => word.Value), Words(text, (WordPattern)pattern));
        }
    }

    [Theory]
    [InlineData(WordPattern.Gpt2, "x\ud835\udc00\ud835\udc01 y", "x\ud835\udc00\ud835\udc01| y")]
    [InlineData(WordPattern.Llama3, "\ud83d\ude00\ud83d\ude00\n\na", "\ud83d\ude00\ud83d\ude00\n\n|a")]
    [InlineData(WordPattern.Qwen2, "\ud83d\ude00\ud835\udc00 \ud835\udfd8\ud835\udfd9",
        "\ud83d\ude00\ud835\udc00| |\ud835\udfd8|\ud835\udfd9")]
    [InlineData(WordPattern.Llama3, "it'\u017f a", "it|'\u017f| a")]
    [InlineData(WordPattern.Gpt2, "a\u001cb", "a|\u001c|b")]
    public void Characters_beyond_the_basic_plane_are_whole_characters(object pattern, string text, string words) =>
        Assert.Equal(words.Split('|'), Words(text, (WordPattern)pattern));

    [Fact]
    public void SmolLm_takes_digits_one_by_one()
    {
        byte[] json = TokenizerFiles.ByteLevel(null, SmolLmCutting);
        using ModelTokenizer tokenizer = TokenizerFiles.Open(json);
        uint[] joined = [.. "a 12".Split(' ').SelectMany(tokenizer.Encode)];
        Assert.Equal([.. tokenizer.Encode("a"), .. tokenizer.Encode("1"), .. tokenizer.Encode("2")], joined);
        Assert.Equal(["a ", "1", "2", "b"], Digits("a 12b"));
    }

    [Fact]
    public void Qwens_normalizer_composes_characters()
    {
        using ModelTokenizer composing = TokenizerFiles.Open(
            TokenizerFiles.ByteLevel("""{"type":"NFC"}""", Gpt2Cutting));
        using ModelTokenizer plain = TokenizerFiles.Open(TokenizerFiles.ByteLevel(null, Gpt2Cutting));
        Assert.Equal(plain.Encode("caf\u00e9"), composing.Encode("cafe\u0301"));
        Assert.NotEqual(plain.Encode("caf\u00e9"), plain.Encode("cafe\u0301"));
    }

    [Theory]
    [InlineData('a')]
    [InlineData(' ')]
    [InlineData('\n')]
    [InlineData('7')]
    [InlineData('!')]
    public void A_megabyte_of_one_character_is_encoded(char character)
    {
        using ModelTokenizer tokenizer = TokenizerFiles.Open(TokenizerFiles.ByteLevel(null, SmolLmCutting));
        string text = new(character, 1 << 20);
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
    }

    [Theory]
    [InlineData("""{"type":"NFKC"}""", Gpt2Cutting, "normalizer 'NFKC'")]
    [InlineData(null, """{"type":"Whitespace"}""", "pre-tokenizer 'Whitespace'")]
    [InlineData(null, """{"type":"Split","pattern":{"Regex":"(a+)+$"},"behavior":"Isolated"}""", "(a+)+$")]
    [InlineData(null, """{"type":"Split","pattern":{"Regex":"a"},"behavior":"Removed"}""", "pre-tokenizer 'Split'")]
    [InlineData(null, """{"type":"Metaspace","replacement":"_"}""", "writes spaces as '_'")]
    [InlineData(null, """{"type":"Sequence","pretokenizers":[]}""", "neither writes bytes")]
    public void A_rule_that_is_not_known_is_refused_by_name(string? normalizer, string cutting, string reason)
    {
        byte[] json = TokenizerFiles.ByteLevel(normalizer, cutting);
        ModelPackageException refusal = Assert.Throws<ModelPackageException>(() => TokenizerFiles.Open(json));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"type\":\"BPE\"", "\"type\":\"Unigram\"", "'Unigram'")]
    [InlineData("\"merges\":[", "\"merges\":[\"q zz\",", "merge 0 ('q zz')")]
    [InlineData("\"merges\":[", "\"merges\":[\"q\",", "merge 0 ('q')")]
    [InlineData("\"vocab\":{", "\"vocab\":{\"zz\":2048,", "id 2048")]
    [InlineData("\"vocab\":{", "\"vocab\":{\"zz\":9,", "both have id 9")]
    [InlineData("\"vocab\":{", "\"vocab\":{\"\":2000,", "token 2000 has not 1")]
    [InlineData("\"vocab\":{", "\"vocab\":{\"zz\":-1,", "is not a vocabulary")]
    [InlineData("\"vocab\":{", "\"vocab\":[", "is not a vocabulary")]
    [InlineData("\"model\":", "\"modell\":", "is not a vocabulary")]
    [InlineData("\"end_of_word_suffix\":null", "\"end_of_word_suffix\":\"w\"", "prefixes or suffixes")]
    [InlineData("\"\u0120\":", "\"\u4e2d\":", "not written in byte letters")]
    public void A_vocabulary_that_is_damaged_is_refused_with_the_place(string old, string changed, string reason)
    {
        string text = File.ReadAllText(Path.Combine(ModelPackage.EmbeddedFolder, "tokenizer.json"));
        Assert.Contains(old, text, StringComparison.Ordinal);
        int at = text.IndexOf(old, StringComparison.Ordinal);
        text = text[..at] + changed + text[(at + old.Length)..];
        if (reason.StartsWith("not written", StringComparison.Ordinal))
        {
            text = text.Replace("\"merges\":[", "\"merges\":[],\"x\":[", StringComparison.Ordinal);
        }

        ModelPackageException refusal = Assert.Throws<ModelPackageException>(
            () => TokenizerFiles.Open(Encoding.UTF8.GetBytes(text)));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_cut_of_a_vocabulary_file_is_refused_as_such()
    {
        byte[] json = File.ReadAllBytes(Path.Combine(ModelPackage.EmbeddedFolder, "tokenizer.json"));
        for (int length = 0; length < json.Length; length += 97)
        {
            byte[] cut = json[..length];
            Assert.Throws<ModelPackageException>(() => TokenizerFiles.Open(cut));
        }
    }

    private static List<string> Words(string text, WordPattern pattern)
    {
        List<string> words = [];
        while (text.Length > 0)
        {
            int length = WordScanner.WordLength(text, pattern);
            words.Add(text[..length]);
            text = text[length..];
        }

        return words;
    }

    private static List<string> Digits(string text)
    {
        List<string> stretches = [];
        while (text.Length > 0)
        {
            int length = WordScanner.DigitLength(text);
            stretches.Add(text[..length]);
            text = text[length..];
        }

        return stretches;
    }
}
