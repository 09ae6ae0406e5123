namespace Camelid.ModelRuntime.Importing.Gguf;

/// <summary>The head of a GGUF file of version 2 or 3: metadata and where each tensor lies, all checked.</summary>
/// <param name="Metadata">The metadata.</param>
/// <param name="Tensors">The tensors by name.</param>
/// <remarks>Source: github.com/ggml-org/ggml, docs/gguf.md. Version 2 differs from 3 only in big-endian files, which
/// are refused.</remarks>
internal sealed record GgufHeader(GgufMetadata Metadata, IReadOnlyDictionary<string, GgufTensor> Tensors)
{
    /// <summary>Most metadata keys.</summary>
    internal const int KeysMax = 16_384;

    /// <summary>Most tensors; a model of 200 layers has below 3,000.</summary>
    internal const int TensorsMax = 65_536;

    /// <summary>Longest name of a key or a tensor.</summary>
    internal const int NameBytesMax = 1_024;

    /// <summary>Largest dimension of a tensor.</summary>
    internal const long DimensionMax = 1 << 28;

    private const uint Magic = 0x46554747;
    private const int DimensionsMax = 4, AlignmentDefault = 32, AlignmentMax = 1 << 20;
    private const string AlignmentKey = "general.alignment";

    /// <summary>Reads the head.</summary>
    /// <param name="file">The file, at its first byte.</param>
    /// <param name="name">Its name, as messages name it.</param>
    /// <exception cref="ModelImportException">Something is wrong; says what and at which byte.</exception>
    internal static GgufHeader Read(Stream file, string name)
    {
        GgufBytes bytes = new(file, name);
        if (bytes.Length < 24 || bytes.UInt32() != Magic)
        {
            throw new ModelImportException(
                $"{name}: not a GGUF file: it does not begin with \"GGUF\" and a header; download it again");
        }

        uint version = bytes.UInt32();
        if (version is not (2 or 3))
        {
            throw bytes.Refusal(version is 0x02000000 or 0x03000000
                ? "the file is big-endian; convert the model again for little-endian machines"
                : $"GGUF version {version}; versions 2 and 3 are read");
        }

        bytes.Item = "the tensor count";
        int tensorCount = bytes.Count("tensors", TensorsMax);
        bytes.Item = "the key count";
        int keyCount = bytes.Count("metadata keys", KeysMax);
        GgufMetadata metadata = new(name, ReadMetadata(bytes, keyCount));
        long alignment = metadata.Whole(AlignmentKey, 1, AlignmentMax) ?? AlignmentDefault;
        if ((alignment & (alignment - 1)) != 0)
        {
            throw metadata.Refusal(AlignmentKey, $"is {alignment}, not a power of two");
        }

        return new GgufHeader(metadata, ReadTensors(bytes, tensorCount, alignment));
    }

    private static Dictionary<string, GgufValue> ReadMetadata(GgufBytes bytes, int count)
    {
        Dictionary<string, GgufValue> values = new(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            bytes.Item = $"metadata key {i + 1} of {count}";
            string key = bytes.Text(NameBytesMax);
            bytes.Item = $"metadata key {JsonFields.Printable(key)}";
            GgufValue value = bytes.Value((GgufValueType)bytes.UInt32());
            if (!values.TryAdd(key, value))
            {
                throw bytes.Refusal("stands in the file twice");
            }
        }

        return values;
    }

    private static Dictionary<string, GgufTensor> ReadTensors(GgufBytes bytes, int count, long alignment)
    {
        Dictionary<string, GgufTensor> relative = new(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            bytes.Item = $"tensor {i + 1} of {count}";
            string name = bytes.Text(NameBytesMax);
            bytes.Item = $"tensor {JsonFields.Printable(name)}";
            if (!relative.TryAdd(name, ReadTensor(bytes, name, alignment)))
            {
                throw bytes.Refusal("stands in the file twice");
            }
        }

        long dataStart = (bytes.Position + alignment - 1) / alignment * alignment;
        Dictionary<string, GgufTensor> tensors = new(StringComparer.Ordinal);
        long free = 0;
        GgufTensor? before = null;
        foreach (GgufTensor tensor in relative.Values.OrderBy(tensor => tensor.Offset))
        {
            bytes.Item = $"tensor {JsonFields.Printable(tensor.Name)}";
            if (tensor.Offset < free)
            {
                throw bytes.Refusal($"overlaps tensor {JsonFields.Printable(before?.Name ?? "")}; the file is damaged");
            }

            if (tensor.Bytes > bytes.Length - dataStart || tensor.Offset > bytes.Length - dataStart - tensor.Bytes)
            {
                throw bytes.Refusal($"its {tensor.Bytes} bytes at {tensor.Offset} after byte {dataStart} reach beyond "
                    + $"the file's {bytes.Length}: the file is cut short; download it again");
            }

            free = tensor.Offset + tensor.Bytes;
            before = tensor;
            tensors.Add(tensor.Name, tensor with { Offset = dataStart + tensor.Offset });
        }

        return tensors;
    }

    /// <summary>One description; the offset is still relative to the data.</summary>
    private static GgufTensor ReadTensor(GgufBytes bytes, string name, long alignment)
    {
        uint dimensionCount = bytes.UInt32();
        if (dimensionCount is 0 or > DimensionsMax)
        {
            throw bytes.Refusal($"has {dimensionCount} dimensions, not 1 to {DimensionsMax}");
        }

        (long columns, long rows) = (Dimension(bytes), 1);
        for (int i = 1; i < dimensionCount; i++)
        {
            rows *= Dimension(bytes);
            if (rows > DimensionMax)
            {
                throw bytes.Refusal($"has more than {DimensionMax} rows");
            }
        }

        uint type = bytes.UInt32();
        if (GgufBlock.Of((GgufTensorType)type) is not { } block)
        {
            throw bytes.Refusal($"is stored as {GgufBlock.NameOf(type)}, which is not read; read are "
                + $"{GgufBlock.Supported}. Take another file of the model");
        }

        if (columns % block.Elements != 0)
        {
            throw bytes.Refusal($"has rows of {columns}, which are not whole {(GgufTensorType)type} blocks of "
                + $"{block.Elements}");
        }

        long offset = bytes.Int63("offset");
        long length = rows * (columns / block.Elements * block.Bytes);
        return offset % alignment == 0
            ? new GgufTensor(name, (GgufTensorType)type, rows, columns, offset, length)
            : throw bytes.Refusal($"offset {offset} is not a multiple of the alignment {alignment}");
    }

    private static long Dimension(GgufBytes bytes)
    {
        long dimension = bytes.Int63("dimension");
        return dimension is >= 1 and <= DimensionMax
            ? dimension
            : throw bytes.Refusal($"has a dimension of {dimension}, not 1 to {DimensionMax}");
    }
}
