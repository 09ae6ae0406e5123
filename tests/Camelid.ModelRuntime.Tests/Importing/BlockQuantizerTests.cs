using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Training;

namespace Camelid.ModelRuntime.Tests.Importing;

public sealed class BlockQuantizerTests
{
    [Theory]
    [InlineData("int8", 32)]
    [InlineData("int4", 32)]
    [InlineData("int8", 45)]
    [InlineData("int4", 33)]
    [InlineData("int4", 64)]
    public void Blocks_equal_those_of_the_plain_rule(string precision, int columns)
    {
        const int rows = 50;
        SplitMix64 random = new(7);
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = i % 13 == 0 ? 0 : random.Normal() * MathF.Pow(10, (i / columns % 60) - 40);
        }

        (byte[] blocks, float[] scales) = Quantise(values, columns, precision);
        (byte[] plainBlocks, float[] plainScales) = Plain(values, columns, precision);
        Assert.Equal(plainScales, scales);
        Assert.Equal(plainBlocks, blocks);
    }

    [Fact]
    public void Of_two_largest_numbers_the_first_gives_the_sign()
    {
        float[] values = new float[32];
        (values[3], values[9]) = (2, -2);
        (byte[] blocks, float[] scales) = Quantise(values, 32, "int4");
        Assert.Equal([-0.25f], scales);
        Assert.Equal(0, blocks[1] >> 4);
        Assert.Equal(15, blocks[4] >> 4);
    }

    [Theory]
    [InlineData("int8", 0x80)]
    [InlineData("int4", 0x88)]
    public void A_block_of_zeros_has_scale_zero_and_the_middle_everywhere(string precision, byte middle)
    {
        (byte[] blocks, float[] scales) = Quantise(new float[40], 40, precision);
        Assert.Equal([0, 0], scales);
        Assert.All(blocks, value => Assert.Equal(middle, value));
    }

    [Fact]
    public void Numbers_too_small_for_a_scale_become_zero()
    {
        float[] values = new float[32];
        values[0] = float.Epsilon;
        (byte[] blocks, float[] scales) = Quantise(values, 32, "int8");
        Assert.Equal([0], scales);
        Assert.All(blocks, value => Assert.Equal(0x80, value));
    }

    [Fact]
    public void Halves_round_to_nearest_ties_to_even_and_too_large_numbers_are_found()
    {
        float[] values = [1, 1 + 1 / 2048f, 1 + 3 / 2048f, 65_504, 65_519.99f, 65_520, 1e-8f];
        byte[] halves = new byte[2 * values.Length];
        Assert.Equal(5, SourceNumbers.ToHalves(values, halves));
        Assert.Equal(-1, SourceNumbers.ToHalves(values.AsSpan(0, 5), halves));
        Assert.Equal(
            [1, 1, 1 + 2 / 1024f, 65_504, 65_504],
            Enumerable.Range(0, 5).Select(i => (float)BitConverter.ToHalf(halves, 2 * i)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(20)]
    public void The_first_number_that_is_not_finite_is_found(int index)
    {
        float[] values = new float[21];
        Assert.Equal(-1, SourceNumbers.FirstNotFinite(values));
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            values[index] = bad;
            Assert.Equal(index, SourceNumbers.FirstNotFinite(values));
        }
    }

    [Fact]
    public void Half_sized_numbers_widen_to_what_the_bits_say()
    {
        byte[] bits = new byte[2 * 65_536];
        for (int i = 0; i < 65_536; i++)
        {
            BitConverter.TryWriteBytes(bits.AsSpan(2 * i), (ushort)i);
        }

        float[] numbers = new float[65_536];
        SourceNumbers.ToSingles("BF16", bits, numbers);
        Assert.All(numbers.Index(), entry =>
            Assert.Equal((uint)entry.Index << 16, BitConverter.SingleToUInt32Bits(entry.Item)));
        SourceNumbers.ToSingles("F16", bits, numbers);
        Assert.All(numbers.Index(), entry =>
            Assert.Equal((float)BitConverter.UInt16BitsToHalf((ushort)entry.Index), entry.Item));
    }

    private static (byte[] Blocks, float[] Scales) Quantise(float[] values, int columns, string precision)
    {
        int count = values.Length / columns * ((columns + 31) / 32);
        byte[] blocks = new byte[count * (precision == "int8" ? 32 : 16)];
        float[] scales = new float[count];
        BlockQuantizer.Quantise(values, columns, precision, blocks, scales);
        return (blocks, scales);
    }

    private static (byte[] Blocks, float[] Scales) Plain(float[] values, int columns, string precision)
    {
        float half = precision == "int8" ? 128 : 8;
        List<byte> blocks = [];
        List<float> scales = [];
        foreach (float[] row in values.Chunk(columns))
        {
            foreach (float[] part in row.Chunk(32))
            {
                float[] block = [.. part, .. new float[32 - part.Length]];
                float largest = 0;
                foreach (float value in block)
                {
                    largest = Math.Abs(value) > Math.Abs(largest) ? value : largest;
                }

                float scale = largest / -half;
                int[] numbers = [.. block.Select(value => scale == 0 ? (int)half
                    : (int)Math.Clamp(MathF.Floor(value / scale + half + 0.5f), 0, 2 * half - 1))];
                scales.Add(scale == 0 ? 0 : scale);
                blocks.AddRange(precision == "int8"
                    ? numbers.Select(number => (byte)number)
                    : numbers.Chunk(2).Select(pair => (byte)(pair[0] | pair[1] << 4)));
            }
        }

        return ([.. blocks], [.. scales]);
    }
}
