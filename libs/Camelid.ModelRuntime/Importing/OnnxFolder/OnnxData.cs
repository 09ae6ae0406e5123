using System.Globalization;
using Camelid.ModelRuntime.Onnx;
using Onnx;

namespace Camelid.ModelRuntime.Importing.OnnxFolder;

/// <summary>An initializer of a graph, its place checked: inside the graph's file, or in a file beside it.</summary>
internal sealed class OnnxData
{
    private readonly SourceFile? file;
    private readonly ReadOnlyMemory<byte> inline;
    private readonly long offset;

    private OnnxData(TensorProto tensor, SourceFile? file, long offset, ReadOnlyMemory<byte> inline)
    {
        (this.file, this.offset, this.inline) = (file, offset, inline);
        (Name, ElementType, Dimensions) = (tensor.Name, tensor.DataType, [.. tensor.Dims]);
    }

    /// <summary>Its name in the graph.</summary>
    internal string Name { get; }

    /// <summary>ONNX element type.</summary>
    internal int ElementType { get; }

    /// <summary>Its shape.</summary>
    internal IReadOnlyList<long> Dimensions { get; }

    /// <summary>How many numbers.</summary>
    internal long Count => CountOf(Dimensions);

    /// <summary>Name of the file that holds it; empty for the graph's own.</summary>
    internal string FileName => file?.Name ?? "";

    /// <summary>First byte in that file; 0 inside the graph.</summary>
    internal long Offset => offset;

    /// <summary>The number format as safetensors names it; empty for other types.</summary>
    internal string Format => ElementType switch
    {
        OnnxGraph.Float => SourceNumbers.Single,
        OnnxGraph.Float16 => SourceNumbers.Half,
        OnnxDecoderGraph.BFloat16 => SourceNumbers.BFloat,
        _ => "",
    };

    /// <summary>Bytes of one number.</summary>
    internal int ElementBytes => ElementType == OnnxGraph.UInt8 ? 1 : SourceNumbers.Bytes(Format);

    /// <summary>Finds where a tensor's bytes lie.</summary>
    /// <param name="tensor">The tensor; its type is one that weights have.</param>
    /// <param name="files">Opens files of the folder.</param>
    /// <param name="refusal">An error about the tensor.</param>
    internal static OnnxData Of(
        TensorProto tensor, Func<string, SourceFile> files, Func<string, ModelImportException> refusal)
    {
        if (tensor.Dims.Count > 4 || tensor.Dims.Any(size => size is < 1 or > 1 << 28))
        {
            throw refusal($"has an impossible shape [{string.Join(", ", tensor.Dims)}]");
        }

        if (tensor.Dims.Aggregate((Int128)1, (product, size) => product * size) > 1L << 40)
        {
            throw refusal($"has an impossible shape [{string.Join(", ", tensor.Dims)}]");
        }

        OnnxData data = new(tensor, null, 0, default);
        if (data.ElementBytes == 0)
        {
            throw refusal($"has ONNX element type {tensor.DataType}; supported are float, float16, bfloat16 and uint8");
        }

        long bytes = data.Count * data.ElementBytes;
        if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
        {
            return External(tensor, files, refusal, bytes);
        }

        ReadOnlyMemory<byte> inside = tensor.RawData.Memory;
        if (inside.IsEmpty && tensor.FloatData.Count > 0 && tensor.DataType == OnnxGraph.Float)
        {
            byte[] copy = new byte[4L * tensor.FloatData.Count];
            Buffer.BlockCopy(tensor.FloatData.ToArray(), 0, copy, 0, copy.Length);
            inside = copy;
        }

        return inside.Length == bytes
            ? new OnnxData(tensor, null, 0, inside)
            : throw refusal($"has {inside.Length} bytes; its shape wants {bytes}");
    }

    /// <summary>Fills bytes from a place in the tensor.</summary>
    internal void Read(long at, Span<byte> destination)
    {
        if (file is null)
        {
            inline.Span.Slice((int)at, destination.Length).CopyTo(destination);
        }
        else
        {
            file.Read(offset + at, destination, $"tensor {Name}");
        }
    }

    /// <summary>Numbers from a place in the tensor, as float32.</summary>
    /// <param name="first">Index of the first.</param>
    /// <param name="destination">The numbers.</param>
    /// <param name="scratch">Working memory; at least one number long.</param>
    internal void ReadNumbers(long first, Span<float> destination, Span<byte> scratch)
    {
        int size = ElementBytes;
        for (int done = 0; done < destination.Length;)
        {
            int count = Math.Min(destination.Length - done, scratch.Length / size);
            Span<byte> bytes = scratch[..(count * size)];
            Read((first + done) * size, bytes);
            SourceNumbers.ToSingles(Format, bytes, destination.Slice(done, count));
            done += count;
        }
    }

    private static OnnxData External(
        TensorProto tensor, Func<string, SourceFile> files, Func<string, ModelImportException> refusal, long bytes)
    {
        string text(string key) => tensor.ExternalData.FirstOrDefault(entry => entry.Key == key)?.Value ?? "";
        long whole(string key, long otherwise) => text(key).Length == 0 ? otherwise
            : long.TryParse(text(key), NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value
            : throw refusal($"{key} of its external data is no number");
        string location = text("location");
        if (!GenAiConfig.IsPlainName(location))
        {
            throw refusal($"lies in '{JsonFields.Printable(location)}', which is no file beside the graph");
        }

        SourceFile file = files(location);
        long at = whole("offset", 0);
        long length = whole("length", bytes);
        if (length != bytes)
        {
            throw refusal($"has {length} bytes in {location}; its shape wants {bytes}");
        }

        return at <= file.Bytes - bytes
            ? new OnnxData(tensor, file, at, default)
            : throw refusal($"lies at byte {at} of {location}, which ends at byte {file.Bytes}; download it again");
    }

    private static long CountOf(IReadOnlyList<long> dimensions) =>
        dimensions.Aggregate(1L, (product, size) => product * size);
}
