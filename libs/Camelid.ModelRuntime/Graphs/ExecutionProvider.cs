using Microsoft.ML.OnnxRuntime;

namespace Camelid.ModelRuntime.Graphs;

/// <summary>What computes a model.</summary>
public enum ExecutionProvider
{
    /// <summary>The processor.</summary>
    Cpu,

    /// <summary>An NVIDIA GPU, by CUDA.</summary>
    Cuda,
}

/// <summary>The providers of this build of ONNX Runtime.</summary>
public static class ExecutionProviders
{
    private const string CudaName = "CUDAExecutionProvider";

    /// <summary>
    /// True where this build holds the provider. Whether a GPU and its driver are there shows when a model is loaded.
    /// </summary>
    public static bool IsPartOfBuild(ExecutionProvider provider) => provider == ExecutionProvider.Cpu
        || OrtEnv.Instance().GetAvailableProviders().Contains(CudaName);
}
