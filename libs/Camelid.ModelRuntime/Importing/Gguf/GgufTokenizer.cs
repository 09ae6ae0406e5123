using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;

namespace Camelid.ModelRuntime.Importing.Gguf;

/// <summary>The vocabulary inside a GGUF file, out of its <c>tokenizer.*</c> keys.</summary>
internal static class GgufTokenizer
{
    private const string Prefix = "tokenizer.ggml.";
    private const string TokensKey = Prefix + "tokens", TypesKey = Prefix + "token_type", ModelKey = Prefix + "model";

    /// <summary>Reads the keys.</summary>
    /// <param name="metadata">The file's metadata.</param>
    /// <param name="size">Rows of the embedding.</param>
    /// <exception cref="ModelImportException">A key is missing, of the wrong type, or of another
    /// vocabulary.</exception>
    internal static GgufVocabulary Vocabulary(GgufMetadata metadata, int size)
    {
        IReadOnlyList<string> tokens = metadata.Texts(TokensKey)
            ?? throw metadata.Refusal(TokensKey, "is missing: the file has no tokenizer");
        if (tokens.Count != size)
        {
            throw metadata.Refusal(
                TokensKey, $"has {tokens.Count} tokens, but tensor {GgufNames.Embedding} has {size} rows");
        }

        string model = metadata.Text(ModelKey) ?? throw metadata.Refusal(ModelKey, "is missing");
        return new GgufVocabulary
        {
            Model = JsonFields.Printable(model),
            Tokens = tokens,
            Scores = model == "llama"
                ? [.. (metadata.Numbers(Prefix + "scores") ?? []).Select(item => (float)item)]
                : [],
            Merges = metadata.Texts(Prefix + "merges") ?? [],
            TokenTypes = Types(metadata, size),
            BeginToken = Token(metadata, Prefix + "bos_token_id", size),
            EndToken = Token(metadata, Prefix + "eos_token_id", size),
            EndOfTurnToken = Token(metadata, Prefix + "eot_token_id", size),
            UnknownToken = Token(metadata, Prefix + "unknown_token_id", size),
            PaddingToken = Token(metadata, Prefix + "padding_token_id", size),
            AddsBeginToken = metadata.Flag(Prefix + "add_bos_token"),
            AddsSpacePrefix = metadata.Flag(Prefix + "add_space_prefix"),
            PreTokenizer = metadata.Text(Prefix + "pre"),
            ChatTemplate = metadata.Text("tokenizer.chat_template"),
        };
    }

    /// <summary>The vocabulary as Hugging Face's files.</summary>
    /// <exception cref="ModelImportException">It is one that cannot be followed exactly.</exception>
    internal static IReadOnlyDictionary<string, byte[]> Files(string file, GgufVocabulary vocabulary) =>
        Named(file, vocabulary.ToTokenizerFiles);

    /// <summary>What the files say of special tokens, as the manifest takes it.</summary>
    /// <exception cref="ModelImportException">They are ones that cannot be followed exactly.</exception>
    internal static ImportedTokenizer Read(string file, IReadOnlyDictionary<string, byte[]> files, int size) =>
        Named(file, () => TokenizerImport.Read(files, size));

    /// <summary>A token of the vocabulary by its key; null where absent.</summary>
    internal static uint? Token(GgufMetadata metadata, string key, int size) => (uint?)metadata.Whole(key, 0, size - 1);

    private static GgufTokenType[] Types(GgufMetadata metadata, int size)
    {
        if (metadata.Wholes(TypesKey) is not { } types)
        {
            return [];
        }

        if (types.Count != size)
        {
            throw metadata.Refusal(TypesKey, $"has {types.Count} entries for {size} tokens");
        }

        return types.All(type => type is >= 0 and <= (long)GgufTokenType.Byte)
            ? [.. types.Select(type => (GgufTokenType)type)]
            : throw metadata.Refusal(TypesKey, "has a type that does not exist");
    }

    private static T Named<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ModelPackageException refusal) when (refusal is not ModelImportException)
        {
            throw new ModelImportException($"{file}: {JsonFields.Printable(refusal.Message)}", refusal);
        }
    }
}
