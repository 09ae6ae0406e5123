using System.Runtime.InteropServices;
using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tests.Engine;
using Camelid.ModelRuntime.Tests.Graphs;
using Camelid.ModelRuntime.Tests.Importing;
using Camelid.ModelRuntime.Tests.Importing.HuggingFace;
using Camelid.ModelRuntime.Training;
using Camelid.ModelRuntime.Verification;
using Camelid.Protocol;

namespace Camelid.ModelRuntime.Tests.CacheSize;

/// <summary>
/// The same bits whatever the operating system says that the L2 cache holds. ONNX Runtime's flash attention sums in
/// blocks of that size; the control shows that these tests would see it.
/// </summary>
[Collection(CacheSizeCollection.Name)]
public sealed class CacheSizeTests : IDisposable
{
    /// <summary>Rows of the control: blocks of the three sizes cut them differently.</summary>
    private const int Rows = 1200;

    private static readonly ModelArchitecture Long = RandomModel.Llama with
    {
        HiddenSize = 64, Heads = 4, KeyValueHeads = 2, FeedForwardSize = 96, ContextTokensMax = 1024,
    };

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-cache-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Rule S-20: flash attention is off.</summary>
    [Fact]
    public async Task Camelid_nano_has_the_same_bits_and_class_whatever_the_cache()
    {
        ReportedCacheSize.SkipUnlessSupported();
        await CompareAsync(await ModelPackage.OpenAsync(ModelPackage.EmbeddedFolder, Cancellation));
    }

    [Theory]
    [InlineData(Precision.Single)]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Int4)]
    public async Task Each_precision_has_the_same_bits_and_class_whatever_the_cache(string precision)
    {
        ReportedCacheSize.SkipUnlessSupported();
        string source = Path.Combine(folder, "source");
        HuggingFaceFolder.Write(new RandomModel(Long, seed: 5), source);
        ModelImportOptions options = new()
        {
            SourcePath = source, ModelsFolder = Path.Combine(folder, "models"), Precision = precision,
        };
        await CompareAsync(await ModelImporter.ImportAsync(options, null, Cancellation));
    }

    /// <summary>
    /// The negative control: with flash attention each size gives its own bits, so the size is really told, and the
    /// variable is needed. Without flash attention nobody even asks.
    /// </summary>
    [Theory]
    [InlineData(true, 3)]
    [InlineData(false, 1)]
    public void Attention_depends_on_the_cache_where_flash_attention_is_allowed(bool allowed, int differentOutputs)
    {
        ReportedCacheSize.SkipUnlessSupported();
        SplitMix64 random = new(2);
        float[] packed = [.. Enumerable.Range(0, AttentionGraph.Packed * Rows).Select(_ => random.Normal())];
        HashSet<Hash256> outputs = [];
        foreach (long bytes in ReportedCacheSize.Sizes)
        {
            using FlashAttention? flash = allowed ? FlashAttention.Allow() : null;
            using ReportedCacheSize told = ReportedCacheSize.Set(bytes);
            using AttentionGraph graph = new(Rows);
            float[] mixed = graph.Run(packed, graph.EmptyCache(), new AttentionRows(0, Rows));
            Assert.Equal(allowed, ReportedCacheSize.Questions > 0);
            outputs.Add(Hashes.Sha256(MemoryMarshal.AsBytes(mixed.AsSpan())));
        }

        Assert.Equal(differentOutputs, outputs.Count);
    }

    private static async Task CompareAsync(ModelPackage package)
    {
        List<Observation> seen = [];
        foreach (long bytes in ReportedCacheSize.Sizes)
        {
            using ReportedCacheSize told = ReportedCacheSize.Set(bytes);
            seen.Add(await ObserveAsync(package));
        }

        foreach (Observation other in seen[1..])
        {
            Assert.Equal(seen[0].NumericsClass, other.NumericsClass);
            Assert.Equal(seen[0].Tokens, other.Tokens);
            Assert.Equal(seen[0].Fingerprints, other.Fingerprints);
        }
    }

    private static async Task<Observation> ObserveAsync(ModelPackage package)
    {
        await using LanguageModel model = await LanguageModel.LoadAsync(
            package, new LanguageModelOptions { Slots = 2 }, Cancellation);
        SplitMix64 random = new(4);
        ModelManifest manifest = package.Manifest;
        GenerationRequest[] requests = [.. new[] { manifest.ContextTokensMax - 20, 300, 5 }.Select(length =>
            new GenerationRequest
            {
                PromptTokens = [.. Enumerable.Range(0, length)
                    .Select(_ => (uint)(4 + random.Below(manifest.VocabularySize - 4)))],
                Sampling = new() { TopPMillionths = 900_000 },
                SeedKey = 9,
                MaxTokens = 16,
            })];
        Generation[] generations =
            await Task.WhenAll(requests.Select(request => Generations.RunAsync(model, request)));
        foreach (Generation generation in generations)
        {
            RecomputedOutput again = await Generations.RecomputeAsync(
                model.Verifier, generation.Request, generation.End.Tokens);
            Assert.Equal(generation.End.Tokens, again.Choices);
            Assert.Equal(generation.End.Fingerprints, again.Fingerprints);
        }

        Assert.Equal(0, ReportedCacheSize.Questions);
        return new Observation(
            model.NumericsClass,
            [.. generations.SelectMany(one => one.End.Tokens)],
            [.. generations.SelectMany(one => one.End.Fingerprints)]);
    }

    private sealed record Observation(Hash256 NumericsClass, uint[] Tokens, uint[] Fingerprints);
}

/// <summary>Tests that change what the whole process sees run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CacheSizeCollection
{
    /// <summary>Its name.</summary>
    public const string Name = "cache size";
}
