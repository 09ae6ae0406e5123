using System.Diagnostics;
using System.Diagnostics.Metrics;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Sampling;
using Camelid.Protocol.Jobs;
using Microsoft.ML.OnnxRuntime;

namespace Camelid.ModelRuntime.Engine;

/// <summary>
/// The engine's thread: admits, ends what was cancelled, and takes a step for all who are in, in one call of the slot
/// graph. In steady state a step takes no managed memory.
/// </summary>
internal sealed class EngineLoop
{
    private const int PrefillAloneFactor = 8, DraftRowsMax = 16;
    private static readonly Meter Meter = new("Camelid.ModelRuntime");
    private static readonly Counter<long> PromptTokens = Meter.CreateCounter<long>("camelid.engine.prompt_tokens");
    private static readonly Counter<long> ReusedTokens = Meter.CreateCounter<long>("camelid.engine.reused_tokens");
    private static readonly Counter<long> OutputTokens = Meter.CreateCounter<long>("camelid.engine.output_tokens");
    private static readonly Counter<long> DraftedTokens = Meter.CreateCounter<long>("camelid.engine.drafted_tokens");
    private static readonly Counter<long> Steps = Meter.CreateCounter<long>("camelid.engine.steps");
    private static readonly Histogram<double> FirstToken =
        Meter.CreateHistogram<double>("camelid.engine.time_to_first_token", "s");

    private readonly LanguageModelOptions options;
    private readonly SlotRunner runner;
    private readonly KeyValuePool memory;
    private readonly WaitingLine line;
    private readonly SamplerWorkspace workspace;
    private readonly List<ActiveGeneration> active = [];
    private readonly SlotWork[] work;
    private readonly Func<ActiveGeneration, bool> isCancelled;
    private volatile bool stopping;
    private volatile int activeCount;
    private DateTimeOffset now;
    private long stepCount;
    private long stepAllocatedBytes;
    private long cleanStepCount;

    internal EngineLoop(LanguageModelOptions options, SlotRunner runner, KeyValuePool memory, WaitingLine line)
    {
        (this.options, this.runner, this.memory, this.line) = (options, runner, memory, line);
        workspace = new SamplerWorkspace(memory.VocabularySize);
        work = new SlotWork[runner.Slots];
        isCancelled = generation => stopping || generation.IsCancelled(now);
    }

    /// <summary>Requests that are computed.</summary>
    internal int Active => activeCount;

    /// <summary>Bytes that this thread took from the managed heap for the last step.</summary>
    internal long StepAllocatedBytes => Interlocked.Read(ref stepAllocatedBytes);

    /// <summary>Calls of the graph so far.</summary>
    internal long StepCount => Interlocked.Read(ref stepCount);

    /// <summary>Steps that took nothing from the managed heap.</summary>
    internal long CleanStepCount => Interlocked.Read(ref cleanStepCount);

    /// <summary>Ends all requests before the next step.</summary>
    internal void Stop() => stopping = true;

