using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Camelid.ModelRuntime.Sampling;

/// <summary>
/// Where a prefix of the order "value descending, id ascending" ends, found without a sort: masses are counted in
/// buckets of equal width, and those in the bucket that matters again by the value's bits, a few at a time. The number
/// of passes is fixed, whatever the values are.
/// </summary>
internal sealed class PrefixCut(int capacity)
{
    private const uint SignBit = 0x80000000;
    private const int BucketBits = 11;

    /// <summary>Fewer values than this are counted by their bits at once.</summary>
    private const int NarrowedLeast = 1024;

    private static readonly (int Shift, int Bits)[] Levels = [(21, BucketBits), (10, BucketBits), (0, 10)];
    private readonly long[] buckets = new long[1 << BucketBits];
    private readonly float[] someValues = new float[capacity];
    private readonly long[] someMasses = new long[capacity];

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
    /// The value at which the masses of the order, summed up, reach a limit, and the sum of all before that value.
    /// </summary>
    /// <param name="values">The values, none greater than the greatest.</param>
    /// <param name="masses">Their masses.</param>
    /// <param name="limit">At least 1, and at most all masses together.</param>
    /// <param name="greatest">The greatest value.</param>
    internal (float Value, long Before) Find(
        ReadOnlySpan<float> values, ReadOnlySpan<long> masses, long limit, float greatest)
    {
        float scale = (buckets.Length - 1) / (greatest - LeastOf(values));
        if (values.Length < NarrowedLeast || !float.IsFinite(scale) || scale == 0)
        {
            return FindByKey(values, masses, 0, limit);
        }

        Span<long> sums = buckets;
        sums.Clear();
        for (int i = 0; i < values.Length; i++)
        {
            sums[BucketOf(values[i], greatest, scale)] += masses[i];
        }

        (int bucket, long before) = Reach(buckets, 0, limit);
        Span<float> narrowValues = someValues;
        Span<long> narrowMasses = someMasses;
        int count = 0;
        for (int i = 0; i < values.Length; i++)
        {
            // Written always and counted sometimes: a branch here would be guessed wrong.
            (narrowValues[count], narrowMasses[count]) = (values[i], masses[i]);
            count += BucketOf(values[i], greatest, scale) == bucket ? 1 : 0;
        }

        return FindByKey(narrowValues[..count], narrowMasses[..count], before, limit);
    }

    private static float LeastOf(ReadOnlySpan<float> values)
    {
        Vector<float> least = new(float.PositiveInfinity);
        foreach (Vector<float> lanes in MemoryMarshal.Cast<float, Vector<float>>(values))
        {
            least = Vector.MinNative(least, lanes);
        }

        float result = float.PositiveInfinity;
        for (int lane = 0; lane < Vector<float>.Count; lane++)
        {
            result = least[lane] < result ? least[lane] : result;
        }

        foreach (float value in values[^(values.Length % Vector<float>.Count)..])
        {
            result = value < result ? value : result;
        }

        return result;
    }

    /// <summary>
    /// Never smaller for a smaller value: each of subtraction, multiplication and truncation keeps an order.
    /// </summary>
    private static int BucketOf(float value, float greatest, float scale) =>
        Math.Min((int)((greatest - value) * scale), (1 << BucketBits) - 1);

    private static (int Bucket, long Before) Reach(ReadOnlySpan<long> sums, long before, long limit)
    {
        for (int bucket = 0; bucket < sums.Length; bucket++)
        {
            if (before + sums[bucket] >= limit)
            {
                return (bucket, before);
            }

            before += sums[bucket];
        }

        throw new UnreachableException("all masses together are less than the limit");
    }

    private (float Value, long Before) FindByKey(
        ReadOnlySpan<float> values, ReadOnlySpan<long> masses, long before, long limit)
    {
        (uint prefix, uint mask) = (0, 0);
        foreach ((int shift, int bits) in Levels)
        {
            Span<long> sums = buckets.AsSpan(0, 1 << bits);
            sums.Clear();
            for (int i = 0; i < values.Length; i++)
            {
                uint key = KeyOf(values[i]);
                if ((key & mask) == prefix)
                {
                    sums[(int)(key >> shift) & (sums.Length - 1)] += masses[i];
                }
            }

            (int bucket, before) = Reach(sums, before, limit);
            prefix |= (uint)bucket << shift;
            mask |= ((1u << bits) - 1) << shift;
        }

        return (ValueOf(prefix), before);
    }
}
