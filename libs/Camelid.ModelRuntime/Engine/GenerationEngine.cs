using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;
using Camelid.Protocol.Jobs;
using Microsoft.ML.OnnxRuntime;

namespace Camelid.ModelRuntime.Engine;

/// <summary>
/// Generates for several requests at once: one thread, one call of the slot graph a step. Requests join and leave
/// between steps; prompts are taken in chunks beside those who decode. What stands beside a request never changes its
/// bits.
/// </summary>
public sealed class GenerationEngine : IAsyncDisposable
{
    private const int DrainSeconds = 8;
    private static readonly Meter Meter = new("Camelid.ModelRuntime");
    private static readonly Counter<long> PromptTokens = Meter.CreateCounter<long>("camelid.engine.prompt_tokens");
    private static readonly Counter<long> OutputTokens = Meter.CreateCounter<long>("camelid.engine.output_tokens");
    private static readonly Counter<long> Steps = Meter.CreateCounter<long>("camelid.engine.steps");
    private readonly BlockingCollection<ActiveGeneration> queue;
    private readonly ModelManifest manifest;
    private readonly ModelTokenizer tokenizer;
    private readonly LanguageModelOptions options;
    private readonly SlotSession session;
    private readonly ActiveGeneration?[] slots;
    private readonly Task loop;
    private volatile bool stopping;

