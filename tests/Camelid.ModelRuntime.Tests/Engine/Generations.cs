using System.Text;
using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Tokenization;
using Camelid.ModelRuntime.Verification;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Tests.Engine;

/// <summary>A whole answer.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="Tokens">Its tokens as events.</param>
/// <param name="End">Its end.</param>
internal sealed record Generation(
    GenerationRequest Request, IReadOnlyList<GeneratedToken> Tokens, GenerationFinished End)
{
    /// <summary>All text that was shown.</summary>
    internal string Text
    {
        get
        {
            StringBuilder text = new();
            foreach (GeneratedToken token in Tokens)
            {
                text.Append(token.Text);
            }

            return text.Append(End.Text).ToString();
        }
    }
}

/// <summary>Requests as the tests write them.</summary>
internal static class Generations
{
    internal static readonly SamplingParameters Greedy = new() { TemperatureMillionths = 0 };

    internal static GenerationRequest Request(
        LanguageModel model, string prompt, int maxTokens, ulong seed = 1) => new()
    {
        PromptTokens = model.Tokenizer.Encode(prompt),
        Sampling = new SamplingParameters(),
        SeedKey = seed,
        MaxTokens = maxTokens,
    };

    internal static GenerationRequest Chat(LanguageModel model, string words, int maxTokens) => new()
    {
        PromptTokens = model.Tokenizer.RenderChat([new ChatMessage("user", words)]),
        Sampling = Greedy,
        SeedKey = 1,
        MaxTokens = maxTokens,
    };

    internal static async Task<Generation> RunAsync(LanguageModel model, GenerationRequest request)
    {
        List<GeneratedToken> tokens = [];
        GenerationFinished? end = null;
        await foreach (GenerationEvent item in model.Engine.Start(request, TestContext.Current.CancellationToken))
        {
            Assert.Null(end);
            if (item is GeneratedToken token)
            {
                tokens.Add(token);
            }
            else
            {
                end = (GenerationFinished)item;
            }
        }

        Assert.NotNull(end);
        return new Generation(request, tokens, end);
    }

    /// <summary>The verifier's one pass over an output of a request.</summary>
    internal static Task<RecomputedOutput> RecomputeAsync(
        OutputVerifier verifier, GenerationRequest request, uint[] tokens) => verifier.RecomputeAsync(
            new VerificationRequest
            {
                PromptTokens = request.PromptTokens,
                OutputTokens = tokens,
                Sampling = request.Sampling,
                SeedKey = request.SeedKey,
                MaxTokens = request.MaxTokens,
                StopTokens = request.StopTokens,
                StopStrings = request.StopStrings,
            },
            TestContext.Current.CancellationToken);
}
