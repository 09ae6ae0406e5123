using Camelid.ModelRuntime;
using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Verification;
using Camelid.Protocol.Jobs;

namespace Camelid.Benchmarks;

/// <summary>camelid-nano: what verification costs beside generation, and what slots are worth.</summary>
internal sealed class ModelBenchmarks(LanguageModel model) : IAsyncDisposable
{
    private const int SlotTokens = 128, ManySlots = 4;
    private static readonly int[] Lengths = [64, 128, 256];

    private readonly uint[] prompt = [.. model.Tokenizer.Encode("Once upon a time")];
    private readonly SamplingParameters endless = new()
    {
        LogitBiases = [.. model.Package.Manifest.EndTokens.Select(token => new LogitBias(token, -100_000_000))],
    };

    public static async Task<ModelBenchmarks> LoadAsync(CancellationToken cancellationToken)
    {
        ModelPackage package = await ModelPackage.OpenAsync(ModelPackage.EmbeddedFolder, cancellationToken);
        LanguageModelOptions options = new() { Threads = 1, Slots = ManySlots };
        return new ModelBenchmarks(await LanguageModel.LoadAsync(package, options, cancellationToken));
    }

    public async IAsyncEnumerable<Measurement> RunAsync()
    {
        foreach (int tokens in Lengths)
        {
            GenerationRequest request = Request(tokens, 1);
            uint[] output = await GenerateAsync(request);
            yield return await Measurement.RatioAsync(
                $"verify in one pass / generate, {tokens} tokens",
                () => Measurement.SecondsAsync(() => VerifyAsync(request, output)),
                () => Measurement.SecondsAsync(() => GenerateAsync(request)));
        }

        yield return await Measurement.RatioAsync(
            $"{ManySlots} answers one after the other / in {ManySlots} slots at once, {SlotTokens} tokens each",
            () => Measurement.SecondsAsync(async () =>
            {
                for (int slot = 0; slot < ManySlots; slot++)
                {
                    await GenerateAsync(Request(SlotTokens, (ulong)slot));
                }
            }),
            () => Measurement.SecondsAsync(() => Task.WhenAll(
                Enumerable.Range(0, ManySlots).Select(slot => GenerateAsync(Request(SlotTokens, (ulong)slot))))));
    }

    public ValueTask DisposeAsync() => model.DisposeAsync();

    private GenerationRequest Request(int tokens, ulong seed) =>
        new() { PromptTokens = prompt, Sampling = endless, SeedKey = seed, MaxTokens = tokens };

    private async Task<uint[]> GenerateAsync(GenerationRequest request)
    {
        await foreach (GenerationEvent item in model.Engine.Start(request, CancellationToken.None))
        {
            if (item is GenerationFinished end)
            {
                return end.Tokens.Length == request.MaxTokens
                    ? end.Tokens
                    : throw new InvalidOperationException($"the answer ended after {end.Tokens.Length} tokens");
            }
        }

        throw new InvalidOperationException("the answer has no end");
    }

    private async Task VerifyAsync(GenerationRequest request, uint[] output)
    {
        RecomputedOutput again = await model.Verifier.RecomputeAsync(
            new VerificationRequest
            {
                PromptTokens = request.PromptTokens,
                OutputTokens = output,
                Sampling = request.Sampling,
                SeedKey = request.SeedKey,
                MaxTokens = request.MaxTokens,
            },
            CancellationToken.None);
        if (!again.Choices.SequenceEqual(output))
        {
            throw new InvalidOperationException("the verifier chose other tokens than the engine");
        }
    }
}
