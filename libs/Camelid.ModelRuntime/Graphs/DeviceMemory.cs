using Microsoft.ML.OnnxRuntime;

namespace Camelid.ModelRuntime.Graphs;

/// <summary>The memory of the GPU on which a session runs.</summary>
internal sealed class DeviceMemory : IDisposable
{
    private readonly OrtMemoryInfo info = new("Cuda", OrtAllocatorType.DeviceAllocator, 0, OrtMemType.Default);

    internal DeviceMemory(InferenceSession session) => Allocator = new OrtAllocator(session, info);

    /// <summary>Gives memory there.</summary>
    internal OrtAllocator Allocator { get; }

    public void Dispose()
    {
        Allocator.Dispose();
        info.Dispose();
    }
}
