using System.Text.Json;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>
/// Reads the normalizer and the pre-tokenizer of <c>tokenizer.json</c>. What it does not know exactly it refuses by
/// name: another cutting gives other tokens, and nothing would tell.
/// </summary>
internal sealed class TokenizerRulesReader(string name)
{
    /// <summary>SentencePiece's sign for a space.</summary>
    internal const char SpaceSymbol = '\u2581';

    /// <summary>The expression of Llama 3, as its file writes it.</summary>
    internal const string Llama3Expression =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
        + @"\s+(?!\S)|\s+";

    /// <summary>The expression of Qwen 2 and 3, as their files write it.</summary>
    internal const string Qwen2Expression =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
        + @"\s+(?!\S)|\s+";

    /// <summary>GPT-2's expression, where a file writes it instead of asking for it.</summary>
    internal const string Gpt2Expression =
        @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private bool byteLevel, composes, digits, replacesSpaces;
    private PrefixSpace prefix = PrefixSpace.Never;
    private WordPattern pattern = WordPattern.None;

    /// <summary>Reads the rules of a file.</summary>
    internal TokenizerRules Read(JsonElement root)
    {
        foreach (JsonElement step in Steps(root, "normalizer", "normalizers"))
        {
            ReadNormalizer(step);
        }

        foreach (JsonElement step in Steps(root, "pre_tokenizer", "pretokenizers"))
        {
            ReadPreTokenizer(step);
        }

        if (byteLevel == replacesSpaces)
        {
            throw Unsupported("it neither writes bytes as letters nor spaces as '\u2581'");
        }

        JsonElement model = root.GetProperty("model");
        return new TokenizerRules
        {
            IsByteLevel = byteLevel,
            PrefixSpace = prefix,
            Pattern = pattern,
            Composes = composes,
            SeparatesDigits = digits,
            PrefersWholeWords = TokenizerJson.Flag(model, "ignore_merges"),
        };
    }

    private static JsonElement[] Steps(JsonElement root, string property, string list)
    {
        if (!root.TryGetProperty(property, out JsonElement part) || part.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        return TokenizerJson.Text(part, "type") == "Sequence" ? [.. part.GetProperty(list).EnumerateArray()] : [part];
    }

    private void ReadNormalizer(JsonElement step)
    {
        string type = TokenizerJson.Text(step, "type") ?? "";
        switch (type)
        {
            case "NFC":
                composes = true;
                break;
            case "Prepend" when TokenizerJson.Text(step, "prepend") == SpaceSymbol.ToString():
                prefix = PrefixSpace.EverySegment;
                break;
            case "Replace" when TokenizerJson.Text(step.GetProperty("pattern"), "String") == " "
                && TokenizerJson.Text(step, "content") == SpaceSymbol.ToString():
                replacesSpaces = true;
                break;
            default:
                throw Unsupported($"its normalizer '{type}'");
        }
    }

    private void ReadPreTokenizer(JsonElement step)
    {
        string type = TokenizerJson.Text(step, "type") ?? "";
        switch (type)
        {
            case "ByteLevel":
                ReadByteLevel(step);
                break;
            case "Metaspace":
                ReadMetaspace(step);
                break;
            case "Digits" when TokenizerJson.Flag(step, "individual_digits"):
                digits = true;
                break;
            case "Split" when pattern == WordPattern.None && TokenizerJson.Text(step, "behavior") == "Isolated":
                pattern = TokenizerJson.Text(step.GetProperty("pattern"), "Regex") switch
                {
                    Llama3Expression => WordPattern.Llama3,
                    Qwen2Expression => WordPattern.Qwen2,
                    Gpt2Expression => WordPattern.Gpt2,
                    string other => throw Unsupported($"it cuts words by the expression {other}"),
                    null => throw Unsupported("it cuts words by a text"),
                };
                break;
            default:
                throw Unsupported($"its pre-tokenizer '{type}'");
        }
    }

    private void ReadByteLevel(JsonElement step)
    {
        byteLevel = true;
        bool cuts = !step.TryGetProperty("use_regex", out JsonElement expression)
            || expression.ValueKind != JsonValueKind.False;
        if (cuts && pattern != WordPattern.None)
        {
            throw Unsupported("it cuts words by two expressions");
        }

        pattern = cuts ? WordPattern.Gpt2 : pattern;
        prefix = TokenizerJson.Flag(step, "add_prefix_space") ? PrefixSpace.EverySegmentWithout : PrefixSpace.Never;
    }

    private void ReadMetaspace(JsonElement step)
    {
        if (TokenizerJson.Text(step, "replacement") is { } symbol && symbol != SpaceSymbol.ToString())
        {
            throw Unsupported($"it writes spaces as '{symbol}'");
        }

        replacesSpaces = true;
        string scheme = TokenizerJson.Text(step, "prepend_scheme")
            ?? (TokenizerJson.Flag(step, "add_prefix_space") ? "always" : "never");
        prefix = scheme switch
        {
            "always" => PrefixSpace.EverySegmentWithout,
            "first" => PrefixSpace.FirstSegmentWithout,
            "never" => PrefixSpace.Never,
            _ => throw Unsupported($"its prepend scheme '{scheme}'"),
        };
        bool cuts = !step.TryGetProperty("split", out JsonElement split) || split.ValueKind != JsonValueKind.False;
        pattern = cuts ? WordPattern.SpaceSymbol : pattern;
    }

    private ModelPackageException Unsupported(string what) =>
        new($"{name} is a tokenizer that this version does not know: {what}");
}
