using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Camelid.Benchmarks.Runtime;

/// <summary>How fast threads read memory that no cache holds: no decoder reads its weights faster.</summary>
internal static class MemoryBandwidth
{
    private const long BytesEach = 512L << 20;

    /// <summary>The best of three reads, bytes per second of all threads together.</summary>
    internal static double Measure(int threads)
    {
        ulong[][] arrays = [.. Enumerable.Range(0, threads).Select(_ =>
        {
            ulong[] array = new ulong[BytesEach / sizeof(ulong)];
            Array.Fill(array, 1UL);
            return array;
        })];
        double best = 0;
        for (int attempt = 0; attempt < 3; attempt++)
        {
            long started = Stopwatch.GetTimestamp();
            Parallel.ForEach(arrays, new ParallelOptions { MaxDegreeOfParallelism = threads }, array =>
            {
                if (Sum(array) != (ulong)array.Length)
                {
                    throw new InvalidOperationException("memory does not hold what was written");
                }
            });
            best = Math.Max(best, threads * BytesEach / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return best;
    }

    private static ulong Sum(ulong[] array)
    {
        ReadOnlySpan<Vector<ulong>> vectors = MemoryMarshal.Cast<ulong, Vector<ulong>>(array.AsSpan());
        Vector<ulong> first = default;
        Vector<ulong> second = default;
        Vector<ulong> third = default;
        Vector<ulong> fourth = default;
        for (int i = 0; i + 3 < vectors.Length; i += 4)
        {
            first += vectors[i];
            second += vectors[i + 1];
            third += vectors[i + 2];
            fourth += vectors[i + 3];
        }

        return Vector.Sum(first + second + third + fourth);
    }
}
