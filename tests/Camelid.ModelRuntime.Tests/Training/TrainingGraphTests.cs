using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Training;

namespace Camelid.ModelRuntime.Tests.Training;

public sealed class TrainingGraphTests(ModelFixture fixture)
{
    private static readonly ModelArchitecture Tiny = new()
    {
        Family = "llama", HiddenSize = 16, Layers = 2, Heads = 2, KeyValueHeads = 1, HeadSize = 16,
        FeedForwardSize = 24,
        VocabularySize = 13, ContextTokensMax = 8, NormEpsilon = 1e-5f, RotaryBase = 10_000, TiedEmbedding = true,
    };

    private static readonly BatchShape Shape = new(2, 4);

    private static readonly long[] Ids = [1, 5, 5, 2, 12, 0, 7, 3], Targets = [5, 5, 2, 12, 0, 7, 3, 1];

    /// <summary>
    /// Along the gradient of each weight, the loss climbs as steeply as the gradient is long (central differences).
    /// </summary>
    [Fact]
    public void The_gradient_is_the_slope_of_the_loss()
    {
        const float Step = 3e-3f;
        SplitMix64 random = new(11);
        float[] weights = ParameterLayout.Initialise(Tiny, random);
        using TrainingSession session = Session([.. weights]);
        _ = Loss(session, weights);
        float[] gradient = [.. session.Gradient];
        foreach (ParameterSlice slice in ParameterLayout.Of(Tiny))
        {
            float[] direction = new float[weights.Length];
            double length = 0;
            for (int i = 0; i < slice.Count; i++)
            {
                float g = gradient[slice.Offset + i];
                length += g * g;
                direction[slice.Offset + i] = g;
            }

            length = Math.Sqrt(length);
            float[] up = [.. weights.Zip(direction, (w, d) => w + (float)(Step * d / length))];
            float[] down = [.. weights.Zip(direction, (w, d) => w - (float)(Step * d / length))];
            double measured = (Loss(session, up) - (double)Loss(session, down)) / (2 * Step);
            Assert.True(Math.Abs(measured - length) < 0.01 * length + 3e-4, $"{slice.Name}: {measured} and {length}");
        }
    }

    [Fact]
    public void Training_is_deterministic_and_lowers_the_loss()
    {
        (float first, float last, float[] weights) = Train();
        (float _, float again, float[] sameWeights) = Train();
        Assert.Equal(last, again);
        Assert.Equal(weights, sameWeights);
        Assert.True(last < 0.2f * first, $"{first} to {last}");
    }

    /// <summary>The graph that was trained and the graph that runs are one model.</summary>
    [Fact]
    public void The_slot_graph_computes_the_loss_of_the_training_graph()
    {
        ModelPackage package = fixture.Model.Package;
        float[] weights = ReadWeights(package);
        uint[] text = fixture.Model.Tokenizer.Encode(
            "Once upon a time, there was a little camel named Max. He lived in a");
        long[] ids = [.. text.Take(text.Length - 1)];
        long[] targets = [.. text.Skip(1)];
        using TrainingSession training = new(
            shape => TrainingGraph.Build(package.Manifest.Architecture, shape), TrainingState.Start(weights), 1);
        float expected = training.Step(new BatchShape(1, ids.Length), [.. ids], [.. targets], 0);

        using ModelWeights mapped = new(package, ExecutionProvider.Cpu);
        using LoadedGraph graph = new(mapped, slots: 1, threads: 1);
        using SlotSession session = new(graph);
        using KeyValueCache cache = session.CreateCache(ids.Length);
        session.Run([new SlotWork(cache, 0, text.AsMemory(0, ids.Length), 0)]);
        double sum = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            float[] logits = session.Logits(i).ToArray();
            double scale = Math.Log(logits.Sum(logit => Math.Exp(logit)));
            sum += scale - logits[targets[i]];
        }

        Assert.InRange(sum / ids.Length, expected - 1e-3, expected + 1e-3);
    }

    private static float[] ReadWeights(ModelPackage package)
    {
        byte[] data = File.ReadAllBytes(package.PathOf("model.bin"));
        var tensors = PackageWeights.Read(package);
        List<float> weights = [];
        foreach (ParameterSlice slice in ParameterLayout.Of(package.Manifest.Architecture))
        {
            long offset = tensors[slice.Name].Offset;
            for (int i = 0; i < slice.Count; i++)
            {
                weights.Add(BitConverter.ToSingle(data, (int)offset + i * sizeof(float)));
            }
        }

        return [.. weights];
    }

    /// <summary>The loss of some weights: a step whose rate is zero changes none.</summary>
    private static float Loss(TrainingSession session, float[] weights)
    {
        weights.CopyTo(session.State.Weights, 0);
        return session.Step(Shape, Ids, Targets, 0);
    }

    private static (float First, float Last, float[] Weights) Train()
    {
        using TrainingSession session = Session(ParameterLayout.Initialise(Tiny, new SplitMix64(1)));
        float first = session.Step(Shape, Ids, Targets, 1e-2f);
        float last = first;
        for (int step = 2; step <= 60; step++)
        {
            last = session.Step(Shape, Ids, Targets, 1e-2f);
        }

        return (first, last, session.State.Weights);
    }

    private static TrainingSession Session(float[] weights) =>
        new(shape => TrainingGraph.Build(Tiny, shape), TrainingState.Start(weights), threads: 1);
}
