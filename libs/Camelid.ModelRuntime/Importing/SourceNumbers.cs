using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Camelid.ModelRuntime.Importing;

/// <summary>Number formats of foreign models, to float32 and back.</summary>
internal static class SourceNumbers
{
    /// <summary>Formats that are read as they stand.</summary>
    internal const string Single = "F32", Half = "F16", BFloat = "BF16";

    /// <summary>Bytes of one number; 0 for formats that are not plain.</summary>
    internal static int Bytes(string type) => type switch { Single => 4, Half or BFloat => 2, _ => 0 };

    /// <summary>Little-endian numbers to float32.</summary>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <param name="source">The bytes; as many numbers as <paramref name="destination"/> takes.</param>
    /// <param name="destination">The numbers.</param>
    internal static void ToSingles(string type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        source = source[..(destination.Length * Bytes(type))];
        switch (type)
        {
            case Single:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case Half:
                ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(source);
                for (int i = 0; i < halves.Length; i++)
                {
                    destination[i] = (float)halves[i];
                }

                break;
            case BFloat:
                BFloats(MemoryMarshal.Cast<byte, ushort>(source), destination);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "no plain number format");
        }
    }

    /// <summary>float32 to little-endian float16, to nearest, ties to even.</summary>
    /// <returns>The index of the first number that is too large for float16; −1 where all fit.</returns>
    internal static int ToHalves(ReadOnlySpan<float> source, Span<byte> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            Half half = (Half)source[i];
            if (!System.Half.IsFinite(half))
            {
                return i;
            }

            BinaryPrimitives.WriteHalfLittleEndian(destination[(2 * i)..], half);
        }

        return -1;
    }

    /// <summary>The index of the first number that is infinite or none; −1 where all are finite.</summary>
    internal static int FirstNotFinite(ReadOnlySpan<float> values)
    {
        const uint exponent = 0x7F80_0000;
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        int i = 0;
        Vector256<uint> mask = Vector256.Create(exponent);
        for (; i <= bits.Length - Vector256<uint>.Count; i += Vector256<uint>.Count)
        {
            if (Vector256.EqualsAny(Vector256.Create(bits.Slice(i, Vector256<uint>.Count)) & mask, mask))
            {
                break;
            }
        }

        for (; i < bits.Length; i++)
        {
            if ((bits[i] & exponent) == exponent)
            {
                return i;
            }
        }

        return -1;
    }

    private static void BFloats(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(destination);
        int i = 0;
        for (; i <= source.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            (Vector256<uint> low, Vector256<uint> high) =
                Vector256.Widen(Vector256.Create(source.Slice(i, Vector256<ushort>.Count)));
            (low << 16).CopyTo(bits[i..]);
            (high << 16).CopyTo(bits[(i + Vector256<uint>.Count)..]);
        }

        for (; i < source.Length; i++)
        {
            bits[i] = (uint)source[i] << 16;
        }
    }
}
