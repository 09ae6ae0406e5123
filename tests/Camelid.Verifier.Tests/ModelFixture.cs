using System.Runtime.CompilerServices;
using Camelid.ModelRuntime;
using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Verifier.Tests;
using Camelid.Verifier.Verdicts;

[assembly: AssemblyFixture(typeof(ModelFixture))]

namespace Camelid.Verifier.Tests;

/// <summary>camelid-nano, loaded once, and an honest job that it ran.</summary>
public sealed class ModelFixture : IAsyncLifetime
{
    private LanguageModel? model;
    private JudgedOutput? honest;

    public LanguageModel Model => model ?? throw new InvalidOperationException("the fixture is not initialised");

    internal JudgedOutput Honest => honest ?? throw new InvalidOperationException("the fixture is not initialised");

    [ModuleInitializer]
    internal static void PrepareEnvironment() => NativeEnvironment.Prepare();

    public async ValueTask InitializeAsync()
    {
        ModelPackage package = await ModelPackage.OpenAsync(ModelPackage.EmbeddedFolder, CancellationToken.None);
        model = await LanguageModel.LoadAsync(package, new LanguageModelOptions { Slots = 1 }, CancellationToken.None);
        honest = await RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (model is not null)
        {
            await model.DisposeAsync();
        }
    }

    private async Task<JudgedOutput> RunAsync()
    {
        // The generator of the curve: a valid point, nobody's key.
        Assert.True(PublicKey.TryParse(
            "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", out PublicKey key));
        Hash256 seed = JobSeed.FromClient(7);
        JobParameters parameters = new()
        {
            ModelRoot = Model.Package.Root,
            PromptTokens = Model.Tokenizer.Encode("Once upon a time"),
            Sampling = new SamplingParameters { ClientSeed = seed },
            MaxTokens = 24,
            PriceGrainsPerToken = 1000,
            FeeGrains = 1000,
            Created = 1_800_000_000,
            Deadline = 1_800_000_120,
            ClientKey = key,
            NonceHash = Hashes.Sha256([1]),
        };
        GenerationRequest request = new()
        {
            PromptTokens = [.. parameters.PromptTokens],
            Sampling = parameters.Sampling,
            SeedKey = JobSeed.PhiloxKey(seed),
            MaxTokens = (int)parameters.MaxTokens,
        };
        GenerationFinished? end = null;
        await foreach (GenerationEvent step in Model.Engine.Start(request, CancellationToken.None))
        {
            end = step as GenerationFinished ?? end;
        }

        return new JudgedOutput
        {
            Parameters = parameters,
            Seed = seed,
            Output = new JobOutput
            {
                Tokens = end!.Tokens,
                Fingerprints = end.Fingerprints,
                FinishReason = end.FinishReason,
            },
            TestamentHash = Hashes.Sha256([2]),
            NumericsClass = Model.NumericsClass,
        };
    }
}
