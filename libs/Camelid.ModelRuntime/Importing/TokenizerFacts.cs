using System.Text.Json;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;

namespace Camelid.ModelRuntime.Importing;

/// <summary>
/// What <c>tokenizer.json</c> and <c>tokenizer_config.json</c> say of a vocabulary, checked against the model's size.
/// </summary>
internal sealed class TokenizerFacts
{
    /// <summary>Names of the files.</summary>
    internal const string Vocabulary = ModelPackage.TokenizerFile, Configuration = "tokenizer_config.json";

    /// <summary>Most bytes of <c>tokenizer.json</c>, and of each file beside it.</summary>
    internal const int VocabularyBytesMax = 64 << 20, FileBytesMax = 4 << 20;

    private const int AddedTokensMax = 1 << 16;

    private readonly HashSet<string> texts = new(StringComparer.Ordinal);

    private TokenizerFacts()
    {
    }

    /// <summary>Reads and checks a folder's tokenizer, chat template included.</summary>
    /// <param name="files">Tokenizer files by name.</param>
    /// <param name="vocabularySize">Tokens that the model knows.</param>
    /// <exception cref="ModelPackageException">A file is missing, not the vocabulary of such a model, or one that
    /// cannot be followed exactly.</exception>
    internal static ImportedTokenizer Of(IReadOnlyDictionary<string, byte[]> files, int vocabularySize)
    {
        TokenizerFacts facts = new();
        JsonFields vocabulary = JsonFields.Parse(Vocabulary, Needed(files, Vocabulary));
        JsonFields configuration = JsonFields.Parse(Configuration, Needed(files, Configuration));
        facts.CheckVocabulary(vocabulary, vocabularySize);
        facts.CheckAddedTokens(vocabulary, vocabularySize);
        facts.CheckToken(configuration, "eos_token");
        if (configuration.BooleanOrNull("add_bos_token") is true)
        {
            facts.CheckToken(configuration, "bos_token");
        }

        try
        {
            return TokenizerImport.Read(files, vocabularySize);
        }
        catch (ModelPackageException refusal) when (refusal is not ModelImportException)
        {
            // The message may quote the file, whose control characters must not reach a terminal.
            string shown = string.Concat(refusal.Message.Select(letter => char.IsControl(letter) ? '?' : letter));
            throw new ModelImportException(shown, refusal);
        }
    }

    private static byte[] Needed(IReadOnlyDictionary<string, byte[]> files, string name) =>
        files.TryGetValue(name, out byte[]? content) ? content : throw new ModelImportException(
            $"{name} is missing; save the model's tokenizer as {Vocabulary} and {Configuration} beside it "
            + "(transformers: AutoTokenizer.from_pretrained(…).save_pretrained(…))");

    private void CheckVocabulary(JsonFields file, int vocabularySize)
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

            texts.Add(token.Name);
        }

        if (texts.Count == 0)
        {
            throw new ModelImportException($"{file.File}: the vocabulary is empty; take the model's own tokenizer");
        }
    }

    private void CheckAddedTokens(JsonFields file, int vocabularySize)
    {
        IReadOnlyList<JsonElement> added = file.List("added_tokens");
        if (added.Count > AddedTokensMax)
        {
            throw new ModelImportException(
                $"{file.File} adds {added.Count} tokens, {AddedTokensMax} are allowed; take the model's own");
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

            texts.Add(text);
            token.BooleanOrNull("special");
        }
    }

    /// <summary>A token of the configuration, which writes it as a text or as an object with content.</summary>
    private void CheckToken(JsonFields configuration, string name)
    {
        string? text = configuration.Find(name) is { ValueKind: JsonValueKind.Object }
            ? configuration.ObjectOrNull(name)!.Value.TextOrNull("content")
            : configuration.TextOrNull(name);
        if (text is not null && !texts.Contains(text))
        {
            throw new ModelImportException(
                $"{configuration.File}: {name} '{JsonFields.Printable(text)}' is not in {Vocabulary}; take the files "
                + "that belong together");
        }
    }
}
