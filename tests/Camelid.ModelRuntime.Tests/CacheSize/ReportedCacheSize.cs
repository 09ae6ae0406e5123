using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Camelid.ModelRuntime.Tests.CacheSize;

/// <summary>
/// While it is not disposed of, the operating system tells ONNX Runtime that the L2 cache has another size: the
/// library's calls of <c>sysconf(_SC_LEVEL2_CACHE_SIZE)</c> are answered here. One at a time; sessions made before keep
/// what they were told.
/// </summary>
/// <example><c>using ReportedCacheSize told = ReportedCacheSize.Set(512 &lt;&lt; 10);</c></example>
internal sealed unsafe class ReportedCacheSize : IDisposable
{
    /// <summary>The three sizes of the tests: processors of the last fifteen years have one of them.</summary>
    internal static readonly long[] Sizes = [256 << 10, 512 << 10, 2 << 20];

    /// <summary>_SC_LEVEL2_CACHE_SIZE of Linux.</summary>
    private const int Level2CacheSize = 191;

    private static long toldBytes;
    private static int questions;
    private static nint system;
    private readonly ImportSlot slot;
    private bool disposed;

    private ReportedCacheSize(ImportSlot slot) => this.slot = slot;

    /// <summary>How often the library asked since the size was set.</summary>
    internal static int Questions => Volatile.Read(ref questions);

    /// <summary>Skips the test, saying why, where the library can't be told another size.</summary>
    internal static void SkipUnlessSupported() => Assert.SkipUnless(
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64,
        "the size is told by replacing ONNX Runtime's import of sysconf, which these tests can do on Linux x64 only");

    /// <summary>Tells a size, in bytes.</summary>
    internal static ReportedCacheSize Set(long bytes)
    {
        _ = OrtEnv.Instance();
        ImportSlot slot = ImportSlot.Find("libonnxruntime.so", "sysconf")
            ?? throw new InvalidOperationException("ONNX Runtime does not call sysconf");
        delegate* unmanaged[Cdecl]<int, nint> answer = &Answer;
        if (slot.Target == (nint)answer)
        {
            throw new InvalidOperationException("a size is told already");
        }

        (system, toldBytes, questions) = (slot.Target, bytes, 0);
        slot.Set((nint)answer);
        return new ReportedCacheSize(slot);
    }

    public void Dispose()
    {
        if (!disposed)
        {
            slot.Set(system);
            disposed = true;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Answer(int name)
    {
        if (name != Level2CacheSize)
        {
            return ((delegate* unmanaged[Cdecl]<int, nint>)system)(name);
        }

        Interlocked.Increment(ref questions);
        return (nint)Volatile.Read(ref toldBytes);
    }
}
