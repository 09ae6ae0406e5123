using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol.Jobs;
using Microsoft.ML.OnnxRuntime;

namespace Camelid.ModelRuntime.Tests.Engine;

/// <summary>What the engine does beside choosing tokens: guesses, memory, failures, waiting.</summary>
public sealed class EngineStepTests(ModelFixture fixture)
{
    private static readonly SamplingParameters OneWord =
        Generations.Greedy with { LogitBiases = [new LogitBias(300, 100_000_000)] };

    private readonly LanguageModel model = fixture.Model;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(7, 8)]
    [InlineData(1, 2)]
    [InlineData(0, 1)]
    public async Task Guessing_ahead_takes_fewer_steps_where_an_answer_repeats_itself(int draftTokens, int tokensOfStep)
    {
        const int Tokens = 96;
        await using LanguageModel other = await LoadAsync(new() { Slots = 1, DraftTokensMax = draftTokens });
        GenerationRequest request = Generations.Request(other, "Once", Tokens) with { Sampling = OneWord };
        Generation guessed = await Generations.RunAsync(other, request);
        Assert.InRange(other.Engine.StepCount, Tokens / tokensOfStep, Tokens / tokensOfStep + 6);
        Generation plain = await Generations.RunAsync(model, request);
        Assert.Equal(plain.End.Fingerprints, guessed.End.Fingerprints);
    }

    [Fact]
    public async Task A_prompt_that_begins_as_an_earlier_one_is_computed_from_where_they_part()
    {
        await using LanguageModel other = await LoadAsync(new() { Slots = 1, PrefillChunkTokens = 1 });
        string shared = "Once upon a time there was a little camel named Max. He lived in a big house with his friend.";
        await Generations.RunAsync(other, Generations.Request(other, shared, 1));
        long before = other.Engine.StepCount;
        GenerationRequest longer = Generations.Request(other, shared + " One day", 1);
        await Generations.RunAsync(other, longer);
        // One token in a chunk of one, eight times where nobody decodes.
        Assert.InRange(other.Engine.StepCount - before, 1, 2);
        await using LanguageModel forgetful = await LoadAsync(new()
        {
            Slots = 1, PrefillChunkTokens = 1, ReusesPrefixes = false,
        });
        await Generations.RunAsync(forgetful, Generations.Request(forgetful, shared, 1));
        before = forgetful.Engine.StepCount;
        await Generations.RunAsync(forgetful, longer);
        Assert.Equal((longer.PromptTokens.Length + 7) / 8, forgetful.Engine.StepCount - before);
    }

    [Fact]
    public async Task A_request_that_breaks_the_call_fails_alone()
    {
        await using LanguageModel other = await LoadAsync(new() { Slots = 3 });
        GenerationRequest good = Generations.Request(other, "Once upon a time", 60);
        Generation alone = await Generations.RunAsync(model, good);
        GenerationRequest bad = good with { PromptTokens = [5, 1_000_000, 7] };
        Task<Generation> first = Generations.RunAsync(other, good);
        IAsyncEnumerable<GenerationEvent> broken = other.Engine.StartUnchecked(bad, Cancellation);
        Task<Generation> second = Generations.RunAsync(other, good with { SeedKey = 2 });
        await Assert.ThrowsAsync<OnnxRuntimeException>(async () => await broken.LastAsync(Cancellation));
        Assert.Equal(alone.End.Fingerprints, (await first).End.Fingerprints);
        Assert.NotEmpty((await second).End.Tokens);
        Generation after = await Generations.RunAsync(other, good);
        Assert.Equal(alone.End.Fingerprints, after.End.Fingerprints);
    }

    [Fact]
    public async Task Whoever_waits_and_is_cancelled_ends_while_others_go_on()
    {
        await using LanguageModel other = await LoadAsync(new() { Slots = 1 });
        GenerationRequest request = Generations.Request(other, "Once", 400) with { Sampling = OneWord };
        await using IAsyncEnumerator<GenerationEvent> running =
            other.Engine.Start(request, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await running.MoveNextAsync());
        using CancellationTokenSource source = new();
        Task<GenerationEvent> waiting = Task.Run(
            async () => await other.Engine.Start(request, source.Token).LastAsync(Cancellation), Cancellation);
        await source.CancelAsync();
        GenerationFinished end = Assert.IsType<GenerationFinished>(await waiting);
        Assert.Equal(FinishReason.Cancelled, end.FinishReason);
        Assert.Empty(end.Tokens);
        Assert.Equal(1, other.Engine.Active);
    }

    [Fact]
    public async Task Requests_beyond_the_memory_wait_for_it_and_one_that_never_fits_is_refused()
    {
        long bytes = KeyValueCache.BytesFor(
            model.Package.Manifest.Architecture, SlotGraph.ElementTypeOf(Precision.Single), 128);
        await using LanguageModel other = await LoadAsync(new() { Slots = 4, KeyValueBytesMax = bytes });
        GenerationRequest request = Generations.Request(other, "Once upon a time", 40) with { Sampling = OneWord };
        Generation[] all = await Task.WhenAll(Enumerable.Range(0, 6).Select(
            i => Generations.RunAsync(other, request with { SeedKey = (ulong)i })));
        Assert.All(all, generation => Assert.Equal(40, generation.End.Tokens.Length));
        Assert.InRange(other.Engine.KeyValueBytes, 1, bytes);
        ArgumentException refusal = Assert.Throws<ArgumentException>(
            () => other.Engine.Start(request with { MaxTokens = 300 }, Cancellation));
        Assert.Contains($"{bytes}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Steady_decoding_takes_no_managed_memory_on_the_engines_thread()
    {
        await using LanguageModel other = await LoadAsync(new() { Slots = 2, DraftTokensMax = 0 });
        GenerationRequest request = Generations.Request(other, "Once", 300) with { Sampling = OneWord };
        await Generations.RunAsync(other, request);
        long before = other.Engine.CleanStepCount;
        Generation story = await Generations.RunAsync(other, request);
        // The first step, the last one, and what wakes the reader's thread now and then take some.
        Assert.InRange(other.Engine.CleanStepCount - before, 240, story.End.Tokens.Length);
    }

    private async Task<LanguageModel> LoadAsync(LanguageModelOptions options) =>
        await LanguageModel.LoadAsync(model.Package, options, Cancellation);
}
