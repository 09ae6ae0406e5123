using System.Buffers.Binary;

namespace Camelid.Fuzz;

/// <summary>Makes inputs out of other inputs, by chance that it is given.</summary>
internal sealed class Mutator(Random random)
{
    /// <summary>Bytes of the longest input.</summary>
    public const int InputBytesMax = 16_384;

    private const int NoiseBytesMax = 200;
    private const int InsertBytesMax = 64;
    private const int OneInNoise = 32;

    /// <summary>Numbers at which bounds and widths change.</summary>
    private static readonly ulong[] Numbers =
    [
        0, 1, 2, 8, 16, 32, 33, 64, 72, 73, 101, 102, 127, 128, 252, 253, 254, 255, 256, 520, 521, 1_000, 1_001, 2_000,
        2_001, 4_096, 4_097, 10_000, 10_001, 43_478, 65_535, 65_536, 100_000, 131_072, 4_000_000, 0x7fff_ffff,
        0x8000_0000, 0xffff_fffe, 0xffff_ffff, 0x1_0000_0000, 10_000_000_000_000_000, 0x7fff_ffff_ffff_ffff,
        0x8000_0000_0000_0000, ulong.MaxValue,
    ];

    /// <summary>A new input: a member of the pool changed in one to eight places, or seldom noise alone.</summary>
    public byte[] Next(IReadOnlyList<byte[]> pool)
    {
        if (pool.Count == 0 || random.Next(OneInNoise) == 0)
        {
            return Noise(random.Next(NoiseBytesMax));
        }

        List<byte> input = [.. pool[random.Next(pool.Count)]];
        int changes = 1 + random.Next(random.Next(8) + 1);
        for (int i = 0; i < changes; i++)
        {
            Change(input, pool);
        }

        return input.Count <= InputBytesMax ? [.. input] : [.. input.Take(InputBytesMax)];
    }

    private void Change(List<byte> input, IReadOnlyList<byte[]> pool)
    {
        int at = random.Next(input.Count + 1);
        int left = input.Count - at;
        switch (random.Next(10))
        {
            case 0 or 1 when left > 0:
                input[at] ^= (byte)(1 << random.Next(8));
                break;
            case 2 when left > 0:
                input[at] = (byte)random.Next(256);
                break;
            case 3 when left > 0:
                input[at] = unchecked((byte)(input[at] + random.Next(-4, 5)));
                break;
            case 4:
                PutNumber(input, at);
                break;
            case 5:
                input.InsertRange(at, Noise(1 + random.Next(InsertBytesMax)));
                break;
            case 6 when left > 0:
                input.RemoveRange(at, 1 + random.Next(Math.Min(left, InsertBytesMax)));
                break;
            case 7 when left > 0:
                input.InsertRange(at, input.GetRange(at, 1 + random.Next(Math.Min(left, InsertBytesMax))));
                break;
            case 8:
                Splice(input, at, pool[random.Next(pool.Count)]);
                break;
            default:
                input.RemoveRange(at, left);
                break;
        }
    }

    /// <summary>Writes a number of one to nine bytes over what is there, plain or as a CompactSize.</summary>
    private void PutNumber(List<byte> input, int at)
    {
        Span<byte> bytes = stackalloc byte[9];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[1..], Numbers[random.Next(Numbers.Length)]);
        int width = 1 << random.Next(4);
        bytes[0] = width switch { 2 => 0xfd, 4 => 0xfe, 8 => 0xff, _ => bytes[1] };
        bool marked = width > 1 && random.Next(2) == 0;
        ReadOnlySpan<byte> number = marked ? bytes[..(width + 1)] : bytes.Slice(1, width);
        foreach (byte value in number)
        {
            if (at < input.Count)
            {
                input[at++] = value;
            }
        }
    }

    private void Splice(List<byte> input, int at, byte[] other)
    {
        if (other.Length == 0)
        {
            return;
        }

        int from = random.Next(other.Length);
        input.RemoveRange(at, input.Count - at);
        input.AddRange(other.AsSpan(from, 1 + random.Next(other.Length - from)));
    }

    private byte[] Noise(int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
