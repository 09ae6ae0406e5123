using Camelid.ModelRuntime.Packages;
using Microsoft.ML.OnnxRuntime;

namespace Camelid.ModelRuntime.Training;

/// <summary>
/// Weights and optimiser state, and the session that takes a step with them. States swap buffers: nothing is copied.
/// </summary>
internal sealed class TrainingSession : IDisposable
{
    private static readonly string[] States = ["weights", "mean", "square"];
    private readonly RunOptions runOptions = new();
    private readonly ModelArchitecture model;
    private readonly int threads;
    private InferenceSession? session;
    private BatchShape shape;
    private float[][] now;
    private float[][] next;
    private readonly float[] gradient;
    private readonly float[] loss = new float[1];

    internal TrainingSession(ModelArchitecture model, float[] weights, int threads)
    {
        (this.model, this.threads) = (model, threads);
        now = [weights, new float[weights.Length], new float[weights.Length]];
        next = [new float[weights.Length], new float[weights.Length], new float[weights.Length]];
        gradient = new float[weights.Length];
    }

    /// <summary>The weights after the last step, flat.</summary>
    internal float[] Weights => now[0];

    /// <summary>The gradient of the last step before clipping, flat.</summary>
    internal float[] Gradient => gradient;

    /// <summary>Prepares for batches of another shape.</summary>
    internal void Reshape(BatchShape batch)
    {
        if (session is not null && batch == shape)
        {
            return;
        }

        session?.Dispose();
        using SessionOptions options = new()
        {
            IntraOpNumThreads = threads, InterOpNumThreads = 1, ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        session = new InferenceSession(TrainingGraph.Build(model, batch), options);
        shape = batch;
    }

    /// <summary>
    /// Takes step number <paramref name="step"/> (from one) and returns the loss before it, in nats per token.
    /// </summary>
    internal float Step(long[] ids, long[] targets, float rate, int step)
    {
        InferenceSession ready = session ?? throw new InvalidOperationException("Reshape comes before Step");
        (float meanScale, float squareScale) = TrainingGraph.Corrections(step);
        using DisposableList<OrtValue> inputs = [];
        using DisposableList<OrtValue> outputs = [];
        inputs.Add(OrtValue.CreateTensorValueFromMemory(ids, [ids.Length]));
        inputs.Add(OrtValue.CreateTensorValueFromMemory(targets, [targets.Length]));
        inputs.AddRange(now.Select(state => OrtValue.CreateTensorValueFromMemory(state, [state.Length])));
        foreach (float scalar in new[] { rate, meanScale, squareScale })
        {
            inputs.Add(OrtValue.CreateTensorValueFromMemory([scalar], []));
        }

        outputs.AddRange(next.Select(state => OrtValue.CreateTensorValueFromMemory(state, [state.Length])));
        outputs.Add(OrtValue.CreateTensorValueFromMemory(loss, []));
        outputs.Add(OrtValue.CreateTensorValueFromMemory(gradient, [gradient.Length]));
        ready.Run(
            runOptions, ["ids", "targets", .. States, "rate", "mean_scale", "square_scale"], inputs,
            [.. States.Select(state => state + "_next"), "loss", "gradient"], outputs);
        (now, next) = (next, now);
        return loss[0];
    }

    public void Dispose()
    {
        session?.Dispose();
        runOptions.Dispose();
    }

    private sealed class DisposableList<T> : List<T>, IDisposable
        where T : IDisposable
    {
        public void Dispose() => ForEach(item => item.Dispose());
    }
}
