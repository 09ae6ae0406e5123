using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Sampling;
using Camelid.ModelRuntime.Tokenization;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Verification;

/// <summary>An output to recompute.</summary>
public sealed record VerificationRequest
{
    /// <summary>The prompt, at least one token.</summary>
    public required uint[] PromptTokens { get; init; }

    /// <summary>The output as served.</summary>
    public required uint[] OutputTokens { get; init; }

    /// <summary>How tokens are chosen.</summary>
    public required SamplingParameters Sampling { get; init; }

    /// <summary>Key of Philox, from the job's seed.</summary>
    public required ulong SeedKey { get; init; }

    /// <summary>The job's largest number of output tokens.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>The job's stop tokens, beside the model's end tokens.</summary>
    public IReadOnlyList<uint> StopTokens { get; init; } = [];

    /// <summary>The job's stop strings.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];
}

/// <summary>What the model says about each position of a served output.</summary>
public sealed record RecomputedOutput
{
    /// <summary>The sampler's choice at each position, after the prompt and the tokens served before it.</summary>
    public required uint[] Choices { get; init; }

    /// <summary>The fingerprint of each position's logits.</summary>
    public required uint[] Fingerprints { get; init; }

    /// <summary>The first position at which a stop string is complete in the served text, or −1.</summary>
    public required int StopStringPosition { get; init; }

    /// <summary>True where a stop string is first complete at the last token.</summary>
    public bool StopStringAtEnd => StopStringPosition >= 0 && StopStringPosition == Choices.Length - 1;
}

/// <summary>
/// Recomputes outputs: one teacher-forced pass over prompt and output through the slot graph gives every position's
/// logits, bit for bit as the worker had them, and the seeded sampler chooses again at each. One at a time.
/// </summary>
public sealed class OutputVerifier : IAsyncDisposable
{
    private const int ChunkTokensMax = 512;
    private readonly ModelManifest manifest;
    private readonly ModelTokenizer tokenizer;
    private readonly SlotSession session;
    private readonly SemaphoreSlim turn = new(1, 1);

    internal OutputVerifier(ModelManifest manifest, ModelTokenizer tokenizer, SlotSession session) =>
        (this.manifest, this.tokenizer, this.session) = (manifest, tokenizer, session);

    /// <summary>Recomputes every position of an output.</summary>
    /// <exception cref="ContextLengthException">The output cannot come from this model: it is beyond its
    /// context.</exception>
    /// <exception cref="ArgumentException">The prompt is empty, or a token is beyond the vocabulary.</exception>
    public async Task<RecomputedOutput> RecomputeAsync(
        VerificationRequest request, CancellationToken cancellationToken)
    {
        Check(request);
        await turn.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(() => Recompute(request, cancellationToken), cancellationToken);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Waits for the pass that runs, then frees the model.</summary>
    public async ValueTask DisposeAsync()
    {
        await turn.WaitAsync();
        session.Dispose();
        turn.Dispose();
    }

    private RecomputedOutput Recompute(VerificationRequest request, CancellationToken cancellationToken)
    {
        int prompt = request.PromptTokens.Length;
        int count = request.OutputTokens.Length;
        uint[] choices = new uint[count];
        uint[] fingerprints = new uint[count];
        TokenHistory history = new(request.PromptTokens);
        uint[] inputs = [.. request.PromptTokens, .. request.OutputTokens.Take(count - 1)];
        int chunkMax = Math.Min(ChunkTokensMax, session.RowsMax);
        using KeyValueCache cache = session.CreateCache(Math.Max(1, inputs.Length));
        int position = 0;
        for (int past = 0; past < inputs.Length && count > 0; past += chunkMax)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int length = Math.Min(chunkMax, inputs.Length - past);
            int logitsFrom = Math.Clamp(prompt - 1 - past, 0, length);
            int rows = session.Run([new SlotWork(cache, past, inputs.AsMemory(past, length), logitsFrom)]);
            for (int row = 0; row < rows; row++, position++)
            {
                ReadOnlySpan<float> logits = session.Logits(row);
                SamplingPosition at = new(request.SeedKey, (uint)position, history);
                choices[position] = Sampler.Choose(logits, request.Sampling, at);
                fingerprints[position] = LogitMeasures.Fingerprint(logits);
                history.Add(request.OutputTokens[position]);
            }
        }

        return new RecomputedOutput
        {
            Choices = choices, Fingerprints = fingerprints, StopStringPosition = FindStopString(request),
        };
    }

    private int FindStopString(VerificationRequest request)
    {
        StopStringScanner scanner = new(request.StopStrings);
        StreamingDetokenizer stream = tokenizer.CreateStream();
        HashSet<uint> ends = [.. manifest.EndTokens, .. request.StopTokens];
        for (int i = 0; i < request.OutputTokens.Length; i++)
        {
            if (!ends.Contains(request.OutputTokens[i]))
            {
                scanner.Push(stream.Push(request.OutputTokens[i]));
            }

            if (scanner.Met is not null)
            {
                return i;
            }
        }

        return -1;
    }

    private void Check(VerificationRequest request)
    {
        int total = request.PromptTokens.Length + request.OutputTokens.Length;
        ArgumentOutOfRangeException.ThrowIfLessThan(request.PromptTokens.Length, 1, "prompt tokens");
        if (total > manifest.ContextTokensMax)
        {
            throw new ContextLengthException(
                request.PromptTokens.Length, request.OutputTokens.Length, manifest.ContextTokensMax);
        }

        if (request.PromptTokens.Concat(request.OutputTokens).Any(token => token >= manifest.VocabularySize))
        {
            throw new ArgumentException(
                $"a token is beyond the vocabulary of {manifest.VocabularySize}", nameof(request));
        }
    }
}
