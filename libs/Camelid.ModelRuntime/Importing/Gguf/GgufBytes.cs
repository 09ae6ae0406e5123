using System.Buffers.Binary;
using System.Text;

namespace Camelid.ModelRuntime.Importing.Gguf;

/// <summary>Reads the head of a GGUF file from front to back. Every length is checked before memory is taken.</summary>
/// <param name="file">The file.</param>
/// <param name="name">Its name, as messages name it.</param>
internal sealed class GgufBytes(Stream file, string name)
{
    /// <summary>Longest string: a chat template or a description.</summary>
    internal const int StringBytesMax = 8 << 20;

    /// <summary>Most elements of all arrays together: several vocabularies of 262,144 tokens with merges.</summary>
    internal const int ArrayElementsMax = 1 << 23;

    private const int ArrayDepthMax = 4;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly byte[] scalar = new byte[8];
    private long elementsLeft = ArrayElementsMax;

    /// <summary>Bytes of the file.</summary>
    internal long Length { get; } = file.Length;

    /// <summary>The next byte.</summary>
    internal long Position { get; private set; }

    /// <summary>What is being read, for messages.</summary>
    internal string Item { get; set; } = "the header";

    /// <summary>An error at the present position.</summary>
    internal ModelImportException Refusal(string what) => new($"{name}: {Item} (byte {Position}): {what}");

    /// <summary>A 32-bit unsigned number.</summary>
    internal uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Scalar(4));

    /// <summary>A 64-bit count that may not be above a bound.</summary>
    internal int Count(string of, long bound)
    {
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(Scalar(8));
        return count <= (ulong)bound
            ? (int)count
            : throw Refusal($"{count} {of}, of which there may be {bound}; the file is damaged or not for Camelid");
    }

    /// <summary>A 64-bit unsigned number that fits a signed one.</summary>
    internal long Int63(string of)
    {
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(Scalar(8));
        return value <= long.MaxValue ? (long)value : throw Refusal($"{of} {value} is beyond any file");
    }

    /// <summary>A string: 64-bit length and UTF-8.</summary>
    internal string Text(int bytesMax)
    {
        int length = Count("bytes of text", bytesMax);
        Need(length);
        byte[] bytes = new byte[length];
        file.ReadExactly(bytes);
        Position += length;
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Refusal("a text is not UTF-8; convert the model again with a present-day converter");
        }
    }

    /// <summary>A value of a type, with all that it contains.</summary>
    internal GgufValue Value(GgufValueType type, int depth = 0) => type switch
    {
        GgufValueType.String => new GgufValue(type, Text(StringBytesMax)),
        GgufValueType.Array => new GgufValue(type, Array(depth)),
        GgufValueType.Bool => new GgufValue(type, Truth()),
        GgufValueType.Float32 or GgufValueType.Float64 => new GgufValue(type, Number(type)),
        _ when Enum.IsDefined(type) => new GgufValue(type, Whole(type)),
        _ => throw Refusal($"value type {(uint)type} does not exist in GGUF version 3"),
    };

    private object Array(int depth)
    {
        if (depth == ArrayDepthMax)
        {
            throw Refusal($"arrays nest deeper than {ArrayDepthMax}");
        }

        GgufValueType type = (GgufValueType)UInt32();
        if (!Enum.IsDefined(type))
        {
            throw Refusal($"element type {(uint)type} does not exist in GGUF version 3");
        }

        int count = Count("array elements", elementsLeft);
        elementsLeft -= count;
        Need((long)count * GgufValue.BytesMin(type));
        return type switch
        {
            GgufValueType.String => Fill(count, () => Text(StringBytesMax)),
            GgufValueType.Array => Fill(count, () => Value(type, depth + 1)),
            GgufValueType.Bool => Fill(count, Truth),
            GgufValueType.Float32 or GgufValueType.Float64 => Fill(count, () => Number(type)),
            _ => Fill(count, () => unchecked((long)Whole(type))),
        };
    }

    private static T[] Fill<T>(int count, Func<T> next)
    {
        T[] result = new T[count];
        for (int i = 0; i < count; i++)
        {
            result[i] = next();
        }

        return result;
    }

    private bool Truth() => Scalar(1)[0] switch
    {
        0 => false,
        1 => true,
        byte other => throw Refusal($"a truth value is {other}, not 0 or 1"),
    };

    private double Number(GgufValueType type) => type == GgufValueType.Float32
        ? BinaryPrimitives.ReadSingleLittleEndian(Scalar(4))
        : BinaryPrimitives.ReadDoubleLittleEndian(Scalar(8));

    private Int128 Whole(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 => Scalar(1)[0],
        GgufValueType.Int8 => (sbyte)Scalar(1)[0],
        GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(Scalar(2)),
        GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(Scalar(2)),
        GgufValueType.UInt32 => UInt32(),
        GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(Scalar(4)),
        GgufValueType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(Scalar(8)),
        _ => BinaryPrimitives.ReadInt64LittleEndian(Scalar(8)),
    };

    private ReadOnlySpan<byte> Scalar(int bytes)
    {
        Need(bytes);
        file.ReadExactly(scalar, 0, bytes);
        Position += bytes;
        return scalar.AsSpan(0, bytes);
    }

    private void Need(long bytes)
    {
        if (bytes > Length - Position)
        {
            throw Refusal($"{bytes} bytes are wanted and {Length - Position} are left: the file is cut short or "
                + "damaged; download it again");
        }
    }
}
