using Camelid.ModelRuntime.Importing.HuggingFace;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;

namespace Camelid.ModelRuntime.Importing.OnnxFolder;

/// <summary>
/// A ready ONNX decoder: <c>genai_config.json</c>, a graph with its external data, and tokenizer files, as ONNX Runtime
/// GenAI's model builder writes them. The weights are taken out of the graph, which is checked to compute what the slot
/// graph computes, and is not used itself.
/// </summary>
internal sealed class OnnxFolderSource : IModelSourceReader
{
    private readonly OnnxDecoderGraph graph;
    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);

    private OnnxFolderSource(OnnxDecoderGraph graph, GenAiConfig config, string folder)
    {
        this.graph = graph;
        OnnxDecoder decoder = OnnxDecoderReader.Read(graph, config);
        List<string> notes = [];
        ModelArchitecture architecture = OnnxArchitecture.Of(graph, config, decoder, notes);
        foreach ((int number, OnnxLayer layer) in decoder.Layers.Index())
        {
            Add(number, layer, architecture);
        }

        Add(ExpectedTensors.Embedding, decoder.Embedding);
        Add(ExpectedTensors.FinalNorm, decoder.FinalNorm.Weight);
        if (!architecture.TiedEmbedding)
        {
            Add(ExpectedTensors.Output, decoder.Head.Matrix);
        }

        Files = graph.Files;
        Dictionary<string, byte[]> tokenizer = FolderFiles.ReadTokenizerFiles(folder);
        ImportedTokenizer facts = TokenizerFacts.Of(tokenizer, architecture.VocabularySize);
        string precision = DefaultPrecision(decoder);
        AddNotes(precision, notes);
        Model = new ImportedModel
        {
            Architecture = architecture,
            Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))),
            Licence = "unknown",
            EndTokens = EndTokens(config, facts),
            BeginToken = facts.BeginToken,
            SpecialTokens = facts.SpecialTokens,
            Chat = facts.Chat,
            DefaultPrecision = precision,
            Notes = notes,
            TokenizerFiles = tokenizer,
        };
    }

    /// <inheritdoc/>
    public ImportedModel Model { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Opens a folder and checks all but the numbers themselves.</summary>
    /// <exception cref="ModelImportException">It is damaged, or computes something else.</exception>
    internal static OnnxFolderSource Open(string folder)
    {
        GenAiConfig config = GenAiConfig.Read(folder);
        OnnxDecoderGraph? graph = OnnxDecoderGraph.Read(folder, config.GraphFile);
        try
        {
            OnnxFolderSource source = new(graph, config, folder);
            graph = null;
            return source;
        }
        finally
        {
            graph?.Dispose();
        }
    }

    /// <inheritdoc/>
    public SourceTensor? Find(string name) => entries.GetValueOrDefault(name)?.Tensor;

    /// <inheritdoc/>
    public void ReadRows(SourceTensor tensor, long firstRow, int rowCount, Span<float> destination)
    {
        Entry entry = entries[tensor.Name];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow, tensor.Rows - rowCount);
        if (entry.Matrix is { } matrix)
        {
            matrix.ReadRows(entry.First + firstRow, rowCount, destination);
        }
        else if (rowCount > 0)
        {
            byte[] scratch = new byte[4 * tensor.Columns];
            entry.Vector!.ReadNumbers(entry.First, destination[..(int)tensor.Columns], scratch);
        }
    }

    /// <inheritdoc/>
    public bool TryReadBlocks(
        SourceTensor tensor, string precision, SourceRows rows, Span<byte> blocks, Span<float> scales)
    {
        Entry entry = entries[tensor.Name];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows.First, tensor.Rows - rows.Count);
        return entry.Matrix is { } matrix
            && matrix.TryReadBlocks(precision, rows with { First = entry.First + rows.First }, blocks, scales);
    }

    /// <inheritdoc/>
    public void Dispose() => graph.Dispose();

    private static string DefaultPrecision(OnnxDecoder decoder) => decoder.Layers
        .SelectMany(layer => (OnnxMatrix[])[layer.Attention.Query.Matrix, layer.Gate.Matrix, layer.Down.Matrix])
        .GroupBy(matrix => matrix.KeptBy)
        .OrderByDescending(group => group.Sum(matrix => (double)matrix.Rows * matrix.Columns))
        .ThenBy(group => group.Key, StringComparer.Ordinal).First().Key;

    private static uint[] EndTokens(GenAiConfig config, ImportedTokenizer facts)
    {
        uint[] ends = [.. config.EndTokens.Concat(facts.EndTokens).Distinct().Order()];
        return ends.Length is > 0 and <= ModelManifest.EndTokensMax ? ends : throw new ModelImportException(
            $"{GenAiConfig.FileName} and {TokenizerFacts.Configuration} name {ends.Length} end tokens together, 1 to "
            + $"{ModelManifest.EndTokensMax} are needed; correct model.eos_token_id");
    }

    private void AddNotes(string precision, List<string> notes)
    {
        if (!Precision.IsQuantised(precision))
        {
            return;
        }

        foreach (string type in entries.Values.Select(entry => entry.Matrix).OfType<OnnxMatrix>()
            .Where(matrix => Precision.IsQuantised(matrix.KeptBy) && (matrix.KeptBy != precision || matrix.IsChanged))
            .Select(matrix => matrix.Type).Distinct().Order(StringComparer.Ordinal))
        {
            notes.Add($"matrices stored as {type} are requantised to {precision} (block {Precision.BlockSize}): values "
                + $"change slightly; --precision {Precision.Single} keeps them");
        }
    }

    private void Add(int number, OnnxLayer layer, ModelArchitecture model)
    {
        string at(string name) => ExpectedTensors.At(number, name);
        Add(at("input_layernorm.weight"), layer.InputNorm.Weight);
        Add(at("post_attention_layernorm.weight"), layer.FeedForwardNorm.Weight);
        Add(at("mlp.gate_proj.weight"), layer.Gate.Matrix);
        Add(at("mlp.up_proj.weight"), layer.Up.Matrix);
        Add(at("mlp.down_proj.weight"), layer.Down.Matrix);
        Add(at("self_attn.o_proj.weight"), layer.Output.Matrix);
        if (layer.Output.Bias is { } outputBias)
        {
            Add(at("self_attn.o_proj.bias"), outputBias);
        }

        OnnxAttention attention = layer.Attention;
        int queries = model.Heads * model.HeadSize, keys = model.KeyValueHeads * model.HeadSize;
        (string Name, OnnxLinear Linear, int First, int Rows)[] projections =
        [
            ("q", attention.Query, 0, queries),
            ("k", attention.Key ?? attention.Query, attention.Key is null ? queries : 0, keys),
            ("v", attention.Value ?? attention.Query, attention.Value is null ? queries + keys : 0, keys),
        ];
        foreach ((string name, OnnxLinear linear, int first, int rows) in projections)
        {
            Add(at($"self_attn.{name}_proj.weight"), new Entry(
                Describe(at($"self_attn.{name}_proj.weight"), linear.Matrix.Data, linear.Matrix.Type, rows,
                    linear.Matrix.Columns),
                linear.Matrix, null, first));
            if (model.AttentionBias)
            {
                Add(at($"self_attn.{name}_proj.bias"), new Entry(
                    Describe(at($"self_attn.{name}_proj.bias"), linear.Bias!, linear.Bias!.Format, 1, rows), null,
                    linear.Bias, first));
            }
        }

        if (model.QueryKeyNorm)
        {
            Add(at("self_attn.q_norm.weight"), attention.QueryNorm!.Weight);
            Add(at("self_attn.k_norm.weight"), attention.KeyNorm!.Weight);
        }
    }

    private void Add(string name, OnnxMatrix matrix) =>
        Add(name, new Entry(Describe(name, matrix.Data, matrix.Type, matrix.Rows, matrix.Columns), matrix, null, 0));

    private void Add(string name, OnnxData vector) =>
        Add(name, new Entry(Describe(name, vector, vector.Format, 1, vector.Count), null, vector, 0));

    private void Add(string name, Entry entry) => entries.Add(name, entry);

    private SourceTensor Describe(string name, OnnxData data, string type, long rows, long columns) => new(
        name, data.FileName.Length > 0 ? data.FileName : graph.Name,
        type, rows, columns, data.Offset,
        data.Count * data.ElementBytes);

    /// <summary>A tensor by its Hugging Face name: rows of a matrix, or a piece of a vector.</summary>
    private sealed record Entry(SourceTensor Tensor, OnnxMatrix? Matrix, OnnxData? Vector, int First);
}
