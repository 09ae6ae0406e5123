using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing.Gguf;

/// <summary>A model in a GGUF file of version 2 or 3.</summary>
/// <remarks>
/// Weights are read in windows of <see cref="WindowBytes"/>, so that memory stays small whatever the file's size.
/// </remarks>
internal sealed class GgufModelSource : IModelSourceReader
{
    /// <summary>Bytes of the file that are in memory at once, besides a row.</summary>
    internal const int WindowBytes = 1 << 20;

    private const int HeadBufferBytes = 1 << 16;

    private readonly SourceFile file;
    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private byte[] window = new byte[HeadBufferBytes];

    private GgufModelSource(SourceFile file)
    {
        this.file = file;
        Files = [file.Path];
        GgufHeader header = ReadHead(file);
        List<string> notes = [];
        ModelArchitecture architecture = GgufArchitecture.Read(header, FrequencyFactors(header), notes);
        AddTensors(header, architecture);
        Model = GgufDescription.Of(file.Name, header, architecture, notes);
    }

    /// <inheritdoc/>
    public ImportedModel Model { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Opens a file and checks all but the numbers themselves.</summary>
    /// <exception cref="ModelImportException">It cannot be read or is not a model that Camelid runs.</exception>
    internal static GgufModelSource Open(string path)
    {
        SourceFile? file = SourceFile.Open(Path.GetFullPath(path));
        try
        {
            GgufModelSource source = new(file);
            file = null;
            return source;
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <inheritdoc/>
    public SourceTensor? Find(string name) => entries.GetValueOrDefault(name)?.Tensor;

    /// <inheritdoc/>
    public void ReadRows(SourceTensor tensor, long firstRow, int rowCount, Span<float> destination)
    {
        Entry entry = Check(tensor, new SourceRows(firstRow, rowCount));
        GgufBlock block = entry.Block;
        int columns = (int)tensor.Columns;
        if (entry.Interleaved && tensor.Rows == 1)
        {
            ReadInterleavedVector(entry, destination[..columns]);
            return;
        }

        for (int done = 0; done < rowCount;)
        {
            int run = entry.Interleaved ? 1 : rowCount - done;
            long from = tensor.Offset + entry.FileRow(firstRow + done) * entry.RowBytes;
            long blocks = (long)run * columns / block.Elements;
            Span<float> to = destination.Slice(done * columns, run * columns);
            for (long at = 0; at < blocks;)
            {
                int count = (int)Math.Min(blocks - at, WindowBytes / block.Bytes);
                ReadOnlySpan<byte> bytes = ReadBytes(tensor, from + at * block.Bytes, count * block.Bytes);
                int element = (int)at * block.Elements;
                GgufDequantiser.Decode(entry.Type, bytes, to.Slice(element, count * block.Elements));
                at += count;
            }

            done += run;
        }
    }

    /// <inheritdoc/>
    public bool TryReadBlocks(
        SourceTensor tensor, string precision, SourceRows rows, Span<byte> blocks, Span<float> scales)
    {
        Entry entry = Check(tensor, rows);
        if (!GgufRepacker.Fits(entry.Type, precision) || (entry.Interleaved && tensor.Rows == 1))
        {
            return false;
        }

        int rowBlocks = (int)(tensor.Columns / entry.Block.Elements);
        int targetBytes = Precision.BlockBytes(precision);
        for (int row = 0; row < rows.Count; row++)
        {
            long from = tensor.Offset + entry.FileRow(rows.First + row) * entry.RowBytes;
            ReadOnlySpan<byte> bytes = ReadBytes(tensor, from, (int)entry.RowBytes);
            int first = row * rowBlocks;
            GgufRepacker.Repack(
                entry.Type, bytes, blocks.Slice(first * targetBytes, rowBlocks * targetBytes),
                scales.Slice(first, rowBlocks));
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private static GgufHeader ReadHead(SourceFile file)
    {
        try
        {
            using FileStream head = new(file.Path, FileMode.Open, FileAccess.Read, FileShare.Read, HeadBufferBytes);
            return GgufHeader.Read(head, file.Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelImportException($"{file.Name} cannot be read ({e.Message}); download it again", e);
        }
    }

    private void AddTensors(GgufHeader header, ModelArchitecture architecture)
    {
        HashSet<string> left = [.. header.Tensors.Keys];
        left.Remove(GgufRotary.FactorsName);
        foreach (GgufTensorName name in GgufNames.Of(architecture))
        {
            GgufTensor tensor = header.Tensors.GetValueOrDefault(name.GgufName)
                ?? throw new ModelImportException(
                    $"{file.Name}: tensor {name.GgufName} is missing; the file is not a whole model");
            if (tensor.Rows != name.Rows || tensor.Columns != name.Columns)
            {
                throw new ModelImportException(
                    $"{file.Name}: tensor {name.GgufName} is [{tensor.Rows}, {tensor.Columns}]; the metadata wants "
                    + $"[{name.Rows}, {name.Columns}]");
            }

            left.Remove(name.GgufName);
            SourceTensor described = new(
                name.Name, file.Name, tensor.Type.ToString(), tensor.Rows, tensor.Columns, tensor.Offset, tensor.Bytes);
            entries.Add(name.Name, new Entry(described, tensor.Type, name.Interleaved, architecture.HeadSize));
        }

        if (left.Count > 0)
        {
            throw new ModelImportException(
                $"{file.Name}: tensor {JsonFields.Printable(left.Min(StringComparer.Ordinal)!)} is not part of a "
                + $"{architecture.Family} model as Camelid computes it ({left.Count} such); without it answers would "
                + "be wrong");
        }
    }

    private float[]? FrequencyFactors(GgufHeader header)
    {
        if (!header.Tensors.TryGetValue(GgufRotary.FactorsName, out GgufTensor? tensor))
        {
            return null;
        }

        if (tensor.Type != GgufTensorType.F32 || tensor.Rows != 1 || tensor.Columns > 512)
        {
            throw new ModelImportException(
                $"{file.Name}: tensor {tensor.Name} must be at most 512 numbers of type F32");
        }

        SourceTensor described = new(
            tensor.Name, file.Name, tensor.Type.ToString(), 1, tensor.Columns, tensor.Offset, tensor.Bytes);
        float[] factors = new float[tensor.Columns];
        GgufDequantiser.Decode(tensor.Type, ReadBytes(described, tensor.Offset, (int)tensor.Bytes), factors);
        return factors;
    }

    /// <summary>A bias of q or k: its numbers lie as the rows of the matrix do.</summary>
    private void ReadInterleavedVector(Entry entry, Span<float> destination)
    {
        float[] asStored = new float[destination.Length];
        ReadOnlySpan<byte> bytes = ReadBytes(entry.Tensor, entry.Tensor.Offset, (int)entry.RowBytes);
        GgufDequantiser.Decode(entry.Type, bytes, asStored);
        for (int i = 0; i < asStored.Length; i++)
        {
            destination[i] = asStored[entry.FileRow(i)];
        }
    }

    private Entry Check(SourceTensor tensor, SourceRows rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows.First);
        ArgumentOutOfRangeException.ThrowIfNegative(rows.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows.First, tensor.Rows - rows.Count);
        return entries[tensor.Name];
    }

    /// <summary>Bytes of the file, valid until the next call.</summary>
    private ReadOnlySpan<byte> ReadBytes(SourceTensor tensor, long offset, int count)
    {
        if (window.Length < count)
        {
            window = new byte[count];
        }

        Span<byte> bytes = window.AsSpan(0, count);
        file.Read(offset, bytes, $"tensor {tensor.Name}");
        return bytes;
    }

    /// <summary>A tensor and how its rows lie in the file.</summary>
    private sealed record Entry(SourceTensor Tensor, GgufTensorType Type, bool Interleaved, int HeadSize)
    {
        internal GgufBlock Block { get; } =
            GgufBlock.Of(Type) ?? throw new ArgumentOutOfRangeException(nameof(Type), Type, "not a supported type");

        internal long RowBytes => Tensor.Bytes / Tensor.Rows;

        /// <summary>Where the file keeps a row (of a bias, a number) of the half-split order.</summary>
        internal long FileRow(long row)
        {
            if (!Interleaved)
            {
                return row;
            }

            long within = row % HeadSize;
            return row - within + within % (HeadSize / 2) * 2 + within / (HeadSize / 2);
        }
    }
}
