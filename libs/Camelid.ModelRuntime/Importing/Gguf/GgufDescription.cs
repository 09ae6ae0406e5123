using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;

namespace Camelid.ModelRuntime.Importing.Gguf;

/// <summary>Reads from GGUF metadata what a model is besides its shapes: name, licence, tokens, precision.</summary>
internal static class GgufDescription
{
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
        GgufVocabulary vocabulary = GgufTokenizer.Vocabulary(metadata, architecture.VocabularySize);
        IReadOnlyDictionary<string, byte[]> files = GgufTokenizer.Files(file, vocabulary);
        ImportedTokenizer tokenizer = GgufTokenizer.Read(file, files, architecture.VocabularySize);
        string precision = DefaultPrecision(header);
        AddNotes(header, precision, notes);
        string? name = metadata.Text("general.name");
        string? licence = metadata.Text("general.license");
        return new ImportedModel
        {
            Architecture = architecture,
            Name = string.IsNullOrWhiteSpace(name) ? Path.GetFileNameWithoutExtension(file) : name,
            Licence = LicenceOf(licence),
            EndTokens = EndTokens(metadata, vocabulary, tokenizer),
            BeginToken = tokenizer.BeginToken,
            SpecialTokens = tokenizer.SpecialTokens,
            Chat = tokenizer.Chat,
            DefaultPrecision = precision,
            Notes = notes,
            TokenizerFiles = files,
        };
    }

    /// <summary>The licence where it is one word of those that licences have; a whole text is none.</summary>
    private static string LicenceOf(string? licence) =>
        licence is { Length: > 0 and <= 64 } && licence.All(letter => char.IsAsciiLetterOrDigit(letter)
            || letter is '.' or '-' or '+') ? licence : "unknown";

    private static uint[] EndTokens(GgufMetadata metadata, GgufVocabulary vocabulary, ImportedTokenizer tokenizer)
    {
        uint? endOfMessage = GgufTokenizer.Token(metadata, "tokenizer.ggml.eom_token_id", vocabulary.Tokens.Count);
        IEnumerable<uint> known = tokenizer.SpecialTokens.Where(token => EndTexts.Contains(token.Text)
            && vocabulary.TypeOf((int)token.Id) == GgufTokenType.Control).Select(token => token.Id);
        uint[] all = [.. tokenizer.EndTokens.Concat(known).Concat(endOfMessage is { } id ? [id] : []).Distinct()
            .Order().Take(ModelManifest.EndTokensMax)];
        return all.Length > 0
            ? all
            : throw metadata.Refusal("tokenizer.ggml.eos_token_id", "is missing, and no known token ends an answer");
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
