using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing;

/// <summary>Consecutive rows of a weight that come from one tensor, or are zero.</summary>
/// <param name="Tensor">The tensor; null for rows of zeros.</param>
/// <param name="First">The first row in the tensor.</param>
/// <param name="Count">How many.</param>
internal readonly record struct RowSegment(SourceTensor? Tensor, long First, long Count);

/// <summary>
/// A table, or a matrix as sources keep it: [outputs, inputs]. Heads are packed and padded on the way: q, k and v
/// under each other, each rotary half of a head followed by rows of zeros.
/// </summary>
internal sealed class WeightRows
{
    private readonly IModelSourceReader source;
    private readonly IReadOnlyList<RowSegment> segments;
    private readonly int[]? columnMap;
    private float[] narrow = [];

    private WeightRows(
        IModelSourceReader source, IReadOnlyList<RowSegment> segments, int columns, int[]? columnMap = null)
    {
        this.source = source;
        this.segments = segments;
        this.columnMap = columnMap;
        Columns = columns;
        Rows = segments.Sum(segment => segment.Count);
    }

    /// <summary>How many rows.</summary>
    internal long Rows { get; }

    /// <summary>Numbers in a row, padding included.</summary>
    internal int Columns { get; }

    /// <summary>The rows of a table or matrix.</summary>
    /// <param name="source">Holds every tensor of its architecture, as <see cref="ExpectedTensors.Check"/> saw.</param>
    /// <param name="name">Name in <see cref="WeightCatalog"/>.</param>
    internal static WeightRows Of(IModelSourceReader source, string name)
    {
        ModelArchitecture model = source.Model.Architecture;
        SourceTensor find(string tensor) => source.Find(tensor)!;
        WeightRows whole(string tensor) =>
            new(source, [new(find(tensor), 0, find(tensor).Rows)], (int)find(tensor).Columns);
        if (name == WeightCatalog.Embedding)
        {
            return whole(ExpectedTensors.Embedding);
        }

        if (name == WeightCatalog.Output)
        {
            return whole(model.TiedEmbedding ? ExpectedTensors.Embedding : ExpectedTensors.Output);
        }

        LayerWeight at = LayerWeight.Parse(name);
        return at.Name switch
        {
            "qkv" => new WeightRows(source, [
                .. Heads(find(at.Source("self_attn.q_proj.weight")), model),
                .. Heads(find(at.Source("self_attn.k_proj.weight")), model),
                .. Heads(find(at.Source("self_attn.v_proj.weight")), model)], model.HiddenSize),
            "attention_out" when model.HeadSize != model.PaddedHeadSize => new WeightRows(
                source, [new(find(at.Source("self_attn.o_proj.weight")), 0, model.HiddenSize)], model.AttentionSize,
                PaddedColumns(model, model.Heads)),
            "attention_out" => whole(at.Source("self_attn.o_proj.weight")),
            _ => whole(at.Source($"mlp.{at.Name}_proj.weight")),
        };
    }

    /// <summary>Reads rows as numbers, [count, <see cref="Columns"/>].</summary>
    /// <exception cref="ModelImportException">They are not there, or not finite.</exception>
    internal void Read(long first, int count, Span<float> destination)
    {
        foreach ((RowSegment part, int at) in Parts(first, count))
        {
            Read(part, destination.Slice(at * Columns, (int)part.Count * Columns));
        }
    }

