using System.Diagnostics;

namespace Camelid.ModelRuntime.Sampling;

/// <summary>
/// Where a prefix of the order "value descending, id ascending" ends, found without a sort: by counting masses in
/// buckets of the value's leading bits, then of the next ones. Three passes at most, whatever the values are.
/// </summary>
internal sealed class PrefixCut
{
    private const uint SignBit = 0x80000000;
    private static readonly (int Shift, int Bits)[] Levels = [(21, 11), (10, 11), (0, 10)];
    private readonly long[] buckets = new long[1 << 11];

    /// <summary>A number that is the smaller, the greater the value; equal where values are, −0 and 0 too.</summary>
    internal static uint KeyOf(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value + 0f);
        return (bits & SignBit) != 0 ? bits : ~(bits | SignBit);
    }

    /// <summary>The value that has a key.</summary>
    internal static float ValueOf(uint key) =>
        BitConverter.UInt32BitsToSingle((key & SignBit) != 0 ? key : ~key & ~SignBit);

    /// <summary>
    /// The key at which the masses of the order, summed up, reach a limit, and the sum of all before that key.
    /// </summary>
    /// <param name="values">The values.</param>
    /// <param name="masses">Their masses; empty where each is one.</param>
    /// <param name="limit">At least 1, and at most all masses together.</param>
    internal (uint Key, long Before) Find(ReadOnlySpan<float> values, ReadOnlySpan<long> masses, long limit)
    {
        (uint prefix, uint mask, long before) = (0, 0, 0);
        foreach ((int shift, int bits) in Levels)
        {
            Span<long> sums = buckets.AsSpan(0, 1 << bits);
            Count(values, masses, (prefix, mask, shift), sums);
            int bucket = 0;
            while (before + sums[bucket] < limit)
            {
                before += sums[bucket++];
                if (bucket == sums.Length)
                {
                    throw new UnreachableException("all masses together are less than the limit");
                }
            }

            prefix |= (uint)bucket << shift;
            mask |= ((1u << bits) - 1) << shift;
        }

        return (prefix, before);
    }

    private static void Count(
        ReadOnlySpan<float> values,
        ReadOnlySpan<long> masses,
        (uint Prefix, uint Mask, int Shift) level,
        Span<long> sums)
    {
        sums.Clear();
        for (int i = 0; i < values.Length; i++)
        {
            uint key = KeyOf(values[i]);
            if ((key & level.Mask) == level.Prefix)
            {
                sums[(int)(key >> level.Shift) & (sums.Length - 1)] += masses.IsEmpty ? 1 : masses[i];
            }
        }
    }
}
