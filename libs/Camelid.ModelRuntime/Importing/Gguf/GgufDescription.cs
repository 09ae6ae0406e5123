using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing.Gguf;

/// <summary>Reads from GGUF metadata what a model is besides its shapes: name, licence, tokens, precision.</summary>
internal static class GgufDescription
{
    private const string TokensKey = "tokenizer.ggml.tokens", TypesKey = "tokenizer.ggml.token_type";
    private const int Unknown = 2, Control = 3;

    /// <summary>Keys of tokens that end an answer.</summary>
    private static readonly string[] EndKeys =
        ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"];

    /// <summary>Control tokens that end a turn in widespread chat formats, whether or not a key names them.</summary>
    private static readonly string[] EndTexts =
        ["<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|endoftext|>", "</s>"];

    /// <summary>The description.</summary>
    /// <param name="file">Name of the file.</param>
    /// <param name="header">Its head.</param>
    /// <param name="architecture">The shapes.</param>
    /// <param name="notes">Notes so far; gets what is to be said of number formats.</param>
    internal static ImportedModel Of(
        string file, GgufHeader header, ModelArchitecture architecture, List<string> notes)
    {
        GgufMetadata metadata = header.Metadata;
        SpecialToken[] specials = SpecialTokens(metadata, architecture.VocabularySize);
        string precision = DefaultPrecision(header);
        AddNotes(header, precision, notes);
        string? name = metadata.Text("general.name");
        string? licence = metadata.Text("general.license");
        return new ImportedModel
        {
            Architecture = architecture,
            Name = string.IsNullOrWhiteSpace(name) ? Path.GetFileNameWithoutExtension(file) : name,
            Licence = string.IsNullOrWhiteSpace(licence) ? "unknown" : licence,
            EndTokens = EndTokens(metadata, specials, architecture.VocabularySize),
            BeginToken = BeginToken(metadata, architecture.VocabularySize),
            SpecialTokens = specials,
            DefaultPrecision = precision,
            Notes = notes,
            TokenizerFiles = new Dictionary<string, byte[]>(StringComparer.Ordinal),
        };
    }

    private static SpecialToken[] SpecialTokens(GgufMetadata metadata, int vocabulary)
    {
        IReadOnlyList<string> tokens = metadata.Texts(TokensKey)
            ?? throw metadata.Refusal(TokensKey, "is missing: the file has no tokenizer");
        if (tokens.Count != vocabulary)
        {
            throw metadata.Refusal(
                TokensKey, $"has {tokens.Count} tokens, but tensor {GgufNames.Embedding} has {vocabulary} rows");
        }

        if (metadata.Wholes(TypesKey) is not { } types)
        {
            return [];
        }

        return types.Count == vocabulary
            ? [.. types.Index().Where(item => item.Item is Unknown or Control && tokens[item.Index].Length > 0)
                .Select(item => new SpecialToken((uint)item.Index, tokens[item.Index]))]
            : throw metadata.Refusal(TypesKey, $"has {types.Count} entries for {vocabulary} tokens");
    }

    private static uint? BeginToken(GgufMetadata metadata, int vocabulary)
    {
        uint? begin = (uint?)metadata.Whole("tokenizer.ggml.bos_token_id", 0, vocabulary - 1);

        // Without the key, SentencePiece vocabularies begin with a token and byte-level ones do not.
        bool adds = metadata.Flag("tokenizer.ggml.add_bos_token")
            ?? metadata.Text("tokenizer.ggml.model") == "llama";
        return adds ? begin : null;
    }

    private static uint[] EndTokens(GgufMetadata metadata, SpecialToken[] specials, int vocabulary)
    {
        IEnumerable<uint> named = EndKeys.Select(key => metadata.Whole(key, 0, vocabulary - 1))
            .OfType<long>().Select(id => (uint)id);
        IEnumerable<uint> known = specials.Where(token => EndTexts.Contains(token.Text)).Select(token => token.Id);
        uint[] all = [.. named.Concat(known).Distinct().Order().Take(ModelManifest.EndTokensMax)];
        return all.Length > 0
            ? all
            : throw metadata.Refusal(EndKeys[0], "is missing, and no known token ends an answer");
    }

    /// <summary>The precision that keeps what most numbers of the layers' matrices have.</summary>
    private static string DefaultPrecision(GgufHeader header)
    {
        GgufTensorType most = header.Tensors.Values
            .Where(tensor => tensor.Rows > 1 && tensor.Name.StartsWith("blk.", StringComparison.Ordinal))
            .GroupBy(tensor => tensor.Type)
            .OrderByDescending(group => group.Sum(tensor => (double)tensor.Rows * tensor.Columns))
            .ThenBy(group => group.Key)
            .Select(group => group.Key).FirstOrDefault();
        return most switch
        {
            GgufTensorType.F32 or GgufTensorType.F16 or GgufTensorType.BF16 => Precision.Single,
            GgufTensorType.Q4_0 or GgufTensorType.Q4_1 or GgufTensorType.Q4_K => Precision.Int4,
            _ => Precision.Int8,
        };
    }

    private static void AddNotes(GgufHeader header, string precision, List<string> notes)
    {
        if (!Precision.IsQuantised(precision))
        {
            return;
        }

        foreach (IGrouping<GgufTensorType, GgufTensor> group in header.Tensors.Values
            .Where(tensor => tensor.Rows > 1).GroupBy(tensor => tensor.Type).OrderBy(group => group.Key))
        {
            if (GgufBlock.Of(group.Key) is { Elements: > 1 } && !GgufRepacker.Fits(group.Key, precision))
            {
                notes.Add($"{group.Key} tensors are requantised to {precision} (block {Precision.BlockSize}): values "
                    + $"change slightly; --precision {Precision.Single} keeps them");
            }
        }
    }
}
