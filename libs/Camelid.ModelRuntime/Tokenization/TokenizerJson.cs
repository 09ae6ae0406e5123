using System.Text.Json;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>
/// Reads the vocabulary of Hugging Face's <c>tokenizer.json</c>: byte-pair encoding over byte letters (GPT-2, Llama 3,
/// Qwen, SmolLM) or over characters with byte tokens (SentencePiece: Llama 2, Mistral).
/// </summary>
internal sealed class TokenizerJson
{
    /// <summary>Most bytes of the file.</summary>
    internal const int BytesMax = 64 << 20;

    /// <summary>Most characters of one token.</summary>
    internal const int TokenCharactersMax = 4096;

    /// <summary>Most merges.</summary>
    internal const int MergesMax = 1 << 22;

    private readonly string name;
    private readonly int vocabularySize;
    private readonly Dictionary<string, uint> ids = new(StringComparer.Ordinal);
    private readonly string?[] tokens;

    private TokenizerJson(string name, int vocabularySize) =>
        (this.name, this.vocabularySize, tokens) = (name, vocabularySize, new string?[vocabularySize]);

    /// <summary>Reads a file's bytes.</summary>
    /// <param name="json">The file.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="vocabularySize">Tokens that the model knows; the file may name fewer.</param>
    /// <exception cref="ModelPackageException">It is no such vocabulary, or one that this version cannot encode
    /// exactly; the message names the part.</exception>
    internal static TokenizerVocabulary Read(ReadOnlyMemory<byte> json, string name, int vocabularySize)
    {
        if (json.Length > BytesMax)
        {
            throw new ModelPackageException($"{name} is longer than {BytesMax} bytes");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return new TokenizerJson(name, vocabularySize).Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException)
        {
            throw new ModelPackageException($"{name} is not a vocabulary: {e.Message}", e);
        }
    }

    private TokenizerVocabulary Read(JsonElement root)
    {
        JsonElement model = root.GetProperty("model");
        string type = Text(model, "type") ?? "BPE";
        if (type != "BPE")
        {
            throw Unsupported($"its model is '{type}'; BPE is supported");
        }

        if (Text(model, "continuing_subword_prefix") is { Length: > 0 }
            || Text(model, "end_of_word_suffix") is { Length: > 0 })
        {
            throw Unsupported("its tokens carry prefixes or suffixes inside words");
        }

        foreach (JsonProperty token in model.GetProperty("vocab").EnumerateObject())
        {
            AddToken(token.Name, token.Value.GetUInt32());
        }

        AddedToken[] added = [.. ReadAdded(root)];
        return new TokenizerVocabulary
        {
            Tokens = tokens,
            AddedTokens = added,
            Merges = ReadMerges(model.GetProperty("merges")),
            Rules = new TokenizerRulesReader(name).Read(root),
            TemplateBeginToken = ReadBeginToken(root),
        };
    }

    private void AddToken(string text, uint id)
    {
        if (text.Length is 0 or > TokenCharactersMax)
        {
            throw new ModelPackageException($"{name}: token {id} has not 1 to {TokenCharactersMax} characters");
        }

        if (id >= vocabularySize)
        {
            throw new ModelPackageException(
                $"{name}: token '{text}' has id {id}, but the model knows {vocabularySize} tokens; "
                + "take the vocabulary and the weights from the same model");
        }

        if (tokens[id] is { } other && other != text)
        {
            throw new ModelPackageException($"{name}: tokens '{other}' and '{text}' both have id {id}");
        }

        tokens[id] = text;
        ids[text] = id;
    }

    private IEnumerable<AddedToken> ReadAdded(JsonElement root)
    {
        if (!root.TryGetProperty("added_tokens", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            yield break;
        }

        foreach (JsonElement token in list.EnumerateArray())
        {
            string text = Text(token, "content") ?? "";
            uint id = token.GetProperty("id").GetUInt32();
            AddToken(text, id);
            yield return new AddedToken(
                id, text, Flag(token, "special"), Flag(token, "lstrip"), Flag(token, "rstrip"));
        }
    }

    private List<(uint Left, uint Right, uint Merged)> ReadMerges(JsonElement list)
    {
        if (list.GetArrayLength() > MergesMax)
        {
            throw new ModelPackageException($"{name} has more than {MergesMax} merges");
        }

        List<(uint Left, uint Right, uint Merged)> merges = new(list.GetArrayLength());
        foreach (JsonElement merge in list.EnumerateArray())
        {
            string[] pair = merge.ValueKind == JsonValueKind.Array
                ? [.. merge.EnumerateArray().Select(part => part.GetString() ?? "")]
                : (merge.GetString() ?? "").Split(' ');
            if (pair.Length != 2
                || !ids.TryGetValue(pair[0], out uint left) || !ids.TryGetValue(pair[1], out uint right)
                || !ids.TryGetValue(pair[0] + pair[1], out uint merged))
            {
                throw new ModelPackageException(
                    $"{name}: merge {merges.Count} ('{string.Join(' ', pair)}') does not join two tokens to a third");
            }

            merges.Add((left, right, merged));
        }

        return merges;
    }

    /// <summary>The token that a TemplateProcessing puts first, alone or in a sequence.</summary>
    private uint? ReadBeginToken(JsonElement root)
    {
        if (!root.TryGetProperty("post_processor", out JsonElement processor)
            || processor.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        IEnumerable<JsonElement> steps = Text(processor, "type") == "Sequence"
            ? processor.GetProperty("processors").EnumerateArray()
            : [processor];
        foreach (JsonElement step in steps)
        {
            if (Text(step, "type") == "TemplateProcessing"
                && step.GetProperty("single").EnumerateArray().FirstOrDefault() is
                    { ValueKind: JsonValueKind.Object } first
                && first.TryGetProperty("SpecialToken", out JsonElement token))
            {
                string text = Text(token, "id") ?? "";
                return ids.TryGetValue(text, out uint id)
                    ? id
                    : throw new ModelPackageException($"{name}: its begin token '{text}' is not in the vocabulary");
            }
        }

        return null;
    }

    /// <summary>A text property; null where it is absent or null.</summary>
    internal static string? Text(JsonElement element, string property) =>
        element.TryGetProperty(property, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value.GetString()
            : null;

    /// <summary>A boolean property; false where it is absent.</summary>
    internal static bool Flag(JsonElement element, string property) =>
        element.TryGetProperty(property, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private ModelPackageException Unsupported(string what) =>
        new($"{name} is a tokenizer that this version does not know: {what}");
}
