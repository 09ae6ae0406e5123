using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Camelid.Benchmarks.Runtime;

/// <summary>
/// Seconds of the wall, or those that this thread really had a processor: on a busy machine the second compares two
/// computations of one thread, where the first compares their luck.
/// </summary>
internal sealed partial class WorkClock(bool countsThreadTime)
{
    private const int ThreadCpuTime = 3;

    /// <summary>The time now.</summary>
    internal double Seconds()
    {
        if (!countsThreadTime)
        {
            return Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;
        }

        return GetTime(ThreadCpuTime, out TimeSpec time) == 0
            ? time.Seconds + time.Nanoseconds * 1e-9
            : throw new InvalidOperationException("this system does not count a thread's time");
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpec time);

    private readonly record struct TimeSpec(long Seconds, long Nanoseconds);
}
