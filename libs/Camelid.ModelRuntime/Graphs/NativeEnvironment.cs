using System.Runtime.InteropServices;

namespace Camelid.ModelRuntime.Graphs;

/// <summary>
/// Rule S-20: the process environment as native code sees it. ONNX Runtime picks the block size of flash attention by
/// the size of the L2 cache, so equal programs give different bits on different machines; one variable turns that off,
/// and it must be set before the first session is made.
/// </summary>
public static partial class NativeEnvironment
{
    /// <summary>The variable that makes attention independent of cache sizes.</summary>
    public const string Variable = "ORT_GQA_DISABLE_FLASH_ATTENTION";

    private const int DontNeed = 4;

    /// <summary>
    /// Sets the variable where the launcher did not. .NET's own SetEnvironmentVariable does not reach native code.
    /// Call it first in Main, before any other thread runs: setenv is not safe beside a getenv.
    /// </summary>
    public static void Prepare()
    {
        if (!IsReady && SetEnv(Variable, "1", 1) != 0)
        {
            throw new InvalidOperationException($"setenv {Variable} failed");
        }
    }

    /// <summary>True where native code reads 1.</summary>
    public static bool IsReady => Marshal.PtrToStringUTF8(GetEnv(Variable)) == "1";

    /// <summary>Refuses to go on where results would depend on the machine's caches.</summary>
    /// <exception cref="InvalidOperationException">The variable is not 1.</exception>
    internal static void Require() => Require(IsReady);

    /// <summary>The refusal itself.</summary>
    internal static void Require(bool isReady)
    {
        if (!isReady)
        {
            throw new InvalidOperationException(
                $"{Variable}=1 must be in the environment before the program starts (./camelid sets it); "
                + "without it logits depend on the size of this machine's caches and no verifier could repeat them");
        }
    }

    /// <summary>
    /// Takes the pages of a file's mapping out of the process's memory; they are read again where they are used.
    /// A wish: where the system does not follow it, nothing is lost.
    /// </summary>
    internal static void ReleasePages(nint mapping, long bytes) => _ = MemoryAdvise(mapping, (nuint)bytes, DontNeed);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetEnv(string name);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnv(string name, string value, int overwrite);
}
