using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Training;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Tests.Needle;

/// <summary>A request of a mix, and when it comes and goes.</summary>
/// <param name="Request">What is asked.</param>
/// <param name="StartsAfter">Tokens of all requests together after which it is started.</param>
/// <param name="CancelledAfter">Own tokens after which it is cancelled; null never.</param>
internal sealed record NeedleRequest(GenerationRequest Request, int StartsAfter, int? CancelledAfter);

/// <summary>
/// Requests and options drawn from a seed: lengths, arrivals, cancellations, chunk sizes, neighbours, prompts that
/// share their beginning, prompts that repeat themselves, every kind of sampling.
/// </summary>
internal sealed class NeedleMix
{
    private const int RequestsMax = 7, PromptTokensMax = 120, OutputTokensMax = 40;
    private static readonly int[] Chunks = [1, 2, 3, 7, 16, 64];
    private static readonly int[] Drafts = [0, 1, 3, 7];
    private readonly SplitMix64 random;
    private readonly int vocabularySize;

    /// <summary>Draws a mix.</summary>
    internal NeedleMix(ulong seed, int vocabularySize)
    {
        Seed = seed;
        random = new SplitMix64(seed);
        this.vocabularySize = vocabularySize;
        Options = new LanguageModelOptions
        {
            Slots = 1 + random.Below(4),
            Threads = 1 + random.Below(2),
            PrefillChunkTokens = Pick(Chunks),
            ReusesPrefixes = random.Below(2) == 0,
            DraftTokensMax = Pick(Drafts),
            KeyValueBytesMax = random.Below(3) == 0 ? NeedleModel.TightKeyValueBytes : 0,
        };
        int count = 2 + random.Below(RequestsMax - 1);
        List<NeedleRequest> requests = [];
        for (int i = 0; i < count; i++)
        {
            requests.Add(NextRequest(requests));
        }

        Requests = requests;
    }

    /// <summary>The seed.</summary>
    internal ulong Seed { get; }

    /// <summary>How the engine runs.</summary>
    internal LanguageModelOptions Options { get; }

    /// <summary>The requests, in the order of their arrival.</summary>
    internal IReadOnlyList<NeedleRequest> Requests { get; }

    public override string ToString() =>
        $"mix {Seed}: {Requests.Count} requests, {Options.Slots} slots, {Options.Threads} threads, chunks of "
        + $"{Options.PrefillChunkTokens}, drafts of {Options.DraftTokensMax}, prefix reuse {Options.ReusesPrefixes}, "
        + $"memory {Options.KeyValueBytesMax}";

    private NeedleRequest NextRequest(List<NeedleRequest> before)
    {
        int maxTokens = 1 + random.Below(OutputTokensMax);
        GenerationRequest request = new()
        {
            PromptTokens = Prompt(before),
            Sampling = Sampling(),
            SeedKey = (ulong)random.Below(1000),
            MaxTokens = maxTokens,
        };
        int after = before.Count == 0 ? 0 : before[^1].StartsAfter + random.Below(3) * random.Below(12);
        int? cancelled = random.Below(5) == 0 ? random.Below(maxTokens) : null;
        return new NeedleRequest(request, after, cancelled);
    }

    /// <summary>Plain, repeating itself, or beginning as an earlier one does.</summary>
    private uint[] Prompt(List<NeedleRequest> before)
    {
        int length = 1 + (random.Below(3) == 0 ? random.Below(4) : random.Below(PromptTokensMax));
        uint[] prompt = new uint[length];
        int period = random.Below(3) == 0 ? 1 + random.Below(9) : length;
        for (int i = 0; i < length; i++)
        {
            prompt[i] = i < period ? (uint)random.Below(vocabularySize) : prompt[i - period];
        }

        if (before.Count > 0 && random.Below(2) == 0)
        {
            uint[] other = before[random.Below(before.Count)].Request.PromptTokens;
            int shared = Math.Min(random.Below(other.Length) + 1, length);
            other.AsSpan(0, shared).CopyTo(prompt);
        }

        return prompt;
    }

    private SamplingParameters Sampling()
    {
        SamplingParameters greedy = new() { TemperatureMillionths = 0 };
        return random.Below(5) switch
        {
            0 => greedy,
            1 => greedy with { RepetitionPenaltyMillionths = 1_200_000 },
            2 => new SamplingParameters(),
            3 => new SamplingParameters { TopPMillionths = 800_000, TemperatureMillionths = 700_000 },
            _ => new SamplingParameters { TopK = 5, MinPMillionths = 50_000, FrequencyPenaltyMillionths = 300_000 },
        };
    }

    private int Pick(int[] values) => values[random.Below(values.Length)];
}
