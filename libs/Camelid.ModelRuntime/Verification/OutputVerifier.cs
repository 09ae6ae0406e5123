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

    /// <summary>
    /// True where the output comes from another numerics class, so that a token that is not the choice is judged by
    /// its margin.
    /// </summary>
    public bool WantsMargins { get; init; }
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

    /// <summary>
    /// Rule S-23: at each position, how far logits of another class must lie from these, in logits, to make the served
    /// token the choice: 0 where it is, +∞ beyond 4. Empty where margins were not asked for.
    /// </summary>
    public double[] Margins { get; init; } = [];

    /// <summary>True where no served token is further from being the choice than so many logits.</summary>
    /// <exception cref="InvalidOperationException">Margins were not asked for.</exception>
    public bool WithinMargin(double logits) => Margins.Length == Choices.Length
        ? Margins.All(margin => margin <= logits)
        : throw new InvalidOperationException("the output was recomputed without margins");

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
    private readonly SamplerWorkspace workspace;
    private readonly SemaphoreSlim turn = new(1, 1);
    private ChoiceMargin? margin;

    internal OutputVerifier(ModelManifest manifest, ModelTokenizer tokenizer, SlotSession session)
    {
        (this.manifest, this.tokenizer, this.session) = (manifest, tokenizer, session);
        workspace = new SamplerWorkspace(manifest.VocabularySize);
    }

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
        int count = request.OutputTokens.Length;
        RecomputedOutput result = new()
        {
            Choices = new uint[count], Fingerprints = new uint[count],
            Margins = request.WantsMargins ? new double[count] : [], StopStringPosition = FindStopString(request),
        };
        if (count == 0)
        {
            return result;
        }

        int firstWanted = request.PromptTokens.Length - 1;
        TokenHistory history = new(request.PromptTokens, count);
        uint[] inputs = [.. request.PromptTokens, .. request.OutputTokens.AsSpan(0, count - 1)];
        using KeyValueCache cache = session.CreateCache(inputs.Length);
        int position = 0;
        for (int past = 0, length; past < inputs.Length; past += length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // Only the rows that choose get logits; a prompt is not cut by the memory for them.
            int before = Math.Max(0, firstWanted - past);
            length = Math.Min(Math.Min(ChunkTokensMax, before + session.RowsMax), inputs.Length - past);
            int rows = session.Run(
                [new SlotWork(cache, past, inputs.AsMemory(past, length), Math.Min(before, length))]);
            for (int row = 0; row < rows; row++, position++)
            {
                TakePosition(session.Logits(row), request, result, new(request.SeedKey, (uint)position, history));
                history.Add(request.OutputTokens[position]);
            }
        }

        return result;
    }

    private void TakePosition(
        ReadOnlySpan<float> logits, VerificationRequest request, RecomputedOutput result, SamplingPosition at)
    {
        uint choice = Sampler.Choose(logits, request.Sampling, at, workspace);
        result.Choices[at.Position] = choice;
        result.Fingerprints[at.Position] = LogitMeasures.Fingerprint(logits);
        uint served = request.OutputTokens[at.Position];
        if (request.WantsMargins && served != choice)
        {
            margin ??= new ChoiceMargin(manifest.VocabularySize);
            result.Margins[at.Position] = margin.Of(logits, request.Sampling, at, new ServedToken(served, choice));
        }
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
