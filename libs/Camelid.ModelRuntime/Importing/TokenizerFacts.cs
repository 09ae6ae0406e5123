using System.Text.Json;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing;

/// <summary>
/// What <c>tokenizer.json</c> and <c>tokenizer_config.json</c> say of a vocabulary, checked against the model's size.
/// </summary>
internal sealed record TokenizerFacts
{
    /// <summary>Names of the files.</summary>
    internal const string Vocabulary = ModelPackage.TokenizerFile, Configuration = "tokenizer_config.json";

    /// <summary>Most bytes of <c>tokenizer.json</c>, and of each file beside it.</summary>
    internal const int VocabularyBytesMax = 64 << 20, FileBytesMax = 4 << 20;

    private const int SpecialTokensMax = 1 << 16;

    private readonly Dictionary<string, uint> ids = new(StringComparer.Ordinal);
    private readonly List<SpecialToken> specialTokens = [];

    private TokenizerFacts()
    {
    }

    /// <summary>Tokens that stand for no text, by id.</summary>
    internal IReadOnlyList<SpecialToken> SpecialTokens => specialTokens;

    /// <summary>The token before every prompt; null where there is none.</summary>
    internal uint? BeginToken { get; private set; }

    /// <summary>The token that the tokenizer's configuration calls the end; null where it names none.</summary>
    internal uint? EndToken { get; private set; }

    /// <summary>Reads and checks both files.</summary>
    /// <param name="files">Tokenizer files by name.</param>
    /// <param name="vocabularySize">Tokens that the model knows.</param>
    /// <exception cref="ModelImportException">A file is missing, or not the vocabulary of such a model.</exception>
    internal static TokenizerFacts Of(IReadOnlyDictionary<string, byte[]> files, int vocabularySize)
    {
        TokenizerFacts facts = new();
        JsonFields vocabulary = JsonFields.Parse(Vocabulary, Needed(files, Vocabulary));
        JsonFields configuration = JsonFields.Parse(Configuration, Needed(files, Configuration));
        facts.ReadVocabulary(vocabulary, vocabularySize);
        facts.ReadSpecialTokens(vocabulary, vocabularySize);
        facts.EndToken = facts.TokenOf(configuration, "eos_token");
        facts.BeginToken = facts.BeginOf(vocabulary, configuration);
        return facts;
    }

    private static byte[] Needed(IReadOnlyDictionary<string, byte[]> files, string name) =>
        files.TryGetValue(name, out byte[]? content) ? content : throw new ModelImportException(
            $"{name} is missing; save the model's tokenizer as {Vocabulary} and {Configuration} beside it "
            + "(transformers: AutoTokenizer.from_pretrained(…).save_pretrained(…))");

    private void ReadVocabulary(JsonFields file, int vocabularySize)
    {
        JsonFields model = file.ObjectOrNull("model") ?? throw file.Missing("model");
        string type = model.TextOrNull("type") ?? "BPE";
        if (type != "BPE")
        {
            throw new ModelImportException(
                $"{file.File}: tokenizer '{JsonFields.Printable(type)}' is not supported; BPE is");
        }

        JsonFields vocabulary = model.ObjectOrNull("vocab") ?? throw model.Missing("vocab");
        HashSet<int> seen = [];
        foreach (JsonProperty token in vocabulary.Element.EnumerateObject())
        {
            if (token.Value.ValueKind != JsonValueKind.Number || !token.Value.TryGetInt32(out int id)
                || id < 0 || id >= vocabularySize)
            {
                throw new ModelImportException(
                    $"{file.File}: token '{JsonFields.Printable(token.Name)}' has an id outside of the model's "
                    + $"vocabulary of {vocabularySize}; take the tokenizer that belongs to the model");
            }

            if (!seen.Add(id))
            {
                throw new ModelImportException(
                    $"{file.File}: token '{JsonFields.Printable(token.Name)}' has id {id}, as another has; take the "
                    + "tokenizer that belongs to the model");
            }

            ids.Add(token.Name, (uint)id);
        }

        if (ids.Count == 0)
        {
            throw new ModelImportException($"{file.File}: the vocabulary is empty; take the model's own tokenizer");
        }
    }

    private void ReadSpecialTokens(JsonFields file, int vocabularySize)
    {
        IReadOnlyList<JsonElement> added = file.List("added_tokens");
        if (added.Count > SpecialTokensMax)
        {
            throw new ModelImportException(
                $"{file.File} adds {added.Count} tokens, {SpecialTokensMax} are allowed; take the model's own");
        }

        HashSet<int> seen = [];
        foreach (JsonElement element in added)
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                throw file.Wrong("added_tokens", "a list of objects");
            }

            JsonFields token = new(file.File, element, "added_tokens");
            int id = token.Int32("id");
            string text = token.TextOrNull("content") ?? throw token.Missing("content");
            if (id < 0 || id >= vocabularySize || text.Length == 0 || !seen.Add(id))
            {
                throw new ModelImportException(
                    $"{file.File}: added token '{JsonFields.Printable(text)}' has id {id}, which is outside of the "
                    + $"model's vocabulary of {vocabularySize} or taken, or it has no text; take the tokenizer that "
                    + "belongs to the model");
            }

            ids[text] = (uint)id;
            if (token.BooleanOrNull("special") is true)
            {
                specialTokens.Add(new SpecialToken((uint)id, text));
            }
        }

        specialTokens.Sort((a, b) => a.Id.CompareTo(b.Id));
    }

    /// <summary>A token of the configuration, which writes it as a text or as an object with content.</summary>
    private uint? TokenOf(JsonFields configuration, string name)
    {
        string? text = configuration.Find(name) is { ValueKind: JsonValueKind.Object }
            ? configuration.ObjectOrNull(name)!.Value.TextOrNull("content")
            : configuration.TextOrNull(name);
        return text is null ? null
            : ids.TryGetValue(text, out uint id) ? id
            : throw new ModelImportException(
                $"{configuration.File}: {name} '{JsonFields.Printable(text)}' is not in {Vocabulary}; take the files "
                + "that belong together");
    }

    /// <summary>
    /// The post-processor says what the trained model saw; where it says nothing, the configuration does.
    /// </summary>
    private uint? BeginOf(JsonFields vocabulary, JsonFields configuration)
    {
        JsonFields[] templates = [.. Templates(vocabulary.ObjectOrNull("post_processor"))];
        if (templates is [JsonFields template, ..]
            && template.List("single") is [{ ValueKind: JsonValueKind.Object } first, ..]
            && new JsonFields(vocabulary.File, first, "post_processor").ObjectOrNull("SpecialToken") is { } token
            && token.TextOrNull("id") is { } text && ids.TryGetValue(text, out uint id))
        {
            return id;
        }

        return configuration.BooleanOrNull("add_bos_token") is true ? TokenOf(configuration, "bos_token") : null;
    }

    private static IEnumerable<JsonFields> Templates(JsonFields? processor)
    {
        if (processor is not { } fields)
        {
            yield break;
        }

        switch (fields.TextOrNull("type"))
        {
            case "TemplateProcessing":
                yield return fields;
                break;
            case "Sequence":
                foreach (JsonElement part in fields.List("processors"))
                {
                    if (part.ValueKind == JsonValueKind.Object
                        && new JsonFields(fields.File, part, "post_processor") is var inner
                        && inner.TextOrNull("type") == "TemplateProcessing")
                    {
                        yield return inner;
                    }
                }

                break;
        }
    }
}
