using System.Buffers.Binary;
using System.Text.Json;

namespace Camelid.ModelRuntime.Importing.HuggingFace;

/// <summary>
/// A <c>*.safetensors</c> file: 8 bytes length of the header, the header as JSON, then the tensors without gaps.
/// </summary>
internal sealed class SafetensorsFile : IDisposable
{
    /// <summary>Most bytes of a header; the format's own bound.</summary>
    internal const int HeaderBytesMax = 100_000_000;

    private const int TensorsMax = 1 << 17, LengthBytes = 8, DimensionsMax = 8;
    private const string Metadata = "__metadata__";
    private const string Remedy = "download the file again";

    private readonly SourceFile file;
    private readonly Dictionary<string, SourceTensor> tensors = new(StringComparer.Ordinal);

    private SafetensorsFile(SourceFile file) => this.file = file;

    /// <summary>The tensors by name; those of more than two dimensions have the first ones as rows.</summary>
    internal IReadOnlyDictionary<string, SourceTensor> Tensors => tensors;

    /// <summary>The full path.</summary>
    internal string Path => file.Path;

    /// <summary>Opens a file and checks its whole header.</summary>
    /// <exception cref="ModelImportException">The file is no safetensors file, or cut short.</exception>
    internal static SafetensorsFile Open(string path)
    {
        SafetensorsFile? unread = new(SourceFile.Open(path));
        try
        {
            unread.ReadHeader();
            SafetensorsFile opened = unread;
            unread = null;
            return opened;
        }
        finally
        {
            unread?.Dispose();
        }
    }

    /// <summary>Fills <paramref name="destination"/> from a place inside a tensor.</summary>
    /// <exception cref="ModelImportException">The file ends before.</exception>
    internal void Read(SourceTensor tensor, long offset, Span<byte> destination) =>
        file.Read(tensor.Offset + offset, destination, $"tensor {tensor.Name}");

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private void ReadHeader()
    {
        if (file.Bytes < LengthBytes + 2)
        {
            throw new ModelImportException($"{file.Name} has {file.Bytes} bytes, too few for a header; {Remedy}");
        }

        byte[] prefix = new byte[LengthBytes];
        file.Read(0, prefix, "the header's length");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > HeaderBytesMax)
        {
            throw new ModelImportException(
                $"{file.Name}: its header claims {length} bytes, {HeaderBytesMax} are allowed; is it a safetensors "
                + $"file? {Remedy}");
        }

        if (length > (ulong)(file.Bytes - LengthBytes))
        {
            throw new ModelImportException(
                $"{file.Name} has {file.Bytes} bytes and claims a header of {length}; it is cut short; {Remedy}");
        }

        byte[] header = new byte[length];
        file.Read(LengthBytes, header, "the header");
        long start = LengthBytes + (long)length;
        foreach (JsonProperty entry in JsonFields.Parse(file.Name, header).Element.EnumerateObject())
        {
            if (entry.Name != Metadata)
            {
                Add(entry, start);
            }
        }

        CheckPlaces(start);
    }

    private void Add(JsonProperty entry, long start)
    {
        string name = JsonFields.Printable(entry.Name);
        if (tensors.Count == TensorsMax)
        {
            throw new ModelImportException($"{file.Name} has more than {TensorsMax} tensors; {Remedy}");
        }

        if (entry.Value.ValueKind != JsonValueKind.Object)
        {
            throw Fault(name, "is not described by an object");
        }

        JsonFields fields = new(file.Name, entry.Value, name);
        string type = fields.TextOrNull("dtype") ?? throw fields.Missing("dtype");
        int bits = BitsOf(type);
        if (bits == 0)
        {
            throw Fault(name, $"has the unknown type '{JsonFields.Printable(type)}'");
        }

        long[] shape = Numbers(fields, "shape", DimensionsMax);
        long[] place = Numbers(fields, "data_offsets", 2);
        long dataBytes = file.Bytes - start;
        if (place.Length != 2 || place[0] > place[1] || place[1] > dataBytes)
        {
            throw Fault(name, place.Length == 2 && place[1] > dataBytes
                ? $"ends at byte {place[1]} of {dataBytes} that are there; the file is cut short"
                : "has no data_offsets that are a begin and an end");
        }

        Int128 numbers = 1;
        foreach (long size in shape)
        {
            numbers = numbers * size > long.MaxValue ? long.MaxValue : numbers * size;
        }

        if (numbers * bits != (Int128)(place[1] - place[0]) * 8)
        {
            throw Fault(name, $"has shape [{string.Join(", ", shape)}] of {type}, which are not its "
                + $"{place[1] - place[0]} bytes");
        }

        long columns = shape.Length == 0 ? 1 : shape[^1];
        long rows = columns == 0 ? 0 : (long)numbers / columns;
        tensors.Add(entry.Name, new SourceTensor(
            entry.Name, file.Name, type, rows, columns, start + place[0], place[1] - place[0]));
    }

    private static long[] Numbers(JsonFields fields, string name, int countMax)
    {
        IReadOnlyList<JsonElement> list = fields.Has(name) ? fields.List(name) : throw fields.Missing(name);
        long[] numbers = new long[Math.Min(list.Count, countMax + 1)];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (i == countMax || list[i].ValueKind != JsonValueKind.Number || !list[i].TryGetInt64(out numbers[i])
                || numbers[i] < 0)
            {
                throw fields.Wrong(name, $"a list of at most {countMax} whole numbers");
            }
        }

        return numbers;
    }

    /// <summary>Tensors lie one behind the other: what overlaps was made to deceive, what ends early was cut.</summary>
    private void CheckPlaces(long start)
    {
        long end = start;
        foreach (SourceTensor tensor in tensors.Values.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.Bytes))
        {
            if (tensor.Offset != end)
            {
                throw Fault(JsonFields.Printable(tensor.Name), tensor.Offset < end
                    ? "overlaps another tensor" : $"leaves {tensor.Offset - end} bytes before it unused");
            }

            end += tensor.Bytes;
        }

        if (end != file.Bytes)
        {
            throw new ModelImportException(
                $"{file.Name}: its tensors end at byte {end}, the file has {file.Bytes}; {Remedy}");
        }
    }

    private ModelImportException Fault(string tensor, string fault) =>
        new($"{file.Name}: tensor {tensor} {fault}; {Remedy}");

    private static int BitsOf(string type) => type switch
    {
        "F4" => 4,
        "BOOL" or "U8" or "I8" or "F8_E4M3" or "F8_E5M2" or "F8_E8M0" => 8,
        "I16" or "U16" or SourceNumbers.Half or SourceNumbers.BFloat => 16,
        "I32" or "U32" or SourceNumbers.Single => 32,
        "I64" or "U64" or "F64" => 64,
        _ => 0,
    };
}
