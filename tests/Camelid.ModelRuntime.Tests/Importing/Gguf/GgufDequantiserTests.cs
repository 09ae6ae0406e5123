using Camelid.ModelRuntime.Importing.Gguf;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tests.Importing.Gguf;

/// <summary>Blocks of GGUF files as numbers, and as blocks of MatMulNBits.</summary>
public sealed class GgufDequantiserTests
{
    private const int Blocks = 50;

    /// <summary>Every type that is read.</summary>
    public static TheoryData<string> Types => [.. Enum.GetNames<GgufTensorType>()];

    /// <summary>Packed levels come back as the numbers that they stand for, bit for bit.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Every_type_decodes_to_the_numbers_that_were_packed(string name)
    {
        GgufTensorType type = Enum.Parse<GgufTensorType>(name);
        GgufBlockPacker packer = new(name.Length * 1000 + (int)type);
        List<byte> bytes = [];
        List<float> wanted = [];
        for (int i = 0; i < Blocks; i++)
        {
            (byte[] block, float[] values) = packer.Next(type);
            Assert.Equal(GgufBlock.Of(type), new GgufBlock(values.Length, block.Length));
            bytes.AddRange(block);
            wanted.AddRange(values);
        }

        float[] decoded = new float[wanted.Count];
        GgufDequantiser.Decode(type, bytes.ToArray(), decoded);
        Assert.Equal(wanted, decoded);
    }

    /// <summary>A block written down by hand: scale 0.5, byte j is 0x10·j + (15 − j).</summary>
    [Fact]
    public void A_Q4_0_block_made_by_hand_has_its_low_nibbles_first()
    {
        byte[] block = [0x00, 0x38, .. Enumerable.Range(0, 16).Select(j => (byte)(0x10 * j + 15 - j))];
        float[] decoded = new float[32];
        GgufDequantiser.Decode(GgufTensorType.Q4_0, block, decoded);
        Assert.Equal(Enumerable.Range(0, 16).Select(j => (7 - j) * 0.5f), decoded[..16]);
        Assert.Equal(Enumerable.Range(0, 16).Select(j => (j - 8) * 0.5f), decoded[16..]);
    }

    /// <summary>Hand-made: scale 1, group scales 1 and 2, minima 0 and 3, all levels 5.</summary>
    [Fact]
    public void A_Q4_K_block_made_by_hand_has_its_group_scales_and_minima()
    {
        byte[] groups = [1, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0];
        byte[] block = [0x00, 0x3C, 0x00, 0x3C, .. groups, .. Enumerable.Repeat((byte)0x55, 128)];
        float[] decoded = new float[256];
        GgufDequantiser.Decode(GgufTensorType.Q4_K, block, decoded);
        Assert.All(decoded[..32], value => Assert.Equal(5, value));
        Assert.All(decoded[32..64], value => Assert.Equal(7, value));
        Assert.All(decoded[64..], value => Assert.Equal(0, value));
    }

    /// <summary>Hand-made: scale 2, group scale −1 for the second sixteen only, levels 33 there.</summary>
    [Fact]
    public void A_Q6_K_block_made_by_hand_has_signed_group_scales()
    {
        byte[] low = new byte[128];
        byte[] high = new byte[64];
        Array.Fill(low, (byte)1, 16, 16);
        Array.Fill(high, (byte)2, 16, 16);
        byte[] scales = new byte[16];
        scales[1] = 0xFF;
        float[] decoded = new float[256];
        GgufDequantiser.Decode(GgufTensorType.Q6_K, [.. low, .. high, .. scales, 0x00, 0x40], decoded);
        Assert.All(decoded[16..32], value => Assert.Equal(-2, value));
        Assert.All(decoded[..16], value => Assert.Equal(0, value));
        Assert.All(decoded[32..], value => Assert.Equal(0, value));
    }

    /// <summary>Repacked blocks stand for the same numbers, by the meaning that MatMulNBits gives them.</summary>
    [Theory]
    [InlineData("Q8_0", Precision.Int8, 128)]
    [InlineData("Q4_0", Precision.Int4, 8)]
    public void Repacked_blocks_lose_nothing(string name, string precision, int zero)
    {
        GgufTensorType type = Enum.Parse<GgufTensorType>(name);
        GgufBlockPacker packer = new(7);
        for (int i = 0; i < Blocks; i++)
        {
            (byte[] block, float[] wanted) = packer.Next(type);
            byte[] packed = new byte[Precision.BlockBytes(precision)];
            float[] scales = new float[1];
            GgufRepacker.Repack(type, block, packed, scales);
            int[] levels = precision == Precision.Int8
                ? [.. packed.Select(value => (int)value)]
                : [.. packed.SelectMany(value => new[] { value & 15, value >> 4 })];
            Assert.Equal(wanted, levels.Select(level => (level - zero) * scales[0]));
        }
    }

    /// <summary>Only these two pairs fit.</summary>
    [Fact]
    public void Only_Q8_0_fits_int8_and_only_Q4_0_fits_int4() => Assert.Equal(
        [(GgufTensorType.Q4_0, Precision.Int4), (GgufTensorType.Q8_0, Precision.Int8)],
        Enum.GetValues<GgufTensorType>().SelectMany(
            type => Precision.All.Where(precision => GgufRepacker.Fits(type, precision)),
            (type, precision) => (type, precision)));
}
