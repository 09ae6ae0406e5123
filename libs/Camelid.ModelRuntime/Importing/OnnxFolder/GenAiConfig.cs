using System.Text.Json;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing.OnnxFolder;

/// <summary>What <c>genai_config.json</c> says of a decoder, as ONNX Runtime GenAI's model builder writes it.</summary>
internal sealed record GenAiConfig
{
    /// <summary>Its name.</summary>
    internal const string FileName = "genai_config.json";

    private const int BytesMax = 1 << 20;

    /// <summary>The graph's file name.</summary>
    internal required string GraphFile { get; init; }

    /// <summary>The graph's output.</summary>
    internal required string Logits { get; init; }

    /// <summary>The model's type, such as <c>llama</c>; may be a family that Camelid knows.</summary>
    internal required string Type { get; init; }

    /// <summary>Width of the residual stream.</summary>
    internal required int HiddenSize { get; init; }

    /// <summary>Decoder layers.</summary>
    internal required int Layers { get; init; }

    /// <summary>Query heads.</summary>
    internal required int Heads { get; init; }

    /// <summary>Key and value heads.</summary>
    internal required int KeyValueHeads { get; init; }

    /// <summary>Width of a head.</summary>
    internal required int HeadSize { get; init; }

    /// <summary>Tokens in the vocabulary.</summary>
    internal required int VocabularySize { get; init; }

    /// <summary>Positions that the model knows.</summary>
    internal required int ContextTokens { get; init; }

    /// <summary>Tokens that end an answer.</summary>
    internal required IReadOnlyList<uint> EndTokens { get; init; }

    /// <summary>Reads the file.</summary>
    /// <exception cref="ModelImportException">A field is missing, of the wrong type or out of range.</exception>
    internal static GenAiConfig Read(string folder)
    {
        JsonFields file = JsonFields.Read(Path.Combine(folder, FileName), BytesMax);
        JsonFields model = file.ObjectOrNull("model") ?? throw file.Missing("model");
        JsonFields decoder = model.ObjectOrNull("decoder") ?? throw model.Missing("decoder");
        foreach (string part in (string[])["encoder", "vision", "speech", "embedding"])
        {
            if (model.Has(part))
            {
                throw new ModelImportException(
                    $"{FileName}: model.{part} is not supported; a decoder of text alone is");
            }
        }

        if (decoder.Has("pipeline"))
        {
            throw new ModelImportException(
                $"{FileName}: model.decoder.pipeline is not supported; take a model in one graph");
        }

        string graph = decoder.TextOrNull("filename") ?? throw decoder.Missing("filename");
        int vocabulary = Size(model, "vocab_size", 1 << 22);
        return new GenAiConfig
        {
            GraphFile = IsPlainName(graph) ? graph : throw decoder.Wrong("filename", "the name of a file beside it"),
            Logits = decoder.ObjectOrNull("outputs")?.TextOrNull("logits") ?? "logits",
            Type = model.TextOrNull("type") ?? throw model.Missing("type"),
            HiddenSize = Size(decoder, "hidden_size", 65_536),
            Layers = Size(decoder, "num_hidden_layers", 512),
            Heads = Size(decoder, "num_attention_heads", 1024),
            KeyValueHeads = Size(decoder, "num_key_value_heads", 1024),
            HeadSize = Size(decoder, "head_size", 1024),
            VocabularySize = vocabulary,
            ContextTokens = Size(model, "context_length", int.MaxValue),
            EndTokens = Tokens(model, "eos_token_id", vocabulary),
        };
    }

    /// <summary>True for the name of a file that can only lie in the folder itself.</summary>
    internal static bool IsPlainName(string name) =>
        name.Length is > 0 and <= 255 && name is not ("." or "..") && name.AsSpan().IndexOfAny("/\\:\0") < 0;

    private static int Size(JsonFields fields, string name, int most) =>
        fields.Int32(name) is > 0 and int size && size <= most
            ? size
            : throw fields.Wrong(name, $"a size of 1 to {most}");

    private static uint[] Tokens(JsonFields model, string name, int vocabulary)
    {
        JsonElement[] values = model.Find(name) switch
        {
            null => [],
            { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Take(ModelManifest.EndTokensMax + 1)],
            { } one => [one],
        };
        return Array.TrueForAll(values, value => value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out int id) && id >= 0 && id < vocabulary)
            ? [.. values.Select(value => value.GetUInt32())]
            : throw model.Wrong(name, $"a token below {vocabulary}, or a list of such");
    }
}
