using System.Diagnostics;
using System.Runtime.Intrinsics;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing;

/// <summary>
/// Numbers to blocks of 32 under one scale, as MatMulNBits wants them. With m the number of largest magnitude in a
/// block (the first of several) and half = 128 (int8) or 8 (int4): scale = m / −half; q = floor(w / scale + half + 0.5)
/// within 0 … 2·half − 1; scale 0 makes every q half. All in float32, so every machine makes the same bytes.
/// </summary>
internal static class BlockQuantizer
{
    private const int Lanes = 8;

    /// <summary>Quantises rows, each padded with zeros to whole blocks.</summary>
    /// <param name="values">[rows, columns], finite.</param>
    /// <param name="columns">Numbers in a row.</param>
    /// <param name="precision">int8 or int4.</param>
    /// <param name="blocks">[rows, ceil(columns / 32), block bytes].</param>
    /// <param name="scales">[rows, ceil(columns / 32)].</param>
    internal static void Quantise(
        ReadOnlySpan<float> values, int columns, string precision, Span<byte> blocks, Span<float> scales)
    {
        int bytes = Precision.BlockBytes(precision);
        float half = Half(precision);
        Span<float> padded = stackalloc float[Precision.BlockSize];
        Span<byte> numbers = stackalloc byte[Precision.BlockSize];
        int block = 0;
        for (int row = 0; row < values.Length; row += columns)
        {
            for (int column = 0; column < columns; column += Precision.BlockSize, block++)
            {
                int count = Math.Min(Precision.BlockSize, columns - column);
                scoped ReadOnlySpan<float> source = values.Slice(row + column, count);
                if (count < Precision.BlockSize)
                {
                    padded.Clear();
                    source.CopyTo(padded);
                    source = padded;
                }

                scales[block] = Block(source, half, numbers);
                Pack(numbers, blocks.Slice(block * bytes, bytes));
            }
        }
    }

    /// <summary>What stands for zero in every byte of a block.</summary>
    internal static byte ZeroByte(string precision) => precision == Precision.Int8 ? (byte)0x80 : (byte)0x88;

    /// <summary>Half of the values that a number may take.</summary>
    internal static float Half(string precision) => precision == Precision.Int8 ? 128 : 8;

    private static float Block(ReadOnlySpan<float> source, float half, Span<byte> numbers)
    {
        float scale = Largest(source) / -half;
        if (scale == 0)
        {
            numbers.Fill((byte)half);
            return 0;
        }

        Vector256<ushort> first = Vector256.Narrow(
            Quantised(source, scale, half), Quantised(source[Lanes..], scale, half));
        Vector256<ushort> second = Vector256.Narrow(
            Quantised(source[(2 * Lanes)..], scale, half), Quantised(source[(3 * Lanes)..], scale, half));
        Vector256.Narrow(first, second).CopyTo(numbers);
        return scale;
    }

    private static Vector256<uint> Quantised(ReadOnlySpan<float> source, float scale, float half)
    {
        Vector256<float> value = Vector256.Create(source[..Lanes]) / Vector256.Create(scale);
        value = Vector256.Floor(value + Vector256.Create(half) + Vector256.Create(0.5f));
        value = Vector256.Min(Vector256.Max(value, Vector256<float>.Zero), Vector256.Create((2 * half) - 1));
        return Vector256.ConvertToInt32(value).AsUInt32();
    }

    private static float Largest(ReadOnlySpan<float> source)
    {
        Vector256<float> most = Vector256.Abs(Vector256.Create(source[..Lanes]));
        for (int i = Lanes; i < Precision.BlockSize; i += Lanes)
        {
            most = Vector256.Max(most, Vector256.Abs(Vector256.Create(source.Slice(i, Lanes))));
        }

        Span<float> lanes = stackalloc float[Lanes];
        most.CopyTo(lanes);
        float magnitude = 0;
        foreach (float lane in lanes)
        {
            magnitude = Math.Max(magnitude, lane);
        }

        int above = source.IndexOf(magnitude);
        int below = source.IndexOf(-magnitude);
        return above >= 0 && (below < 0 || above < below) ? magnitude
            : below >= 0 ? -magnitude
            : throw new UnreachableException("a block holds a number that is none; they are refused before");
    }

    private static void Pack(ReadOnlySpan<byte> numbers, Span<byte> block)
    {
        if (block.Length == numbers.Length)
        {
            numbers.CopyTo(block);
            return;
        }

        Vector256<ushort> pairs = Vector256.Create(numbers).AsUInt16();
        Vector256<ushort> packed = (pairs & Vector256.Create((ushort)0x000F))
            | ((pairs >> 4) & Vector256.Create((ushort)0x00F0));
        Vector128.Narrow(packed.GetLower(), packed.GetUpper()).CopyTo(block);
    }
}
