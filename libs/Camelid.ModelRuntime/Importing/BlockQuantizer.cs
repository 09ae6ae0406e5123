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

        Vector256<float> top = Vector256.Create((2 * half) - 1);
        for (int i = 0; i < Precision.BlockSize; i += Lanes)
        {
            Vector256<float> value = Vector256.Create(source.Slice(i, Lanes)) / Vector256.Create(scale);
            value = Vector256.Floor(value + Vector256.Create(half) + Vector256.Create(0.5f));
            value = Vector256.Min(Vector256.Max(value, Vector256<float>.Zero), top);
            Vector256<int> whole = Vector256.ConvertToInt32(value);
            for (int lane = 0; lane < Lanes; lane++)
            {
                numbers[i + lane] = (byte)whole[lane];
            }
        }

        return scale;
    }

    private static float Largest(ReadOnlySpan<float> source)
    {
        Vector256<float> most = Vector256<float>.Zero;
        for (int i = 0; i < Precision.BlockSize; i += Lanes)
        {
            most = Vector256.Max(most, Vector256.Abs(Vector256.Create(source.Slice(i, Lanes))));
        }

        float magnitude = 0;
        for (int lane = 0; lane < Lanes; lane++)
        {
            magnitude = Math.Max(magnitude, most[lane]);
        }

        foreach (float value in source)
        {
            if (Math.Abs(value) == magnitude)
            {
                return value;
            }
        }

        throw new UnreachableException("a block holds a number that is none; they are refused before");
    }

    private static void Pack(ReadOnlySpan<byte> numbers, Span<byte> block)
    {
        if (block.Length == numbers.Length)
        {
            numbers.CopyTo(block);
            return;
        }

        for (int i = 0; i < block.Length; i++)
        {
            block[i] = (byte)(numbers[2 * i] | (numbers[(2 * i) + 1] << 4));
        }
    }
}
