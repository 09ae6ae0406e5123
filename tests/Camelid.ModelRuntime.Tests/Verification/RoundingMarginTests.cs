using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Sampling;
using Camelid.ModelRuntime.Tests.CacheSize;
using Camelid.ModelRuntime.Tests.Importing;
using Camelid.ModelRuntime.Verification;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Verification;
using Camelid.TestKit;

namespace Camelid.ModelRuntime.Tests.Verification;

/// <summary>The table of docs/numerics.md, measured again. One of the other kernels is flash attention.</summary>
[Collection(CacheSizeCollection.Name)]
public sealed class RoundingMarginTests(ITestOutputHelper output) : IDisposable
{
    private const int Tokens = 256, Seeds = 8;

    /// <summary>Greedy, plain, and the usual filter.</summary>
    private static readonly SamplingParameters[] Samplings =
    [
        new() { TemperatureMillionths = 0 },
        new(),
        new() { TemperatureMillionths = 700_000, TopPMillionths = 900_000 },
    ];

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-margin-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Rule V-09's margins are above what other kernels were seen to change.</summary>
    [Theory]
    [InlineData(Precision.Single)]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Int4)]
    public async Task Other_kernels_stay_within_the_margin_and_a_cheaper_model_does_not(string precision)
    {
        using ModelWeights weights = new(await StoriesAsync(precision), ExecutionProvider.Cpu);
        string cheaper = precision == Precision.Single ? Precision.Int8 : Precision.Int4;
        uint[] tokens = Written(weights);
        float[] ours = Ours(weights, tokens);
        foreach (string kind in OtherClass.Kinds)
        {
            float[] theirs = OtherClass.Logits(weights, kind, tokens);
            double change = Enumerable.Range(0, ours.Length).Max(i => Math.Abs((double)ours[i] - theirs[i]));
            Traffic honest = Measure(weights, tokens, ours, theirs);
            output.WriteLine(
                $"{precision}, {kind}: logits differ by {change:g3}; {honest.Mismatches} of {honest.Positions} choices"
                + $" differ, margin at most {honest.Greatest:g3}");
            Assert.True(honest.Greatest <= change, $"{kind}: a margin of {honest.Greatest} under a change of {change}");
            Assert.True(honest.Greatest <= RoundingMargin.Of(precision), $"{kind}: {honest.Greatest}");
        }

        if (precision != Precision.Int4)
        {
            using ModelWeights other = new(await StoriesAsync(cheaper), ExecutionProvider.Cpu);
            Traffic cheat = Measure(weights, tokens, ours, Ours(other, tokens));
            output.WriteLine(
                $"{precision} served as {cheaper}: {cheat.Mismatches} of {cheat.Positions} choices differ,"
                + $" {cheat.Outside} outside the margin, margin at most {cheat.Greatest:g3}");
            Assert.True(precision != Precision.Single || cheat.Outside > 0);
        }
    }

    /// <summary>Rule V-09 on its own: what each margin is called.</summary>
    [Theory]
    [InlineData(0, VerificationState.Passed, RasticFinding.None)]
    [InlineData(0.0005, VerificationState.Inconclusive, RasticFinding.Rounding)]
    [InlineData(0.5, VerificationState.Inconclusive, RasticFinding.Integrity)]
    [InlineData(double.PositiveInfinity, VerificationState.Failed, RasticFinding.Integrity)]
    public void A_margin_is_judged_by_what_rounding_explains(
        double margin, VerificationState state, RasticFinding finding)
    {
        RasticEvidence evidence = new()
        {
            Served = [5, 6, 7], Choices = [5, margin == 0 ? 6u : 8, 7], EndTokens = [0], MaxTokens = 3,
            FinishReason = FinishReason.Length, ServedFingerprints = [1, 2, 3], Fingerprints = [4, 5, 6],
        };
        RecomputedOutput recomputed = new()
        {
            Choices = evidence.Choices, Fingerprints = evidence.Fingerprints, Margins = [0, margin, 0],
            StopStringPosition = -1,
        };
        RasticVerdict verdict = RoundingMargin.Judge(evidence, recomputed, Precision.Single);
        Assert.Equal((state, finding), (verdict.State, verdict.Finding));
        Assert.Equal(margin <= 0.001, recomputed.WithinMargin(0.001));
        RasticVerdict early = RoundingMargin.Judge(evidence with { MaxTokens = 4 }, recomputed, Precision.Single);
        Assert.Equal(VerificationState.Failed, early.State);
    }

    private static Traffic Measure(ModelWeights weights, uint[] tokens, float[] ours, float[] theirs)
    {
        int vocabulary = weights.Architecture.VocabularySize;
        double limit = RoundingMargin.Of(weights.Package.Manifest.Precision);
        ChoiceMargin margin = new(vocabulary);
        SamplerWorkspace workspace = new(vocabulary);
        Traffic traffic = new();
        foreach (SamplingParameters sampling in Samplings)
        {
            for (int i = 1; i < tokens.Length * Seeds; i++)
            {
                int row = i % tokens.Length;
                SamplingPosition at = new((ulong)(i / tokens.Length), (uint)row, new TokenHistory([]));
                ReadOnlySpan<float> logits = ours.AsSpan(row * vocabulary, vocabulary);
                uint choice = Sampler.Choose(logits, sampling, at, workspace);
                uint served = Sampler.Choose(theirs.AsSpan(row * vocabulary, vocabulary), sampling, at, workspace);
                double distance = margin.Of(logits, sampling, at, new ServedToken(served, choice));
                traffic.Positions++;
                traffic.Mismatches += served != choice ? 1 : 0;
                traffic.Outside += distance > limit ? 1 : 0;
                traffic.Greatest = Math.Max(traffic.Greatest, distance);
            }
        }

        return traffic;
    }

    /// <summary>Logits [tokens, vocabulary] of our own class.</summary>
    private static float[] Ours(ModelWeights weights, uint[] tokens)
    {
        using LoadedGraph graph = new(weights, slots: 1, threads: 1);
        return OtherClass.Logits(graph, tokens, tokens.Length);
    }

    /// <summary>What the model itself writes after its begin token.</summary>
    private static uint[] Written(ModelWeights weights)
    {
        using LoadedGraph graph = new(weights, slots: 1, threads: 1);
        using SlotSession session = new(graph);
        using KeyValueCache cache = session.CreateCache(Tokens);
        uint[] tokens = new uint[Tokens];
        tokens[0] = 1;
        for (int i = 1; i < Tokens; i++)
        {
            session.Run([new SlotWork(cache, i - 1, tokens.AsMemory(i - 1, 1), 0)]);
            tokens[i] = Sampler.Choose(
                session.Logits(0), new SamplingParameters(), new SamplingPosition(3, (uint)i, new TokenHistory([])));
        }

        return tokens;
    }

    private Task<ModelPackage> StoriesAsync(string precision) => ImportedPackage.ImportAsync(
        new ModelImportOptions
        {
            SourcePath = SharedFiles.SkipUnless("models", "stories260k", "hf"), ModelsFolder = folder,
            Precision = precision, Name = $"stories260k-{precision}",
        },
        TestContext.Current.CancellationToken);

    /// <summary>Choices of two classes side by side.</summary>
    private sealed class Traffic
    {
        internal int Positions { get; set; }

        internal int Mismatches { get; set; }

        internal int Outside { get; set; }

        internal double Greatest { get; set; }
    }
}
