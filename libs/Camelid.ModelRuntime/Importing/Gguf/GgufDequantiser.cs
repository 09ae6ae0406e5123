using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Camelid.ModelRuntime.Importing.Gguf;

/// <summary>
/// Turns GGUF blocks into float32 numbers. Each formula is the format's own, evaluated in float32 in the order in which
/// it is written in ggml, so that values equal those of other readers bit for bit.
/// </summary>
internal static class GgufDequantiser
{
    /// <summary>Decodes whole blocks.</summary>
    /// <param name="type">The type of the blocks; a supported one.</param>
    /// <param name="source">The blocks.</param>
    /// <param name="destination">As many numbers as the blocks hold.</param>
    internal static void Decode(GgufTensorType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (type)
        {
            case GgufTensorType.F32:
                Float32(source, destination);
                return;
            case GgufTensorType.F16:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = Half(source[(2 * i)..]);
                }

                return;
            case GgufTensorType.BF16:
                for (int i = 0; i < destination.Length; i++)
                {
                    int upper = BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]);
                    destination[i] = BitConverter.Int32BitsToSingle(upper << 16);
                }

                return;
            default:
                Blocks(type, source, destination);
                return;
        }
    }

    private static void Blocks(GgufTensorType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        GgufBlock block = GgufBlock.Of(type) ?? throw new UnreachableException($"no block of {type}");
        int count = destination.Length / block.Elements;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> from = source.Slice(i * block.Bytes, block.Bytes);
            Span<float> to = destination.Slice(i * block.Elements, block.Elements);
            switch (type)
            {
                case GgufTensorType.Q8_0:
                    EightBits(from, to);
                    break;
                case GgufTensorType.Q4_0:
                    FourBits(from[2..], to, Half(from), 0, 8);
                    break;
                case GgufTensorType.Q4_1:
                    FourBits(from[4..], to, Half(from), Half(from[2..]), 0);
                    break;
                case GgufTensorType.Q5_0:
                    FiveBits(from[2..], to, Half(from), 0, 16);
                    break;
                case GgufTensorType.Q5_1:
                    FiveBits(from[4..], to, Half(from), Half(from[2..]), 0);
                    break;
                case GgufTensorType.Q4_K:
                    SuperFourBits(from, to);
                    break;
                case GgufTensorType.Q5_K:
                    SuperFiveBits(from, to);
                    break;
                case GgufTensorType.Q6_K:
                    SuperSixBits(from, to);
                    break;
                default:
                    throw new UnreachableException($"no decoder of {type}");
            }
        }
    }

    private static void Float32(ReadOnlySpan<byte> source, Span<float> destination)
    {
        if (BitConverter.IsLittleEndian)
        {
            source[..(4 * destination.Length)].CopyTo(MemoryMarshal.AsBytes(destination));
            return;
        }

        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = BinaryPrimitives.ReadSingleLittleEndian(source[(4 * i)..]);
        }
    }

    private static float Half(ReadOnlySpan<byte> source) => (float)BinaryPrimitives.ReadHalfLittleEndian(source);

    private static void EightBits(ReadOnlySpan<byte> from, Span<float> to)
    {
        float scale = Half(from);
        for (int j = 0; j < 32; j++)
        {
            to[j] = (sbyte)from[2 + j] * scale;
        }
    }

    private static void FourBits(ReadOnlySpan<byte> nibbles, Span<float> to, float scale, float minimum, int zero)
    {
        for (int j = 0; j < 16; j++)
        {
            to[j] = ((nibbles[j] & 15) - zero) * scale + minimum;
            to[j + 16] = ((nibbles[j] >> 4) - zero) * scale + minimum;
        }
    }

    private static void FiveBits(ReadOnlySpan<byte> from, Span<float> to, float scale, float minimum, int zero)
    {
        uint fifth = BinaryPrimitives.ReadUInt32LittleEndian(from);
        ReadOnlySpan<byte> nibbles = from[4..];
        for (int j = 0; j < 16; j++)
        {
            int low = (nibbles[j] & 15) | (int)((fifth >> j) & 1) << 4;
            int high = (nibbles[j] >> 4) | (int)((fifth >> (j + 16)) & 1) << 4;
            to[j] = (low - zero) * scale + minimum;
            to[j + 16] = (high - zero) * scale + minimum;
        }
    }

    private static void SuperFourBits(ReadOnlySpan<byte> from, Span<float> to)
    {
        ReadOnlySpan<byte> groups = from.Slice(4, 12);
        ReadOnlySpan<byte> nibbles = from[16..];
        for (int group = 0; group < 8; group++)
        {
            (float scale, float minimum) = ScaleAndMinimum(from, groups, group);
            int shift = (group & 1) * 4;
            for (int l = 0; l < 32; l++)
            {
                int q = (nibbles[group / 2 * 32 + l] >> shift) & 15;
                to[group * 32 + l] = scale * q - minimum;
            }
        }
    }

    private static void SuperFiveBits(ReadOnlySpan<byte> from, Span<float> to)
    {
        ReadOnlySpan<byte> groups = from.Slice(4, 12);
        ReadOnlySpan<byte> fifths = from.Slice(16, 32);
        ReadOnlySpan<byte> nibbles = from[48..];
        for (int group = 0; group < 8; group++)
        {
            (float scale, float minimum) = ScaleAndMinimum(from, groups, group);
            int shift = (group & 1) * 4;
            for (int l = 0; l < 32; l++)
            {
                int q = ((nibbles[group / 2 * 32 + l] >> shift) & 15) | ((fifths[l] >> group) & 1) << 4;
                to[group * 32 + l] = scale * q - minimum;
            }
        }
    }

    private static void SuperSixBits(ReadOnlySpan<byte> from, Span<float> to)
    {
        float scale = Half(from[208..]);
        for (int i = 0; i < 256; i++)
        {
            (int half, int quarter, int l) = (i / 128, i % 128 / 32, i % 32);
            int low = from[half * 64 + (quarter & 1) * 32 + l] >> (quarter / 2 * 4) & 15;
            int high = from[128 + half * 32 + l] >> (quarter * 2) & 3;
            float group = scale * (sbyte)from[192 + i / 16];
            to[i] = group * ((low | high << 4) - 32);
        }
    }

    /// <summary>The 6-bit scale and minimum of one of the eight groups, times those of the super-block.</summary>
    private static (float Scale, float Minimum) ScaleAndMinimum(
        ReadOnlySpan<byte> block, ReadOnlySpan<byte> groups, int group)
    {
        int scale, minimum;
        if (group < 4)
        {
            (scale, minimum) = (groups[group] & 63, groups[group + 4] & 63);
        }
        else
        {
            scale = (groups[group + 4] & 15) | groups[group - 4] >> 6 << 4;
            minimum = groups[group + 4] >> 4 | groups[group] >> 6 << 4;
        }

        return (Half(block) * scale, Half(block[2..]) * minimum);
    }
}
