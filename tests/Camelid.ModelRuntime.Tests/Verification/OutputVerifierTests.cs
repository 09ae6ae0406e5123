using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Tests.Engine;
using Camelid.ModelRuntime.Training;
using Camelid.ModelRuntime.Verification;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Verification;

namespace Camelid.ModelRuntime.Tests.Verification;

public sealed class OutputVerifierTests(ModelFixture fixture, ITestOutputHelper output)
{
    private const int Mixes = 20, NeighboursMax = 6;
    private readonly LanguageModel model = fixture.Model;

    /// <summary>
    /// The needle: one request alone, and again among random neighbours, gives the same bits, and so does the
    /// verifier's one pass.
    /// </summary>
    [Fact]
    public async Task A_request_has_the_same_bits_alone_among_neighbours_and_in_the_verifier()
    {
        const ulong Seed = 20261120;
        output.WriteLine($"seed {Seed}");
        SplitMix64 random = new(Seed);
        for (int mix = 0; mix < Mixes; mix++)
        {
            GenerationRequest needle = RandomRequest(random);
            Generation alone = await Generations.RunAsync(model, needle);
            List<Task<Generation>> all = [];
            int place = random.Below(NeighboursMax);
            for (int i = 0; i < NeighboursMax; i++)
            {
                all.Add(Generations.RunAsync(model, i == place ? needle : RandomRequest(random)));
            }

            Generation[] together = await Task.WhenAll(all);
            Assert.Equal(alone.End.Tokens, together[place].End.Tokens);
            Assert.Equal(alone.End.Fingerprints, together[place].End.Fingerprints);
            foreach (Generation generation in together)
            {
                RecomputedOutput again = await RecomputeAsync(generation.Request, generation.End.Tokens);
                Assert.Equal(generation.End.Tokens, again.Choices);
                Assert.Equal(generation.End.Fingerprints, again.Fingerprints);
            }
        }

        static GenerationRequest RandomRequest(SplitMix64 source)
        {
            return new()
            {
                PromptTokens = [.. Enumerable.Range(0, 1 + source.Below(150)).Select(_ => (uint)source.Below(768))],
                Sampling = new SamplingParameters
                {
                    TemperatureMillionths = (uint)(source.Below(3) * 700_000),
                    TopPMillionths = source.Chance(50) ? 900_000u : SamplingParameters.One,
                    RepetitionPenaltyMillionths = source.Chance(30) ? 1_200_000u : SamplingParameters.One,
                    FrequencyPenaltyMillionths = source.Chance(30) ? 300_000 : 0,
                },
                SeedKey = source.Next(),
                MaxTokens = 1 + source.Below(30),
            };
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(11)]
    [InlineData(29)]
    public async Task A_changed_token_is_found_at_its_position(int position)
    {
        GenerationRequest request = Generations.Request(model, "Once upon a time", 30);
        Generation honest = await Generations.RunAsync(model, request);
        uint[] served = [.. honest.End.Tokens];
        served[position] = served[position] == 300 ? 301u : 300;
        RasticVerdict verdict = Rastic.Judge(await EvidenceAsync(request, served, honest.End));
        Assert.Equal(VerificationState.Failed, verdict.State);
        Assert.Equal(position, verdict.Position);
        Assert.Equal(honest.End.Tokens[position], verdict.Expected);
    }

    [Fact]
    public async Task An_honest_output_passes_and_one_cut_short_does_not()
    {
        GenerationRequest request = Generations.Chat(model, "What is your name?", 60);
        Generation honest = await Generations.RunAsync(model, request);
        Assert.Equal(FinishReason.Stop, honest.End.FinishReason);
        RasticVerdict good = Rastic.Judge(await EvidenceAsync(request, honest.End.Tokens, honest.End));
        Assert.Equal(VerificationState.Passed, good.State);
        RasticVerdict cut = Rastic.Judge(await EvidenceAsync(request, honest.End.Tokens[..^1], honest.End));
        Assert.Equal((VerificationState.Failed, RasticFinding.Truncation), (cut.State, cut.Finding));
    }

    [Fact]
    public async Task An_output_that_a_stop_string_ended_passes()
    {
        GenerationRequest request = Generations.Chat(model, "What is your name?", 60) with
        {
            StopStrings = ["Camelid"],
        };
        Generation honest = await Generations.RunAsync(model, request);
        RecomputedOutput again = await RecomputeAsync(request, honest.End.Tokens);
        Assert.True(again.StopStringAtEnd);
        RasticVerdict verdict = Rastic.Judge(await EvidenceAsync(request, honest.End.Tokens, honest.End));
        Assert.Equal(VerificationState.Passed, verdict.State);
    }

    [Fact]
    public async Task Another_seed_or_parameter_fails()
    {
        GenerationRequest request = Generations.Request(model, "Once upon a time", 40);
        Generation honest = await Generations.RunAsync(model, request);
        foreach (GenerationRequest other in new[]
        {
            request with { SeedKey = 2 }, request with { Sampling = Generations.Greedy },
            request with { PromptTokens = model.Tokenizer.Encode("The little camel") },
        })
        {
            RasticVerdict verdict = Rastic.Judge(await EvidenceAsync(other, honest.End.Tokens, honest.End));
            Assert.Equal(VerificationState.Failed, verdict.State);
        }
    }

    /// <summary>Rule S-23: margins come where they are asked for.</summary>
    [Fact]
    public async Task Only_a_changed_token_has_a_margin()
    {
        GenerationRequest request = Generations.Request(model, "Once upon a time", 12);
        uint[] served = [.. (await Generations.RunAsync(model, request)).End.Tokens];
        VerificationRequest asked = new()
        {
            PromptTokens = request.PromptTokens, OutputTokens = served, Sampling = request.Sampling,
            SeedKey = request.SeedKey, MaxTokens = request.MaxTokens, WantsMargins = true,
        };
        RecomputedOutput honest =
            await model.Verifier.RecomputeAsync(asked, TestContext.Current.CancellationToken);
        Assert.Equal(new double[served.Length], honest.Margins);
        Assert.True(honest.WithinMargin(0));
        served[^1] = served[^1] == 300 ? 301u : 300;
        RecomputedOutput changed =
            await model.Verifier.RecomputeAsync(asked, TestContext.Current.CancellationToken);
        Assert.True(changed.Margins[^1] > 0 && !changed.WithinMargin(0));
        RecomputedOutput without = await RecomputeAsync(request, served);
        Assert.Throws<InvalidOperationException>(() => without.WithinMargin(1));
    }

    [Fact]
    public async Task Nothing_generated_is_nothing_to_recompute()
    {
        RecomputedOutput none = await RecomputeAsync(Generations.Request(model, "Once", 5), []);
        Assert.Empty(none.Choices);
        Assert.Equal(-1, none.StopStringPosition);
    }

    [Fact]
    public async Task Two_models_on_one_machine_are_of_one_numerics_class_whatever_their_slots_and_threads()
    {
        await using LanguageModel other = await LanguageModel.LoadAsync(
            model.Package, new LanguageModelOptions { Slots = 7, Threads = 2 }, TestContext.Current.CancellationToken);
        Assert.Equal(model.NumericsClass, other.NumericsClass);
    }

    private Task<RecomputedOutput> RecomputeAsync(GenerationRequest request, uint[] tokens) =>
        Generations.RecomputeAsync(model.Verifier, request, tokens);

    private async Task<RasticEvidence> EvidenceAsync(GenerationRequest request, uint[] served, GenerationFinished end)
    {
        RecomputedOutput again = await RecomputeAsync(request, served);
        return new RasticEvidence
        {
            Served = served,
            Choices = again.Choices,
            EndTokens = [.. model.Package.Manifest.EndTokens],
            MaxTokens = (uint)request.MaxTokens,
            FinishReason = end.FinishReason,
            StopStringPosition = again.StopStringPosition,
            ServedFingerprints = end.Fingerprints[..served.Length],
            Fingerprints = again.Fingerprints,
        };
    }
}