    /// <summary>
    /// Runs until the line is closed and all are served. Should it break, everybody who waits is told.
    /// </summary>
    internal void Run()
    {
        try
        {
            while (active.Count > 0 || line.Wait())
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                EndCancelled();
                Admit();
                if (active.Count > 0)
                {
                    Step();
                }

                long taken = GC.GetAllocatedBytesForCurrentThread() - before;
                Interlocked.Exchange(ref stepAllocatedBytes, taken);
                Interlocked.Add(ref cleanStepCount, taken == 0 ? 1 : 0);
            }
        }
        finally
        {
            line.Close();
            InvalidOperationException stopped = new("the engine has stopped; restart the service");
            active.ForEach(generation => generation.Fail(stopped));
            line.RemoveAll(_ => true, generation => generation.Fail(stopped));
        }
    }

    private void EndCancelled()
    {
        now = options.Clock.GetUtcNow();
        line.RemoveAll(isCancelled, Cancel);
        for (int i = active.Count - 1; i >= 0; i--)
        {
            if (isCancelled(active[i]))
            {
                Cancel(active[i]);
                Leave(i);
            }
        }
    }

    private static void Cancel(ActiveGeneration generation) => generation.Finish(FinishReason.Cancelled);

    /// <summary>
    /// Takes from the line as many as there are slots and memory for. Whoever is first waits for its memory, and
    /// nobody passes by: a long request is not starved by short ones.
    /// </summary>
    private void Admit()
    {
        while (active.Count < runner.Slots && line.Peek() is { } first)
        {
            GenerationRequest request = first.Request;
            try
            {
                KeyValueLease? lease = memory.TryRent(
                    request.PromptTokens, request.PromptTokens.Length + request.MaxTokens);
                if (lease is null)
                {
                    return;
                }

                first.Admit(lease);
                ReusedTokens.Add(lease.Count);
                active.Add(first);
            }
            catch (Exception e) when (e is OutOfMemoryException or OnnxRuntimeException)
            {
                first.Fail(new InsufficientMemoryException(
                    "there is no memory for this request's keys and values; ask for fewer tokens, or lower the "
                    + "engine's limit of memory", e));
            }

            line.Remove(first);
            activeCount = active.Count;
        }
    }

    private void Step()
    {
        Plan();
        Span<SlotWork> planned = work.AsSpan(0, active.Count);
        try
        {
            runner.Run(planned);
        }
        catch (Exception e) when (e is OnnxRuntimeException or OutOfMemoryException)
        {
            Isolate(e);
            return;
        }

        Steps.Add(1);
        Interlocked.Increment(ref stepCount);
        int row = 0;
        for (int i = 0; i < planned.Length; i++)
        {
            Take(active[i], planned[i], row);
            row += planned[i].Tokens.Length - planned[i].LogitsFrom;
        }

        for (int i = active.Count - 1; i >= 0; i--)
        {
            if (active[i].IsFinished)
            {
                Leave(i);
            }
        }
    }

    /// <summary>
    /// What each does: those who decode, their last token and a guess; the others share a number of prompt tokens, so
    /// that a short prompt does not wait for a long one, and nobody's next token for all of them.
    /// </summary>
    private void Plan()
    {
        int decoding = 0;
        foreach (ActiveGeneration generation in active)
        {
            decoding += generation.PromptTokensLeft == 0 ? 1 : 0;
        }

        int prefilling = active.Count - decoding;
        int prompt = options.PrefillChunkTokens * (decoding == 0 ? PrefillAloneFactor : 1);
        int drafts = Math.Max(0, Math.Min(DraftRowsMax, runner.RowsMax) - decoding);
        for (int i = 0; i < active.Count; i++)
        {
            ActiveGeneration generation = active[i];
            if (generation.PromptTokensLeft == 0)
            {
                bool isFree = active.Count == 1 && runner.SecondTokenIsFree;
                work[i] = generation.NextToken(Math.Min(options.DraftTokensMax, drafts), isFree);
                drafts -= work[i].Tokens.Length - 1;
                DraftedTokens.Add(work[i].Tokens.Length - 1);
            }
            else
            {
                int share = Math.Max(1, prompt / prefilling);
                int tokens = Math.Min(share, generation.PromptTokensLeft);
                work[i] = generation.NextChunk(tokens);
                prompt -= tokens;
                prefilling--;
                PromptTokens.Add(tokens);
            }
        }
    }

    /// <summary>A call failed: each of its requests runs alone, and only those that fail again are told.</summary>
    private void Isolate(Exception cause)
    {
        bool alone = active.Count == 1;
        for (int i = active.Count - 1; i >= 0; i--)
        {
            ActiveGeneration generation = active[i];
            try
            {
                if (alone)
                {
                    generation.Fail(cause);
                }
                else
                {
                    runner.Run(work.AsSpan(i, 1));
                    Take(generation, work[i], 0);
                }
            }
            catch (Exception e) when (e is OnnxRuntimeException or OutOfMemoryException)
            {
                generation.Fail(e);
            }

            if (generation.IsFinished)
            {
                Leave(i);
            }
        }
    }

    /// <summary>
    /// Gives a request its logits. Logits that hold no number fail this request and not its neighbours.
    /// </summary>
    private void Take(ActiveGeneration generation, SlotWork done, int row)
    {
        bool isFirst = generation.OutputCount == 0;
        try
        {
            OutputTokens.Add(generation.Take(done, runner, row, workspace));
        }
        catch (ArgumentException e)
        {
            generation.Fail(e);
        }

        if (isFirst && generation.OutputCount > 0)
        {
            FirstToken.Record(Stopwatch.GetElapsedTime(generation.Started).TotalSeconds);
        }
    }

    private void Leave(int index)
    {
        memory.Return(active[index].Lease!);
        active.RemoveAt(index);
        activeCount = active.Count;
    }
}
