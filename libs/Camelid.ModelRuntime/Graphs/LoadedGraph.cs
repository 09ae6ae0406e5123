using Microsoft.ML.OnnxRuntime;

namespace Camelid.ModelRuntime.Graphs;

/// <summary>
/// A slot graph in ONNX Runtime, which several callers may run at once, each through its own
/// <see cref="SlotSession"/>. The last one to dispose of it frees it.
/// </summary>
internal sealed class LoadedGraph : IDisposable
{
    private readonly int threads;
    private int holders = 1;

    /// <summary>Builds and loads the graph over shared weights.</summary>
    /// <exception cref="Packages.ModelPackageException">ONNX Runtime refuses the graph.</exception>
    internal LoadedGraph(ModelWeights weights, int slots, int threads)
    {
        NativeEnvironment.Require();
        (Slots, this.threads) = (slots, threads);
        Session = Open(weights, slots, threads);
        Weights = weights.Share();
        Device = weights.Provider == ExecutionProvider.Cuda ? new DeviceMemory(Session) : null;
    }

    /// <summary>The weights.</summary>
    internal ModelWeights Weights { get; }

    /// <summary>Slots of the graph.</summary>
    internal int Slots { get; }

    /// <summary>The session; running it is safe from several threads.</summary>
    internal InferenceSession Session { get; }

    /// <summary>
    /// The graph for calls of a single token of a single slot, whose matrix products have one row; null where nothing
    /// showed that such a row has the bits of one among several.
    /// </summary>
    internal InferenceSession? OneToken { get; private set; }

    /// <summary>
    /// Fewest rows of logits of a call. Nothing promises that the product of one row has the bits of the product of
    /// several; where this machine was seen to give them, it is 1.
    /// </summary>
    internal int LogitRowsMin { get; set; } = 2;

    /// <summary>
    /// Fewest tokens of a call: attention of a single row has other bits. 1 shows in tests that this matters.
    /// </summary>
    internal int TokensMin { get; init; } = 2;

    /// <summary>The GPU's memory; null on the processor.</summary>
    internal DeviceMemory? Device { get; }

    /// <summary>
    /// Allows products of one row, in the last product and in calls of one token, or takes that back. The caller has
    /// seen, or is about to see, whether their bits are those of rows among others. Nobody else runs the graph yet.
    /// </summary>
    internal void AllowSingleRows(bool isAllowed)
    {
        LogitRowsMin = isAllowed ? 1 : 2;
        OneToken?.Dispose();
        OneToken = isAllowed && Slots == 1 ? Open(Weights, SlotGraph.OneToken, threads) : null;
    }

    /// <summary>One more caller; each calls <see cref="Dispose"/> once.</summary>
    internal LoadedGraph Share()
    {
        Interlocked.Increment(ref holders);
        return this;
    }

    public void Dispose()
    {
        if (Interlocked.Decrement(ref holders) == 0)
        {
            Device?.Dispose();
            OneToken?.Dispose();
            Session.Dispose();
            Weights.Dispose();
        }
    }

    private static InferenceSession Open(ModelWeights weights, int slots, int threads)
    {
        using SessionOptions options = new()
        {
            IntraOpNumThreads = threads, InterOpNumThreads = 1, ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        if (weights.Provider == ExecutionProvider.Cuda)
        {
            options.AppendExecutionProvider_CUDA();
        }

        // Workers spin inside a call, where the next operator comes within microseconds, and sleep between calls.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", threads > 1 ? "1" : "0");
        options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        return weights.Open(weights.BuildGraph(slots), options);
    }
}
