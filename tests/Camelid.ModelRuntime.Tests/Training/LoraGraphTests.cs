using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tests.Importing;
using Camelid.ModelRuntime.Tests.Importing.HuggingFace;
using Camelid.ModelRuntime.Training;

namespace Camelid.ModelRuntime.Tests.Training;

/// <summary>Adapters over frozen weights of every family: the gradient, and the merged model.</summary>
public sealed class LoraGraphTests : IDisposable
{
    private static readonly BatchShape Batch = new(2, 12);
    private static readonly LoraShape Shape = new(3, 6, FeedForward: true);
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-lora-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Families() =>
        ["llama", "llama of head 8", "llama biased", "mistral", "qwen2", "qwen3 of head 40"];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>
    /// Along the gradient of each factor, the loss climbs as steeply as the gradient is long (central differences).
    /// </summary>
    [Theory]
    [MemberData(nameof(Families))]
    public async Task The_gradient_of_each_factor_is_the_slope_of_the_loss(string family)
    {
        const float Step = 1e-2f;
        ModelPackage package = await ImportAsync(family);
        float[] factors = Factors(package);
        using TrainingSession session = Session(package);
        _ = Loss(session, factors);
        float[] gradient = [.. session.Gradient];
        foreach (ParameterSlice slice in LoraLayout.Of(package.Manifest.Architecture, Shape))
        {
            ReadOnlySpan<float> own = gradient.AsSpan(slice.Offset, slice.Count);
            double length = Math.Sqrt(own.ToArray().Sum(g => (double)g * g));
            float[] up = [.. factors], down = [.. factors];
            for (int i = 0; i < slice.Count; i++)
            {
                float move = (float)(Step * own[i] / length);
                up[slice.Offset + i] += move;
                down[slice.Offset + i] -= move;
            }

            double measured = ((double)Loss(session, up) - Loss(session, down)) / (2 * Step);
            Assert.True(Math.Abs(measured - length) < 0.02 * length + 1e-4, $"{slice.Name}: {measured}, {length}");
        }
    }

    /// <summary>What was trained is what runs: the slot graph of the merged package has the same loss.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public async Task The_merged_package_computes_what_the_adapters_were_trained_to(string family)
    {
        ModelPackage package = await ImportAsync(family);
        float[] factors = Factors(package);
        using TrainingSession session = Session(package);
        float expected = Loss(session, factors);
        string target = Path.Combine(folder, "merged");
        LoraTrainingOptions options = new() { DataFile = "-", OutputFolder = target, Name = "merged" };
        TrainingStep start = TrainingChain.Start("test", default);
        new MergedPackageWriter(package, Shape).Write(options, factors, [start]);
        ModelPackage merged = await ModelPackage.OpenAsync(target, Cancellation);
        Assert.Equal(package.Root.ToString(), merged.Manifest.ParentRoot);
        Assert.Equal(expected, Loss(merged), 2e-4);
        Assert.NotEqual(expected, Loss(package), 2e-4);
    }

    private async Task<ModelPackage> ImportAsync(string family)
    {
        string source = Path.Combine(folder, "source");
        HuggingFaceFolder.Write(new RandomModel(Architecture(family), 7), source);
        return await ImportedPackage.ImportAsync(
            new ModelImportOptions { SourcePath = source, ModelsFolder = Path.Combine(folder, "models") }, Cancellation);
    }

    private static ModelArchitecture Architecture(string family) => family switch
    {
        "llama of head 8" => RandomModel.Llama with { HeadSize = 8, Heads = 4, KeyValueHeads = 2 },
        "llama biased" => RandomModel.Llama with { AttentionBias = true, AttentionOutputBias = true },
        "mistral" => RandomModel.Llama with { Family = "mistral", TiedEmbedding = false },
        "qwen2" => RandomModel.Llama with { Family = "qwen2", AttentionBias = true },
        "qwen3 of head 40" => RandomModel.Llama with { Family = "qwen3", QueryKeyNorm = true, HeadSize = 40 },
        _ => RandomModel.Llama,
    };

    /// <summary>Both factors are away from zero, or one of them would have no gradient.</summary>
    private static float[] Factors(ModelPackage package)
    {
        SplitMix64 random = new(5);
        ModelArchitecture model = package.Manifest.Architecture;
        float[] factors = LoraLayout.Initialise(model, Shape, random);
        foreach (ParameterSlice slice in LoraLayout.Of(model, Shape).Where(slice => slice.Name.EndsWith('b')))
        {
            HashSet<int> places = [.. Enumerable.Range(0, model.HeadSize).Select(model.PaddedIndex)];
            bool heads = slice.Name.Split('.')[^2] is "q" or "k" or "v";
            for (int i = 0; i < slice.Count; i++)
            {
                bool padding = heads && !places.Contains(
                    i % (int)slice.Dimensions[1] % model.PaddedHeadSize);
                factors[slice.Offset + i] = padding ? 0 : 0.5f * random.Normal();
            }
        }

        return factors;
    }

    private static TrainingSession Session(ModelPackage package)
    {
        ModelArchitecture model = package.Manifest.Architecture;
        Dictionary<string, ExternalTensor> frozen = PackageWeights.Read(package);
        return new TrainingSession(
            shape => TrainingGraph.BuildLora(model, shape, Shape, frozen),
            TrainingState.Start(new float[LoraLayout.Of(model, Shape).Sum(slice => slice.Count)]), threads: 1,
            package.Folder);
    }

    /// <summary>The loss of some factors: a step whose rate is zero changes none.</summary>
    private static float Loss(TrainingSession session, float[] factors)
    {
        factors.CopyTo(session.State.Weights, 0);
        (long[] ids, long[] targets) = Tokens();
        return session.Step(Batch, ids, targets, 0);
    }

    /// <summary>Tokens with targets of which every third does not count.</summary>
    private static (long[] Ids, long[] Targets) Tokens()
    {
        SplitMix64 random = new(9);
        long[] ids = [.. Enumerable.Range(0, Batch.Rows).Select(_ => (long)random.Below(RandomModel.VocabularySize))];
        long[] targets = [.. ids.Select((id, i) => i % 3 == 0 ? TrainingGraph.NoTarget : (id + 1) % 250)];
        return (ids, targets);
    }

    private static double Loss(ModelPackage package)
    {
        using ModelWeights mapped = new(package, ExecutionProvider.Cpu);
        using LoadedGraph graph = new(mapped, slots: 1, threads: 1);
        using SlotSession session = new(graph);
        (long[] ids, long[] targets) = Tokens();
        double sum = 0;
        for (int window = 0; window < Batch.Windows; window++)
        {
            using KeyValueCache cache = session.CreateCache(Batch.Tokens);
            uint[] own = [.. ids.Skip(window * Batch.Tokens).Take(Batch.Tokens).Select(id => (uint)id)];
            session.Run([new SlotWork(cache, 0, own, 0)]);
            for (int i = 0; i < own.Length; i++)
            {
                float[] logits = session.Logits(i).ToArray();
                long target = targets[window * Batch.Tokens + i];
                sum += target < 0 ? 0 : Math.Log(logits.Sum(logit => Math.Exp(logit))) - logits[target];
            }
        }

        return sum / targets.Count(target => target >= 0);
    }
}
