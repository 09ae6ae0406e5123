using System.Text.RegularExpressions;
using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Training;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Tests.Engine;

public sealed partial class GenerationEngineTests(ModelFixture fixture)
{
    private const double KnownWordsShareMin = 0.9;
    private readonly LanguageModel model = fixture.Model;

    [Theory]
    [InlineData("Once upon a time")]
    [InlineData("The little camel")]
    [InlineData("One day")]
    public async Task An_answer_is_made_of_the_words_of_the_grammar(string prompt)
    {
        IReadOnlySet<string> known = StoryGrammar.Load().Words();
        Generation story = await Generations.RunAsync(model, Generations.Request(model, prompt, 200));
        string[] words = [.. WordPattern().Matches(prompt + story.Text).Select(word => word.Value.ToLowerInvariant())];
        Assert.True(words.Length > 30, story.Text);
        Assert.True(words.Count(known.Contains) >= KnownWordsShareMin * words.Length, story.Text);
    }

    [Fact]
    public async Task A_story_ends_by_itself_with_the_end_token_which_is_no_text()
    {
        GenerationRequest request = Generations.Chat(model, "Tell me a story about a camel.", 400);
        Generation story = await Generations.RunAsync(model, request);
        Assert.Equal(FinishReason.Stop, story.End.FinishReason);
        Assert.Equal(0u, story.End.Tokens[^1]);
        Assert.Equal("", story.Tokens[^1].Text);
        Assert.Contains("camel", story.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("<|", story.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_model_knows_its_name()
    {
        Generation answer = await Generations.RunAsync(model, Generations.Chat(model, "What is your name?", 60));
        Assert.Contains("Camelid", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_events_are_the_tokens_in_order_and_then_the_end()
    {
        GenerationRequest request = Generations.Request(model, "Once upon a time", 20) with { TopLogprobs = 3 };
        Generation story = await Generations.RunAsync(model, request);
        Assert.Equal(FinishReason.Length, story.End.FinishReason);
        Assert.Equal(20, story.End.Tokens.Length);
        Assert.Equal(story.End.Tokens, story.Tokens.Select(token => token.TokenId));
        Assert.Equal(story.End.Fingerprints, story.Tokens.Select(token => token.Fingerprint));
        Assert.Equal(Enumerable.Range(0, 20), story.Tokens.Select(token => token.Index));
        Assert.Equal(model.Tokenizer.Decode(story.End.Tokens), story.Text);
        Assert.All(story.Tokens, token =>
        {
            Assert.Equal(3, token.TopLogprobs.Count);
            Assert.InRange(token.Logprob, -40, 0);
            Assert.True(token.TopLogprobs[0].Logprob >= token.TopLogprobs[1].Logprob);
        });
    }

    [Theory]
    [InlineData("upon")]
    [InlineData(" time, there")]
    [InlineData("there was")]
    public async Task A_stop_string_ends_the_answer_and_no_part_of_it_is_shown(string stop)
    {
        GenerationRequest plain = Generations.Chat(model, "Tell me a story about a camel.", 60);
        Generation whole = await Generations.RunAsync(model, plain);
        string text = whole.Text;
        string actual = text.Contains(stop, StringComparison.Ordinal) ? stop : text[10..14];
        Generation cut = await Generations.RunAsync(model, plain with { StopStrings = ["never met", actual] });
        Assert.Equal(FinishReason.Stop, cut.End.FinishReason);
        Assert.Equal(actual, cut.End.StopString);
        Assert.Equal(text[..text.IndexOf(actual, StringComparison.Ordinal)], cut.Text);
        Assert.Equal(whole.End.Tokens[..cut.End.Tokens.Length], cut.End.Tokens);
    }

    [Fact]
    public async Task A_stop_token_ends_the_answer()
    {
        GenerationRequest plain = Generations.Chat(model, "Tell me a story about a camel.", 60);
        Generation whole = await Generations.RunAsync(model, plain);
        uint stop = whole.End.Tokens[7];
        int first = Array.IndexOf(whole.End.Tokens, stop);
        Generation cut = await Generations.RunAsync(model, plain with { StopTokens = [stop] });
        Assert.Equal(first + 1, cut.End.Tokens.Length);
        Assert.Equal(FinishReason.Stop, cut.End.FinishReason);
    }

    [Fact]
    public async Task A_cancelled_request_ends_with_the_tokens_that_it_has()
    {
        using CancellationTokenSource source = new();
        GenerationRequest request = Generations.Request(model, "Once upon a time", 400) with
        {
            Sampling = Generations.Greedy with { LogitBiases = [new LogitBias(0, -100_000_000)] },
        };
        List<GenerationEvent> events = [];
        await foreach (GenerationEvent item in model.Engine.Start(request, source.Token))
        {
            events.Add(item);
            if (events.Count == 3)
            {
                await source.CancelAsync();
            }
        }

        GenerationFinished end = Assert.IsType<GenerationFinished>(events[^1]);
        Assert.Equal(FinishReason.Cancelled, end.FinishReason);
        Assert.Equal(events.Count - 1, end.Tokens.Length);
        Assert.InRange(end.Tokens.Length, 3, 399);
    }

    [Fact]
    public async Task A_request_beyond_its_deadline_ends_cancelled_without_a_token()
    {
        GenerationRequest late = Generations.Request(model, "Once", 10) with { Deadline = DateTimeOffset.UnixEpoch };
        Generation none = await Generations.RunAsync(model, late);
        Assert.Equal(FinishReason.Cancelled, none.End.FinishReason);
        Assert.Empty(none.End.Tokens);
    }

    [Fact]
    public async Task Prompt_and_answer_fill_the_context_to_the_last_token_and_not_beyond()
    {
        uint[] prompt = [.. Enumerable.Repeat(300u, 500)];
        GenerationRequest request = Generations.Request(model, "x", 12) with { PromptTokens = prompt };
        Generation full = await Generations.RunAsync(model, request);
        Assert.InRange(full.End.Tokens.Length, 1, 12);
        ContextLengthException refusal = Assert.Throws<ContextLengthException>(
            () => model.Engine.Start(request with { MaxTokens = 13 }, CancellationToken.None));
        Assert.Equal((500, 13, 512), (refusal.PromptTokens, refusal.MaxTokens, refusal.ContextTokensMax));
        Assert.Throws<ContextLengthException>(
            () => model.Engine.Start(request with { MaxTokens = int.MaxValue }, CancellationToken.None));
    }

    [Fact]
    public void A_request_out_of_its_limits_is_refused_at_once()
    {
        GenerationRequest good = Generations.Request(model, "Once", 1);
        GenerationRequest[] bad =
        [
            good with { PromptTokens = [] }, good with { MaxTokens = 0 }, good with { PromptTokens = [1024] },
            good with { TopLogprobs = 21 }, good with { StopStrings = [""] },
        ];
        Assert.All(bad, request => Assert.ThrowsAny<ArgumentException>(
            () => model.Engine.Start(request, CancellationToken.None)));
    }

    [Fact]
    public async Task A_full_queue_refuses_and_disposing_drains_what_was_taken()
    {
        LanguageModel small = await LanguageModel.LoadAsync(
            model.Package, new LanguageModelOptions { Slots = 1, QueueMax = 1 }, TestContext.Current.CancellationToken);
        List<Task<Generation>> taken = [];
        int refused = 0;
        for (int i = 0; i < 40; i++)
        {
            GenerationRequest request = Generations.Request(small, "Once upon a time", 100, (ulong)i);
            try
            {
                IAsyncEnumerable<GenerationEvent> events = small.Engine.Start(request, CancellationToken.None);
                taken.Add(Task.Run(
                    async () => new Generation(request, [], (GenerationFinished)await events.LastAsync())));
            }
            catch (EngineBusyException)
            {
                refused++;
            }
        }

        await small.DisposeAsync();
        Generation[] done = await Task.WhenAll(taken);
        Assert.True(refused > 0);
        Assert.All(done, generation => Assert.NotEqual(FinishReason.Unset, generation.End.FinishReason));
        Assert.Throws<ObjectDisposedException>(
            () => small.Engine.Start(Generations.Request(model, "Once", 1), CancellationToken.None));
    }

    [GeneratedRegex("[A-Za-z]+")]
    private static partial Regex WordPattern();
}
