using System.Globalization;
using System.Text;
using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Tokenization;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Training;

/// <summary>A prompt of the sample sheet.</summary>
/// <param name="Text">What is asked, or how the text begins.</param>
/// <param name="IsChat">True for a message to the assistant; false for text that is to be continued.</param>
public readonly record struct SamplePrompt(string Text, bool IsChat);

/// <summary>An answer of the sample sheet, whole and unedited.</summary>
/// <param name="Prompt">What was asked.</param>
/// <param name="Temperature">0, or 0.8.</param>
/// <param name="Seed">Key of the sampler's noise.</param>
/// <param name="Text">What the model wrote.</param>
/// <param name="FinishReason">Why it ended.</param>
public sealed record Sample(
    SamplePrompt Prompt, double Temperature, ulong Seed, string Text, FinishReason FinishReason);

/// <summary>
/// Twenty samples of a small model, always of the same prompts and seeds, so that nobody can choose the good ones.
/// </summary>
public static class SampleSheet
{
    /// <summary>Most tokens of a sample.</summary>
    public const int TokensMax = 320;

    private const uint WarmMillionths = 800_000;

    /// <summary>The prompts; each is sampled at temperature 0 and at 0.8.</summary>
    public static readonly IReadOnlyList<SamplePrompt> Prompts =
    [
        new("Once upon a time", false),
        new("The camel", false),
        new("Nora", false),
        new("A story about a brave camel", false),
        new("Tell me a story about a dragon and a cake.", true),
        new("Tell me a story about a mouse who is afraid of the dark.", true),
        new("Write a story about Zelda and Bruno.", true),
        new("Tell me a bedtime story.", true),
        new("Where do camels live?", true),
        new("What is the capital of France?", true),
    ];

    /// <summary>Generates the samples in order.</summary>
    public static async IAsyncEnumerable<Sample> GenerateAsync(
        LanguageModel model,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (uint millionths in new[] { 0u, WarmMillionths })
        {
            for (int i = 0; i < Prompts.Count; i++)
            {
                yield return await GenerateAsync(model, Prompts[i], (millionths, (ulong)i + 1), cancellationToken);
            }
        }
    }

    /// <summary>The samples as a page of Markdown.</summary>
    public static string ToMarkdown(LanguageModel model, IEnumerable<Sample> samples)
    {
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture, $"# Twenty samples of {model.Package.Name}\n\n");
        page.Append("Unedited and not chosen: the prompts and seeds are fixed in `SampleSheet`. Bold is the prompt; ");
        page.Append("a message to the assistant is quoted.\n\n");
        page.Append(CultureInfo.InvariantCulture, $"Model root `{model.Package.Root}`.\n");
        foreach ((int index, Sample sample) in samples.Index())
        {
            page.Append(CultureInfo.InvariantCulture,
                $"\n## {index + 1}. Temperature {sample.Temperature}, seed {sample.Seed}\n\n");
            page.Append(sample.Prompt.IsChat ? $"> {sample.Prompt.Text}\n\n" : $"**{sample.Prompt.Text}**");
            page.Append(sample.Text.Replace("\n", "\n\n", StringComparison.Ordinal));
            page.Append(sample.FinishReason == FinishReason.Stop ? "\n" : " *(cut at the limit of tokens)*\n");
        }

        return page.ToString();
    }

    private static async Task<Sample> GenerateAsync(
        LanguageModel model, SamplePrompt prompt, (uint Millionths, ulong Seed) choice,
        CancellationToken cancellationToken)
    {
        GenerationRequest request = new()
        {
            PromptTokens = prompt.IsChat
                ? model.Tokenizer.RenderChat([new ChatMessage("user", prompt.Text)])
                : model.Tokenizer.Encode(prompt.Text),
            Sampling = new SamplingParameters { TemperatureMillionths = choice.Millionths },
            SeedKey = choice.Seed,
            MaxTokens = TokensMax,
        };
        StringBuilder text = new();
        FinishReason reason = FinishReason.Length;
        await foreach (GenerationEvent item in model.Engine.Start(request, cancellationToken))
        {
            switch (item)
            {
                case GeneratedToken token:
                    text.Append(token.Text);
                    break;
                case GenerationFinished end:
                    text.Append(end.Text);
                    reason = end.FinishReason;
                    break;
            }
        }

        return new Sample(prompt, choice.Millionths / 1e6, choice.Seed, text.ToString(), reason);
    }
}
