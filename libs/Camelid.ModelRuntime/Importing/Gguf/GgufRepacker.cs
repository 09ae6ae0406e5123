using System.Buffers.Binary;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing.Gguf;

/// <summary>
/// Turns the blocks of Q8_0 and Q4_0 into those of MatMulNBits without loss: both have blocks of 32 with one scale and
/// no zero point, only the order of the nibbles and the sign differ.
/// </summary>
internal static class GgufRepacker
{
    private const int BlockElements = 32;

    /// <summary>True where blocks of a type are blocks of a precision in other clothes.</summary>
    internal static bool Fits(GgufTensorType type, string precision) =>
        (type == GgufTensorType.Q8_0 && precision == Precision.Int8)
        || (type == GgufTensorType.Q4_0 && precision == Precision.Int4);

    /// <summary>Repacks whole blocks of Q8_0 or Q4_0.</summary>
    /// <param name="type">Q8_0 or Q4_0.</param>
    /// <param name="source">The blocks.</param>
    /// <param name="blocks">32 bytes a block for Q8_0, 16 for Q4_0.</param>
    /// <param name="scales">One scale a block.</param>
    internal static void Repack(
        GgufTensorType type, ReadOnlySpan<byte> source, Span<byte> blocks, Span<float> scales)
    {
        int sourceBytes = type == GgufTensorType.Q8_0 ? 2 + BlockElements : 2 + BlockElements / 2;
        int targetBytes = sourceBytes - 2;
        for (int i = 0; i < scales.Length; i++)
        {
            ReadOnlySpan<byte> from = source.Slice(i * sourceBytes, sourceBytes);
            Span<byte> to = blocks.Slice(i * targetBytes, targetBytes);
            scales[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(from);
            if (type == GgufTensorType.Q8_0)
            {
                Offset(from[2..], to);
            }
            else
            {
                Interleave(from[2..], to);
            }
        }
    }

    /// <summary>Signed bytes to bytes with 128 as their zero.</summary>
    private static void Offset(ReadOnlySpan<byte> signed, Span<byte> to)
    {
        for (int j = 0; j < to.Length; j++)
        {
            to[j] = (byte)(signed[j] ^ 0x80);
        }
    }

    /// <summary>Elements j and j + 16 of byte j to elements 2j and 2j + 1.</summary>
    private static void Interleave(ReadOnlySpan<byte> nibbles, Span<byte> to)
    {
        for (int j = 0; j < 8; j++)
        {
            (byte first, byte second) = (nibbles[2 * j], nibbles[2 * j + 1]);
            to[j] = (byte)((first & 15) | (second & 15) << 4);
            to[j + 8] = (byte)(first >> 4 | (second & 0xF0));
        }
    }
}
