using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Verification;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Tests.Needle;

/// <summary>Runs a mix, and compares each of its requests with itself alone and with the verifier's one pass.</summary>
internal sealed class NeedleRun(NeedleModel model, NeedleMix mix)
{
    private readonly object gate = new();
    private readonly List<(int After, TaskCompletionSource Start)> waiting = [];
    private int tokensSeen;
    private int running;

    /// <summary>What runs.</summary>
    internal NeedleMix Mix => mix;

    /// <summary>Requests that were compared so far.</summary>
    internal int Compared { get; private set; }

    /// <summary>The first difference in words; null where every bit is the same.</summary>
    internal async Task<string?> FindDifferenceAsync(CancellationToken cancellationToken)
    {
        GenerationEngine engine = model.Engine(mix.Options);
        await using (engine)
        {
            running = mix.Requests.Count;
            Task<GenerationFinished>[] all = [.. mix.Requests.Select(request => RunAsync(engine, request))];
            GenerationFinished[] ends = await Task.WhenAll(all);
            for (int i = 0; i < ends.Length; i++)
            {
                if (await CompareAsync(mix.Requests[i], ends[i], cancellationToken) is { } difference)
                {
                    return $"{mix}, request {i}: {difference}";
                }

                Compared++;
            }
        }

        return null;
    }

    private async Task<GenerationFinished> RunAsync(GenerationEngine engine, NeedleRequest item)
    {
        await StartOf(item);
        using CancellationTokenSource cancellation = new();
        if (item.CancelledAfter == 0)
        {
            await cancellation.CancelAsync();
        }

        GenerationFinished? end = null;
        int tokens = 0;
        await foreach (GenerationEvent step in engine.Start(item.Request, cancellation.Token))
        {
            Count(1);
            if (step is GenerationFinished finished)
            {
                end = finished;
            }
            else if (++tokens == item.CancelledAfter)
            {
                await cancellation.CancelAsync();
            }
        }

        // Whoever waits for more tokens than will come, starts when all others have ended.
        lock (gate)
        {
            running--;
        }

        Count(0);
        return end!;
    }

    private Task StartOf(NeedleRequest item)
    {
        lock (gate)
        {
            if (tokensSeen >= item.StartsAfter)
            {
                return Task.CompletedTask;
            }

            TaskCompletionSource start = new(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Add((item.StartsAfter, start));
            Release();
            return start.Task;
        }
    }

    private void Count(int tokens)
    {
        lock (gate)
        {
            tokensSeen += tokens;
            Release();
        }
    }

    /// <summary>Starts those whose time has come; and all, where nobody is left who could bring it.</summary>
    private void Release()
    {
        bool nobodyRuns = running == waiting.Count;
        foreach ((int after, TaskCompletionSource start) in waiting.ToArray())
        {
            if (tokensSeen >= after || nobodyRuns)
            {
                waiting.Remove((after, start));
                start.SetResult();
            }
        }
    }

    private async Task<string?> CompareAsync(
        NeedleRequest item, GenerationFinished end, CancellationToken cancellationToken)
    {
        GenerationFinished alone = (GenerationFinished)await model.Plain.Start(item.Request, cancellationToken)
            .LastAsync(cancellationToken);
        bool cut = end.FinishReason == FinishReason.Cancelled;
        int count = end.Tokens.Length;
        if (cut ? count > alone.Tokens.Length : count != alone.Tokens.Length)
        {
            return $"{count} tokens, alone {alone.Tokens.Length}";
        }

        for (int i = 0; i < count; i++)
        {
            if (end.Tokens[i] != alone.Tokens[i] || end.Fingerprints[i] != alone.Fingerprints[i])
            {
                return $"position {i} differs from the request alone";
            }
        }

        return count == 0 ? null : await CompareWithVerifierAsync(item, end, cancellationToken);
    }

    private async Task<string?> CompareWithVerifierAsync(
        NeedleRequest item, GenerationFinished end, CancellationToken cancellationToken)
    {
        RecomputedOutput recomputed = await model.Verifier.RecomputeAsync(
            new VerificationRequest
            {
                PromptTokens = item.Request.PromptTokens,
                OutputTokens = end.Tokens,
                Sampling = item.Request.Sampling,
                SeedKey = item.Request.SeedKey,
                MaxTokens = item.Request.MaxTokens,
            },
            cancellationToken);
        for (int i = 0; i < end.Tokens.Length; i++)
        {
            if (recomputed.Choices[i] != end.Tokens[i] || recomputed.Fingerprints[i] != end.Fingerprints[i])
            {
                return $"position {i} differs from the verifier's one pass";
            }
        }

        return null;
    }
}
