using System.Runtime.InteropServices;
using Camelid.ModelRuntime.Graphs;

namespace Camelid.ModelRuntime.Tests.CacheSize;

/// <summary>
/// While it is not disposed of, native code sees no variable that turns flash attention off. Only for tests that run
/// alone: what else loads a model meanwhile refuses to.
/// </summary>
internal sealed partial class FlashAttention : IDisposable
{
    private FlashAttention()
    {
    }

    internal static FlashAttention Allow()
    {
        Assert.Equal(0, UnsetEnv(NativeEnvironment.Variable));
        return new FlashAttention();
    }

    public void Dispose() => NativeEnvironment.Prepare();

    [LibraryImport("libc", EntryPoint = "unsetenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnsetEnv(string name);
}
