using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tests.Importing;
using Camelid.ModelRuntime.Tests.Importing.HuggingFace;
using Camelid.ModelRuntime.Verification;
using Camelid.Protocol;

namespace Camelid.ModelRuntime.Tests.Verification;

public sealed class NumericsProbeTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-probe-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Rule S-22: the battery's digest does not depend on slots, and does on weights.</summary>
    [Fact]
    public async Task The_digest_is_of_the_weights_and_not_of_the_slots()
    {
        using ModelWeights weights = await WeightsAsync(seed: 1, Precision.Int8);
        using ModelWeights others = await WeightsAsync(seed: 2, Precision.Int8);
        Assert.Equal(Digest(weights, slots: 1), Digest(weights, slots: 3));
        Assert.NotEqual(Digest(weights, slots: 1), Digest(others, slots: 1));
    }

    /// <summary>Rule S-22, the negative control: slots that compute something else are found at the start.</summary>
    [Fact]
    public async Task A_graph_of_several_slots_that_computes_something_else_is_refused()
    {
        using ModelWeights weights = await WeightsAsync(seed: 1, Precision.Single);
        using ModelWeights others = await WeightsAsync(seed: 2, Precision.Single);
        using LoadedGraph single = new(weights, slots: 1, threads: 1);
        using LoadedGraph several = new(others, slots: 2, threads: 1);
        InvalidOperationException refusal = Assert.Throws<InvalidOperationException>(
            () => NumericsProbe.Check(weights.Package.Manifest, single, several));
        Assert.Contains("no verifier could repeat them", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Rule S-21.</summary>
    [Fact]
    public async Task The_class_changes_with_the_digest_and_with_the_graph()
    {
        using ModelWeights weights = await WeightsAsync(seed: 1, Precision.Single);
        using ModelWeights quantised = await WeightsAsync(seed: 1, Precision.Int4);
        Hash256 digest = Hashes.Sha256([1]);
        Hash256 known = NumericsProbe.NumericsClass(weights, digest);
        Assert.Equal(known, NumericsProbe.NumericsClass(weights, digest));
        Assert.NotEqual(known, NumericsProbe.NumericsClass(weights, Hashes.Sha256([2])));
        Assert.NotEqual(known, NumericsProbe.NumericsClass(quantised, digest));
    }

    private static Hash256 Digest(ModelWeights weights, int slots)
    {
        using LoadedGraph single = new(weights, slots: 1, threads: 1);
        using LoadedGraph? several = slots > 1 ? new LoadedGraph(weights, slots, threads: 1) : null;
        return NumericsProbe.Check(weights.Package.Manifest, single, several);
    }

    private async Task<ModelWeights> WeightsAsync(ulong seed, string precision)
    {
        string source = Path.Combine(folder, $"source-{seed}");
        if (!Directory.Exists(source))
        {
            HuggingFaceFolder.Write(new RandomModel(RandomModel.Llama, seed), source);
        }

        ModelImportOptions options = new()
        {
            SourcePath = source, ModelsFolder = Path.Combine(folder, "models"), Precision = precision,
            Name = $"random-{seed}-{precision}",
        };
        ModelPackage package = await ImportedPackage.ImportAsync(options, TestContext.Current.CancellationToken);
        return new ModelWeights(package, ExecutionProvider.Cpu);
    }
}
