using Microsoft.ML.OnnxRuntime;

namespace Camelid.ModelRuntime.Training;

/// <summary>
/// Weights and optimiser state, and the sessions that take a step with them, one for each batch shape. States swap
/// buffers: nothing is copied.
/// </summary>
internal sealed class TrainingSession : IDisposable
{
    private const int ShapesMax = 4;
    private static readonly string[] States = ["weights", "mean", "square"];
    private readonly RunOptions runOptions = new();
    private readonly Dictionary<BatchShape, InferenceSession> sessions = [];
    private readonly Func<BatchShape, byte[]> graphOf;
    private readonly int threads;
    private readonly string? frozenFolder;
    private float[][] now;
    private float[][] next;
    private readonly float[] gradient;
    private readonly float[] loss = new float[1];

    /// <summary>Begins at a state of a recipe, whose vectors it takes over.</summary>
    internal TrainingSession(TrainingRecipe recipe, TrainingState state)
        : this(recipe.Graph, state, recipe.Threads, recipe.FrozenFolder)
    {
    }

    /// <summary>Begins at a state, whose vectors it takes over.</summary>
    /// <param name="graphOf">Writes the graph of a batch shape.</param>
    /// <param name="state">Where to begin.</param>
    /// <param name="threads">Threads of one operator.</param>
    /// <param name="frozenFolder">Where the files with the frozen weights lie; null where there are none.</param>
    internal TrainingSession(
        Func<BatchShape, byte[]> graphOf, TrainingState state, int threads, string? frozenFolder = null)
    {
        (this.graphOf, this.threads, this.frozenFolder) = (graphOf, threads, frozenFolder);
        now = [state.Weights, state.Mean, state.Square];
        next = [new float[Count], new float[Count], new float[Count]];
        gradient = new float[Count];
        StepsTaken = state.Step;
    }

    /// <summary>Steps since the start of the training.</summary>
    internal int StepsTaken { get; private set; }

    /// <summary>Where the training stands: valid until the next step.</summary>
    internal TrainingState State => new(StepsTaken, now[0], now[1], now[2]);

    /// <summary>The gradient of the last step before clipping, flat.</summary>
    internal float[] Gradient => gradient;

    private int Count => now[0].Length;

    /// <summary>Takes a step and returns the loss before it, in nats per token.</summary>
    internal float Step(BatchShape shape, long[] ids, long[] targets, float rate)
    {
        InferenceSession session = SessionOf(shape);
        (float meanScale, float squareScale) = TrainingGraph.Corrections(StepsTaken + 1);
        using DisposableList<OrtValue> inputs = [];
        using DisposableList<OrtValue> outputs = [];
        foreach (long[] tokens in new[] { ids, targets })
        {
            inputs.Add(OrtValue.CreateTensorValueFromMemory<long>(
                OrtMemoryInfo.DefaultInstance, tokens.AsMemory(0, shape.Rows), [shape.Rows]));
        }

        inputs.AddRange(now.Select(state => OrtValue.CreateTensorValueFromMemory(state, [state.Length])));
        foreach (float scalar in new[] { rate, meanScale, squareScale })
        {
            inputs.Add(OrtValue.CreateTensorValueFromMemory([scalar], []));
        }

        outputs.AddRange(next.Select(state => OrtValue.CreateTensorValueFromMemory(state, [state.Length])));
        outputs.Add(OrtValue.CreateTensorValueFromMemory(loss, []));
        outputs.Add(OrtValue.CreateTensorValueFromMemory(gradient, [gradient.Length]));
        session.Run(
            runOptions, ["ids", "targets", .. States, "rate", "mean_scale", "square_scale"], inputs,
            [.. States.Select(state => state + "_next"), "loss", "gradient"], outputs);
        (now, next) = (next, now);
        StepsTaken++;
        return loss[0];
    }

    public void Dispose()
    {
        foreach (InferenceSession session in sessions.Values)
        {
            session.Dispose();
        }

        runOptions.Dispose();
    }

    private InferenceSession SessionOf(BatchShape shape)
    {
        if (sessions.TryGetValue(shape, out InferenceSession? known))
        {
            return known;
        }

        if (sessions.Count == ShapesMax)
        {
            throw new InvalidOperationException($"a training has at most {ShapesMax} batch shapes");
        }

        using SessionOptions options = new()
        {
            IntraOpNumThreads = threads, InterOpNumThreads = 1, ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        if (frozenFolder is not null)
        {
            // Frozen weights stay mapped from their file: no packed copy beside them.
            options.AddSessionConfigEntry("session.disable_prepacking", "1");
            options.AddSessionConfigEntry(
                "session.model_external_initializers_file_folder_path", Path.GetFullPath(frozenFolder));
        }

        InferenceSession session = new(graphOf(shape), options);
        sessions[shape] = session;
        return session;
    }

    private sealed class DisposableList<T> : List<T>, IDisposable
        where T : IDisposable
    {
        public void Dispose() => ForEach(item => item.Dispose());
    }
}
