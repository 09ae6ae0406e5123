using System.Text;
using System.Text.Json;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>What a manifest takes from a model's own tokenizer files.</summary>
internal sealed record ImportedTokenizer
{
    /// <summary>Tokens that stand for no text.</summary>
    public required IReadOnlyList<SpecialToken> SpecialTokens { get; init; }

    /// <summary>The token before every prompt; null where the model wants none.</summary>
    public required uint? BeginToken { get; init; }

    /// <summary>Tokens that end an answer; may be empty where no file names one.</summary>
    public required IReadOnlyList<uint> EndTokens { get; init; }

    /// <summary>How a conversation becomes tokens; null where the model has no chat template.</summary>
    public required ChatTemplate? Chat { get; init; }
}

/// <summary>
/// Reads a model's tokenizer files: <c>tokenizer.json</c>, and where they are there <c>tokenizer_config.json</c>,
/// <c>generation_config.json</c>, <c>config.json</c> and <c>chat_template.jinja</c>.
/// </summary>
internal sealed class TokenizerImport
{
    /// <summary>Tokens with which chat models end a turn.</summary>
    private static readonly string[] ChatEndTokens =
        ["<|im_end|>", "<|eot_id|>", "<|end|>", "<|end_of_turn|>", "<end_of_turn>", "</s>"];

    private readonly IReadOnlyDictionary<string, byte[]> files;
    private readonly TokenizerVocabulary vocabulary;
    private readonly JsonElement config;

    private TokenizerImport(IReadOnlyDictionary<string, byte[]> files, int vocabularySize)
    {
        this.files = files;
        vocabulary = files.TryGetValue(ModelPackage.TokenizerFile, out byte[]? json)
            ? TokenizerJson.Read(json, ModelPackage.TokenizerFile, vocabularySize)
            : throw new ModelPackageException(
                $"{ModelPackage.TokenizerFile} is missing; a SentencePiece model must be converted to it first");
        config = Parse("tokenizer_config.json");
    }

    /// <summary>Reads the files.</summary>
    /// <param name="files">The files' bytes by name.</param>
    /// <param name="vocabularySize">Tokens that the model knows.</param>
    /// <exception cref="ModelPackageException">A file is not what its name says, or its tokenizer or chat template
    /// is one that this version cannot follow exactly.</exception>
    internal static ImportedTokenizer Read(IReadOnlyDictionary<string, byte[]> files, int vocabularySize)
    {
        TokenizerImport import = new(files, vocabularySize);
        SpecialToken[] special = [.. import.vocabulary.AddedTokens.Where(token => token.IsSpecial)
            .OrderBy(token => token.Id).Select(token => new SpecialToken(token.Id, token.Text))];
        uint? begin = import.BeginToken();
        string template = import.TemplateText();
        import.CheckThatItOpens(special);
        return new ImportedTokenizer
        {
            SpecialTokens = special,
            BeginToken = begin,
            EndTokens = import.EndTokens(template, begin),
            Chat = import.Chat(template, special),
        };
    }

    private static string NamedText(JsonElement element, string property) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(property, out JsonElement value)
            ? value.ValueKind switch
            {
                JsonValueKind.String => value.GetString() ?? "",
                JsonValueKind.Object => TokenizerJson.Text(value, "content") ?? "",
                _ => "",
            }
            : "";

    private void CheckThatItOpens(IReadOnlyList<SpecialToken> special)
    {
        TokenizerSettings settings = new()
        {
            ModelName = "", VocabularySize = vocabulary.Tokens.Length, SpecialTokens = special,
        };
        ModelTokenizer.Open(files[ModelPackage.TokenizerFile], ModelPackage.TokenizerFile, settings).Dispose();
    }

    private JsonElement Parse(string name)
    {
        if (!files.TryGetValue(name, out byte[]? bytes))
        {
            return default;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new ModelPackageException($"{name} is not JSON: {e.Message}", e);
        }
    }

    private uint? BeginToken()
    {
        if (vocabulary.TemplateBeginToken is { } written)
        {
            // What the post-processor writes, the model saw in training.
            return written;
        }

        string text = NamedText(config, "bos_token");
        bool adds = config.ValueKind == JsonValueKind.Object && TokenizerJson.Flag(config, "add_bos_token");
        return !adds || text.Length == 0 ? null : vocabulary.Find(text) ?? throw new ModelPackageException(
            $"tokenizer_config.json: its begin token '{text}' is not in {ModelPackage.TokenizerFile}");
    }

    private List<uint> EndTokens(string template, uint? begin)
    {
        SortedSet<uint> ends = [];
        foreach (string name in new[] { "generation_config.json", "config.json" })
        {
            AddIds(Parse(name), name, ends);
        }

        IEnumerable<string> named = ChatEndTokens.Where(text => template.Contains(text, StringComparison.Ordinal))
            .Append(NamedText(config, "eos_token"));
        foreach (string text in named)
        {
            if (text.Length > 0 && vocabulary.Find(text) is { } id)
            {
                ends.Add(id);
            }
        }

        // Inside an answer a begin token is another text: models trained on packed texts end so.
        if (begin is { } first)
        {
            ends.Add(first);
        }

        return ends.Count <= ModelManifest.EndTokensMax
            ? [.. ends]
            : throw new ModelPackageException($"the files name more than {ModelManifest.EndTokensMax} end tokens");
    }

    private void AddIds(JsonElement file, string name, SortedSet<uint> ends)
    {
        if (file.ValueKind != JsonValueKind.Object || !file.TryGetProperty("eos_token_id", out JsonElement value)
            || value.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        IEnumerable<JsonElement> list = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value];
        foreach (JsonElement item in list)
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetUInt32(out uint id)
                || id >= vocabulary.Tokens.Length)
            {
                throw new ModelPackageException($"{name}: eos_token_id is not a token of the vocabulary");
            }

            ends.Add(id);
        }
    }

    private string TemplateText()
    {
        if (files.TryGetValue("chat_template.jinja", out byte[]? file))
        {
            return Encoding.UTF8.GetString(file);
        }

        if (config.ValueKind != JsonValueKind.Object || !config.TryGetProperty("chat_template", out JsonElement value))
        {
            return "";
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";
        }

        JsonElement[] named = [.. value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object)];
        JsonElement chosen = named.FirstOrDefault(item => NamedText(item, "name") == "default");
        return NamedText(chosen.ValueKind == JsonValueKind.Object ? chosen : named.FirstOrDefault(), "template");
    }

    private ChatTemplate? Chat(string template, IEnumerable<SpecialToken> special)
    {
        if (template.Length == 0)
        {
            return null;
        }

        ChatTemplateSource source = new(template, NamedText(config, "bos_token"), NamedText(config, "eos_token"));
        using ChatTemplateImport import = new(source, new AddedTokenSplitter(vocabulary, special));
        return import.Derive();
    }
}