    /// <summary>
    /// Reads rows in blocks of 32, as they are where the source has such blocks, and quantised where it has not.
    /// </summary>
    /// <param name="rows">The rows.</param>
    /// <param name="precision">int8 or int4.</param>
    /// <param name="scratch">At least rows · <see cref="Columns"/> numbers.</param>
    /// <param name="blocks">[rows, blocks, block bytes].</param>
    /// <param name="scales">[rows, blocks].</param>
    /// <exception cref="ModelImportException">They are not there, or not finite.</exception>
    internal void ReadBlocks(
        SourceRows rows, string precision, Span<float> scratch, Span<byte> blocks, Span<float> scales)
    {
        int rowBlocks = (Columns + Precision.BlockSize - 1) / Precision.BlockSize;
        int rowBytes = rowBlocks * Precision.BlockBytes(precision);
        foreach ((RowSegment part, int at) in Parts(rows.First, rows.Count))
        {
            int count = (int)part.Count;
            Span<byte> partBlocks = blocks.Slice(at * rowBytes, count * rowBytes);
            Span<float> partScales = scales.Slice(at * rowBlocks, count * rowBlocks);
            if (part.Tensor is null)
            {
                partBlocks.Fill(BlockQuantizer.ZeroByte(precision));
                partScales.Clear();
            }
            else if (columnMap is null && source.TryReadBlocks(
                part.Tensor, precision, new SourceRows(part.First, count), partBlocks, partScales))
            {
                CheckFinite(part.Tensor, partScales);
            }
            else
            {
                Span<float> values = scratch[..(count * Columns)];
                Read(part, values);
                BlockQuantizer.Quantise(values, Columns, precision, partBlocks, partScales);
            }
        }
    }

    /// <summary>Names the tensor that a row comes from, for messages.</summary>
    internal string TensorAt(long row) =>
        Parts(row, 1).Select(entry => entry.Part.Tensor is { } tensor ? $"{tensor.File}: tensor {tensor.Name}" : "")
            .First();

    private static IEnumerable<RowSegment> Heads(SourceTensor tensor, ModelArchitecture model)
    {
        if (model.HeadSize == model.PaddedHeadSize)
        {
            yield return new(tensor, 0, tensor.Rows);
            yield break;
        }

        int half = model.HeadSize / 2, padding = (model.PaddedHeadSize - model.HeadSize) / 2;
        for (long row = 0; row < tensor.Rows; row += half)
        {
            yield return new(tensor, row, half);
            yield return new(null, 0, padding);
        }
    }

    private static int[] PaddedColumns(ModelArchitecture model, int heads) => [.. Enumerable.Range(0, heads).SelectMany(
        head => Enumerable.Range(0, model.HeadSize).Select(
            index => (head * model.PaddedHeadSize) + model.PaddedIndex(index)))];

    private void Read(RowSegment part, Span<float> destination)
    {
        if (part.Tensor is not { } tensor)
        {
            destination.Clear();
            return;
        }

        if (columnMap is null)
        {
            source.ReadRows(tensor, part.First, (int)part.Count, destination);
            CheckFinite(tensor, destination);
            return;
        }

        int width = columnMap.Length;
        if (narrow.Length < part.Count * width)
        {
            narrow = new float[part.Count * width];
        }

        Span<float> values = narrow.AsSpan(0, (int)part.Count * width);
        source.ReadRows(tensor, part.First, (int)part.Count, values);
        CheckFinite(tensor, values);
        destination.Clear();
        for (int i = 0; i < values.Length; i++)
        {
            destination[(i / width * Columns) + columnMap[i % width]] = values[i];
        }
    }

    private static void CheckFinite(SourceTensor tensor, ReadOnlySpan<float> values)
    {
        if (SourceNumbers.FirstNotFinite(values) >= 0)
        {
            throw new ModelImportException(
                $"{tensor.File}: tensor {tensor.Name} holds an infinite number, or none; download the file again");
        }
    }

    private IEnumerable<(RowSegment Part, int At)> Parts(long first, int count)
    {
        long start = 0;
        foreach (RowSegment segment in segments)
        {
            long from = Math.Max(first, start), to = Math.Min(first + count, start + segment.Count);
            if (from < to)
            {
                yield return (
                    segment with { First = segment.First + from - start, Count = to - from }, (int)(from - first));
            }

            start += segment.Count;
        }
    }
}

/// <summary>A weight of a layer, by its name in the catalogue.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Name">The part behind the layer.</param>
internal readonly record struct LayerWeight(int Layer, string Name)
{
    /// <summary>Reads <c>layer.3.qkv</c>.</summary>
    internal static LayerWeight Parse(string name)
    {
        string[] parts = name.Split('.');
        return new LayerWeight(int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), parts[2]);
    }

    /// <summary>The Hugging Face name of a tensor of this layer.</summary>
    internal string Source(string tensor) => ExpectedTensors.At(Layer, tensor);
}