    internal GenerationEngine(
        ModelManifest manifest, ModelTokenizer tokenizer, SlotSession session, LanguageModelOptions options)
    {
        (this.manifest, this.tokenizer, this.session, this.options) = (manifest, tokenizer, session, options);
        queue = new BlockingCollection<ActiveGeneration>(options.QueueMax);
        slots = new ActiveGeneration?[session.Slots];
        loop = Task.Factory.StartNew(
            Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Requests that wait for a slot.</summary>
    public int Queued => queue.Count;

    /// <summary>Requests in slots.</summary>
    public int Active => slots.Count(slot => slot is not null);

    /// <summary>
    /// Queues a request. Cancelling <paramref name="cancellationToken"/>, or leaving the enumeration, ends it before
    /// the next step with <see cref="FinishReason.Cancelled"/> and the tokens so far; the enumeration itself is not
    /// thrown an OperationCanceledException.
    /// </summary>
    /// <exception cref="EngineBusyException">The queue is full.</exception>
    /// <exception cref="ContextLengthException">Prompt and answer exceed the context.</exception>
    /// <exception cref="ArgumentException">The request is out of its limits.</exception>
    public IAsyncEnumerable<GenerationEvent> Start(GenerationRequest request, CancellationToken cancellationToken)
    {
        Check(request);
        ObjectDisposedException.ThrowIf(queue.IsAddingCompleted, this);
        ActiveGeneration generation = new(request, manifest.EndTokens, tokenizer);
        if (!queue.TryAdd(generation))
        {
            throw new EngineBusyException(
                $"the engine's queue is full ({options.QueueMax} requests wait); try again later");
        }

        return ReadAsync(generation, cancellationToken);
    }

    /// <summary>
    /// Takes no more requests, lets the running ones finish for some seconds, cancels the rest, and stops.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (queue.IsAddingCompleted)
        {
            return;
        }

        queue.CompleteAdding();
        await Task.WhenAny(loop, Task.Delay(TimeSpan.FromSeconds(DrainSeconds), options.Clock));
        stopping = true;
        await loop;
        queue.Dispose();
        session.Dispose();
    }

    private static async IAsyncEnumerable<GenerationEvent> ReadAsync(
        ActiveGeneration generation, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using CancellationTokenRegistration registration = cancellationToken.Register(generation.Cancel);
        try
        {
            await foreach (GenerationEvent item in generation.Events.ReadAllAsync(CancellationToken.None))
            {
                yield return item;
            }
        }
        finally
        {
            generation.Cancel();
        }
    }

    /// <summary>The loop. Should it ever break, everybody who waits is told, and nobody is taken any more.</summary>
    private void Run()
    {
        try
        {
            while (Admit())
            {
                EndCancelled();
                Step();
            }
        }
        finally
        {
            queue.CompleteAdding();
            InvalidOperationException stopped = new("the engine has stopped; restart the service");
            FailAll(stopped);
            while (queue.TryTake(out ActiveGeneration? waiting))
            {
                waiting.Fail(stopped);
            }
        }
    }

    /// <summary>Fills free slots; waits where all are free. False once nothing is left to do.</summary>
    private bool Admit()
    {
        bool idle = Array.TrueForAll(slots, slot => slot is null);
        if (idle)
        {
            if (!queue.TryTake(out ActiveGeneration? first, Timeout.Infinite))
            {
                return false;
            }

            slots[0] = first;
        }

        for (int slot = 0; slot < slots.Length; slot++)
        {
            if (slots[slot] is null && queue.TryTake(out ActiveGeneration? next))
            {
                slots[slot] = next;
            }
        }

        return true;
    }

    private void EndCancelled()
    {
        DateTimeOffset now = options.Clock.GetUtcNow();
        for (int slot = 0; slot < slots.Length; slot++)
        {
            if (slots[slot] is ActiveGeneration generation && (stopping || generation.IsCancelled(now)))
            {
                generation.Finish(FinishReason.Cancelled);
                slots[slot] = null;
            }
        }
    }

    /// <summary>One call for all slots. A call that fails, fails its requests, not the engine.</summary>
    private void Step()
    {
        SlotWork[] work = new SlotWork[slots.Length];
        for (int slot = 0; slot < slots.Length; slot++)
        {
            work[slot] = slots[slot]?.NextWork(options.PrefillChunkTokens) ?? default;
        }

        try
        {
            session.Run(work);
        }
        catch (OnnxRuntimeException e)
        {
            FailAll(e);
            return;
        }

        Steps.Add(1);
        int row = 0;
        for (int slot = 0; slot < slots.Length; slot++)
        {
            if (slots[slot] is ActiveGeneration generation)
            {
                int rows = work[slot].Tokens.Length - work[slot].LogitsFrom;
                Finish(slot, generation, work[slot], row);
                row += rows;
            }
        }
    }

    /// <summary>
    /// Gives a request its logits. Logits that hold no number fail this request and not its neighbours.
    /// </summary>
    private void Finish(int slot, ActiveGeneration generation, SlotWork done, int row)
    {
        try
        {
            generation.Advance(done.Tokens.Length);
            if (done.LogitsFrom < done.Tokens.Length)
            {
                generation.Accept(session.Logits(row));
                OutputTokens.Add(1);
            }
        }
        catch (ArgumentException e)
        {
            generation.Fail(e);
        }

        PromptTokens.Add(done.Past < generation.Request.PromptTokens.Length ? done.Tokens.Length : 0);
        slots[slot] = generation.IsFinished ? null : generation;
    }

    private void FailAll(Exception cause)
    {
        for (int slot = 0; slot < slots.Length; slot++)
        {
            slots[slot]?.Fail(cause);
            slots[slot] = null;
        }
    }

    private void Check(GenerationRequest request)
    {
        int context = manifest.ContextTokensMax;
        ArgumentOutOfRangeException.ThrowIfLessThan(request.PromptTokens.Length, 1, "prompt tokens");
        ArgumentOutOfRangeException.ThrowIfLessThan(request.MaxTokens, 1, "max tokens");
        int logprobs = request.TopLogprobs;
        ArgumentOutOfRangeException.ThrowIfNegative(logprobs, "top logprobs");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            logprobs, GenerationRequest.TopLogprobsMax, "top logprobs");
        if (request.PromptTokens.Length > context - Math.Min(request.MaxTokens, context))
        {
            throw new ContextLengthException(request.PromptTokens.Length, request.MaxTokens, context);
        }

        if (request.PromptTokens.Any(token => token >= manifest.VocabularySize))
        {
            throw new ArgumentException(
                $"prompt: a token is beyond the vocabulary of {manifest.VocabularySize}", nameof(request));
        }

        if (request.StopStrings.Count > GenerationRequest.StopStringsMax
            || request.StopStrings.Any(string.IsNullOrEmpty))
        {
            throw new ArgumentException(
                $"stop: at most {GenerationRequest.StopStringsMax} strings, none of them empty", nameof(request));
        }
    }
}
