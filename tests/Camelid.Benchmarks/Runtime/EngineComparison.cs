using System.Diagnostics;
using Camelid.ModelRuntime;
using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Verification;
using Camelid.Protocol.Jobs;

namespace Camelid.Benchmarks.Runtime;

/// <summary>The whole engine: sampling, text, fingerprints and drafting; and what checking its answers costs.</summary>
internal sealed class EngineComparison(
    LoadedPackage package, GenAiDecoder theirs, BenchmarkModel model, Rounds rounds) : IAsyncDisposable
{
    private const int VerifyPrompt = 64, VerifyTokens = 128;

    /// <summary>The last tokens whose allocations are read: by then every buffer has its size.</summary>
    private const int SteadyTokens = 12;

    private readonly GenerationEngine plain = package.CreateEngine(Options(drafts: 0));
    private readonly GenerationEngine drafting = package.CreateEngine(
        Options(new LanguageModelOptions().DraftTokensMax));
    private readonly BenchmarkEffort effort = model.Effort;
    private readonly OutputVerifier verifier = package.CreateVerifier();

    /// <summary>Runs every quantity; those of the verifier only where wanted.</summary>
    internal async Task RunAsync(bool verifies)
    {
        uint[] prompt = DecoderComparison.Prompts(model, 1, DecoderComparison.ShortPrompt)[0];
        await rounds.CompareAsync(
            $"engine: time to first token, prompt of {prompt.Length} / GenAI", "ms",
            () => FirstTokenAsync(prompt), () => Task.FromResult(TheirFirstToken(prompt)));
        (uint[][] one, uint[][] batch) = DecoderComparison.DecodePrompts(model);
        await rounds.CompareAsync(
            "engine: decode, batch 1, no draft / GenAI", DecoderComparison.Rate,
            () => DecodeAsync(plain, one, effort.DecodeSteps), () => TheirDecode(one, effort.DecodeSteps));
        await rounds.CompareAsync(
            $"engine: decode, batch {batch.Length}, no draft / GenAI", DecoderComparison.Rate,
            () => DecodeAsync(plain, batch, effort.BatchSteps), () => TheirDecode(batch, effort.BatchSteps));
        await DraftingAsync(prompt);
        await AllocationAsync(prompt);
        if (verifies)
        {
            await VerifyAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await plain.DisposeAsync();
        await drafting.DisposeAsync();
        await verifier.DisposeAsync();
    }

    private static LanguageModelOptions Options(int drafts) => new()
    {
        Slots = DecoderComparison.BatchRows, DraftTokensMax = drafts, ReusesPrefixes = false,
    };

    private async Task DraftingAsync(uint[] prompt)
    {
        GenerationFinished earlier = await FinishAsync(plain, Request(prompt, effort.RepeatedTokens));
        uint[] repeating = [.. prompt, .. earlier.Tokens];
        await rounds.CompareAsync(
            "engine: decode with drafts of text that repeats its prompt / GenAI", DecoderComparison.Rate,
            () => DecodeAsync(drafting, [repeating], effort.DecodeSteps),
            () => TheirDecode([repeating], effort.DecodeSteps));
        await rounds.CompareAsync(
            "engine: with drafts / without, text that repeats its prompt", DecoderComparison.Rate,
            () => DecodeAsync(drafting, [repeating], effort.DecodeSteps),
            () => DecodeAsync(plain, [repeating], effort.DecodeSteps));
    }

    private async Task AllocationAsync(uint[] prompt)
    {
        List<long> bytes = [];
        GenerationRequest request = Request(prompt, effort.DecodeSteps);
        await foreach (GenerationEvent item in plain.Start(request, CancellationToken.None))
        {
            if (item is GeneratedToken { Index: int index }
                && index > effort.DecodeSteps - SteadyTokens && index < effort.DecodeSteps - 1)
            {
                bytes.Add(plain.StepAllocatedBytes);
            }
        }

        bytes.Sort();
        rounds.Add("engine: managed bytes per token on its thread", "bytes", bytes[bytes.Count / 2]);
    }

    private async Task VerifyAsync()
    {
        uint[] prompt = DecoderComparison.Prompts(model, 1, VerifyPrompt)[0];
        GenerationRequest request = Request(prompt, VerifyTokens);
        GenerationFinished answer = await FinishAsync(plain, request);
        VerificationRequest check = new()
        {
            PromptTokens = prompt, OutputTokens = answer.Tokens, Sampling = request.Sampling,
            SeedKey = request.SeedKey, MaxTokens = request.MaxTokens,
        };
        await rounds.CompareAsync(
            $"verify all / generate, {VerifyTokens} tokens, prompt of {VerifyPrompt}, no draft", "s",
            () => Measurement.SecondsAsync(async () =>
            {
                RecomputedOutput again = await verifier.RecomputeAsync(check, CancellationToken.None);
                if (!again.Fingerprints.SequenceEqual(answer.Fingerprints))
                {
                    throw new InvalidOperationException("the verifier computed other logits than the engine");
                }
            }),
            () => Measurement.SecondsAsync(() => FinishAsync(plain, request)));
    }

    private Task<double> TheirDecode(uint[][] prompts, int steps) =>
        Task.FromResult(DecoderComparison.Decode(theirs, prompts, steps, new WorkClock(false)));

    private async Task<double> FirstTokenAsync(uint[] prompt)
    {
        long started = Stopwatch.GetTimestamp();
        double milliseconds = 0;
        await foreach (GenerationEvent item in plain.Start(Request(prompt, 1), CancellationToken.None))
        {
            milliseconds = item is GeneratedToken ? Stopwatch.GetElapsedTime(started).TotalMilliseconds : milliseconds;
        }

        return milliseconds;
    }

    private double TheirFirstToken(uint[] prompt)
    {
        long started = Stopwatch.GetTimestamp();
        theirs.Reset(1);
        theirs.Prefill([prompt]);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    /// <summary>Tokens per second between the moment when all answers have begun and the first of them ends.</summary>
    private static async Task<double> DecodeAsync(GenerationEngine engine, uint[][] prompts, int tokens)
    {
        long[][] times = await Task.WhenAll(
            prompts.Select(prompt => Task.Run(() => TimesAsync(engine, Request(prompt, tokens)))));
        long from = times.Max(each => each[0]);
        long to = times.Min(each => each[^1]);
        int count = times.Sum(each => each.Count(time => time > from && time <= to));
        return count / Stopwatch.GetElapsedTime(from, to).TotalSeconds;
    }

    private static async Task<long[]> TimesAsync(GenerationEngine engine, GenerationRequest request)
    {
        List<long> times = [];
        await foreach (GenerationEvent item in engine.Start(request, CancellationToken.None))
        {
            if (item is GeneratedToken)
            {
                times.Add(Stopwatch.GetTimestamp());
            }
        }

        return [.. times];
    }

    /// <summary>The whole answer.</summary>
    internal static async Task<GenerationFinished> FinishAsync(GenerationEngine engine, GenerationRequest request)
    {
        await foreach (GenerationEvent item in engine.Start(request, CancellationToken.None))
        {
            if (item is GenerationFinished end)
            {
                return end;
            }
        }

        throw new InvalidOperationException("the answer has no end");
    }

    /// <summary>Greedy, and never ended by the model.</summary>
    internal static GenerationRequest Request(uint[] prompt, int tokens) => new()
    {
        PromptTokens = prompt,
        MaxTokens = tokens,
        SeedKey = 1,
        Sampling = new SamplingParameters
        {
            TemperatureMillionths = 0, LogitBiases = [new LogitBias(BenchmarkPackages.EndToken, -100_000_000)],
        },
    };
}
