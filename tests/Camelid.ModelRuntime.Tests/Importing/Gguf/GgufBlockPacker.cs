using Camelid.ModelRuntime.Importing.Gguf;

namespace Camelid.ModelRuntime.Tests.Importing.Gguf;

/// <summary>
/// Packs chosen whole numbers into GGUF blocks, in the manner of ggml's quantisers, and says plainly which numbers the
/// block then stands for. It shares nothing with the decoder under test.
/// </summary>
internal sealed class GgufBlockPacker(int seed)
{
    private readonly Random random = new(seed);

    /// <summary>A block of random content and the numbers that it stands for.</summary>
    internal (byte[] Block, float[] Values) Next(GgufTensorType type) => type switch
    {
        GgufTensorType.F32 => Plain(value => BitConverter.GetBytes(value), value => value),
        GgufTensorType.F16 => Plain(value => BitConverter.GetBytes((Half)value), value => (float)(Half)value),
        GgufTensorType.BF16 => Plain(
            value => BitConverter.GetBytes(value)[2..],
            value => BitConverter.ToSingle([0, 0, .. BitConverter.GetBytes(value)[2..]])),
        GgufTensorType.Q8_0 => Q8(),
        GgufTensorType.Q4_0 => Small(16, 8, withMinimum: false),
        GgufTensorType.Q4_1 => Small(16, 0, withMinimum: true),
        GgufTensorType.Q5_0 => Small(32, 16, withMinimum: false),
        GgufTensorType.Q5_1 => Small(32, 0, withMinimum: true),
        GgufTensorType.Q4_K => Super(16),
        GgufTensorType.Q5_K => Super(32),
        GgufTensorType.Q6_K => Super6(),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no packer"),
    };

    private int[] Levels(int count, int bound) => [.. Enumerable.Range(0, count).Select(_ => random.Next(bound))];

    private Half Scale() => (Half)(float)((random.NextDouble() - 0.5) / 8);

    private (byte[] Block, float[] Values) Plain(Func<float, byte[]> pack, Func<float, float> meaning)
    {
        float value = (float)(random.NextDouble() - 0.5);
        return (pack(value), [meaning(value)]);
    }

    private (byte[] Block, float[] Values) Q8()
    {
        Half scale = Scale();
        sbyte[] levels = [.. Levels(32, 256).Select(level => (sbyte)(level - 128))];
        levels[0] = -128;
        return ([.. BitConverter.GetBytes(scale), .. levels.Select(level => (byte)level)],
            [.. levels.Select(level => (float)scale * level)]);
    }

    private (byte[] Block, float[] Values) Small(int bound, int zero, bool withMinimum)
    {
        Half scale = Scale();
        Half minimum = withMinimum ? Scale() : (Half)0;
        int[] levels = Levels(32, bound);
        List<byte> block = [.. BitConverter.GetBytes(scale)];
        if (withMinimum)
        {
            block.AddRange(BitConverter.GetBytes(minimum));
        }

        if (bound == 32)
        {
            uint fifths = 0;
            for (int i = 0; i < 32; i++)
            {
                fifths |= (uint)(levels[i] / 16) << i;
            }

            block.AddRange(BitConverter.GetBytes(fifths));
        }

        for (int i = 0; i < 16; i++)
        {
            block.Add((byte)(levels[i] % 16 + levels[i + 16] % 16 * 16));
        }

        return ([.. block], [.. levels.Select(level => (level - zero) * (float)scale + (float)minimum)]);
    }

    /// <summary>Q4_K and Q5_K.</summary>
    private (byte[] Block, float[] Values) Super(int bound)
    {
        (Half scale, Half minimum) = (Scale(), Scale());
        (int[] scales, int[] minima, int[] levels) = (Levels(8, 64), Levels(8, 64), Levels(256, bound));
        byte[] groups = new byte[12];
        for (int j = 0; j < 8; j++)
        {
            if (j < 4)
            {
                groups[j] = (byte)scales[j];
                groups[j + 4] = (byte)minima[j];
            }
            else
            {
                groups[j + 4] = (byte)((scales[j] & 0xF) | ((minima[j] & 0xF) << 4));
                groups[j - 4] |= (byte)((scales[j] >> 4) << 6);
                groups[j] |= (byte)((minima[j] >> 4) << 6);
            }
        }

        (byte[] high, byte[] low) = (new byte[32], new byte[128]);
        for (int n = 0; n < 256; n += 64)
        {
            for (int j = 0; j < 32; j++)
            {
                (int first, int second) = (levels[n + j], levels[n + j + 32]);
                high[j] |= (byte)((first / 16 << n / 32) | (second / 16 << (n / 32 + 1)));
                low[n / 2 + j] = (byte)(first % 16 | (second % 16 << 4));
            }
        }

        byte[] block = [.. BitConverter.GetBytes(scale), .. BitConverter.GetBytes(minimum), .. groups,
            .. bound == 32 ? high : [], .. low];
        return (block, [.. levels.Select((level, i) =>
            (float)scale * scales[i / 32] * level - (float)minimum * minima[i / 32])]);
    }

    private (byte[] Block, float[] Values) Super6()
    {
        Half scale = Scale();
        int[] levels = Levels(256, 64);
        sbyte[] scales = [.. Levels(16, 256).Select(value => (sbyte)(value - 128))];
        (byte[] low, byte[] high) = (new byte[128], new byte[64]);
        for (int j = 0; j < 2; j++)
        {
            for (int l = 0; l < 32; l++)
            {
                int[] q = [.. Enumerable.Range(0, 4).Select(part => levels[128 * j + 32 * part + l])];
                low[64 * j + l] = (byte)(q[0] % 16 + q[2] % 16 * 16);
                low[64 * j + l + 32] = (byte)(q[1] % 16 + q[3] % 16 * 16);
                high[32 * j + l] = (byte)(q[0] / 16 + q[1] / 16 * 4 + q[2] / 16 * 16 + q[3] / 16 * 64);
            }
        }

        byte[] block = [.. low, .. high, .. scales.Select(value => (byte)value), .. BitConverter.GetBytes(scale)];
        return (block, [.. levels.Select((level, i) => (float)scale * scales[i / 16] * (level - 32))]);
    }
}
