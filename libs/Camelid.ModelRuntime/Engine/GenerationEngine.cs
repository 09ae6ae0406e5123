using System.Runtime.CompilerServices;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Engine;

/// <summary>
/// Generates for several requests at once: one thread, one call of the slot graph a step. Requests join and leave
/// between steps; prompts are taken in chunks beside those who decode; likely tokens are guessed ahead. None of that,
/// and nothing that stands beside a request, changes its bits.
/// </summary>
public sealed class GenerationEngine : IAsyncDisposable
{
    private const int DrainSeconds = 8;
    private readonly ModelManifest manifest;
    private readonly ModelTokenizer tokenizer;
    private readonly LanguageModelOptions options;
    private readonly SlotRunner runner;
    private readonly KeyValuePool memory;
    private readonly WaitingLine line;
    private readonly EngineLoop loop;
    private readonly Task running;
    private int disposals;

    internal GenerationEngine(
        ModelManifest manifest, ModelTokenizer tokenizer, SlotRunner runner, LanguageModelOptions options,
        KeyValuePool memory)
    {
        (this.manifest, this.tokenizer, this.options) = (manifest, tokenizer, options);
        (this.runner, this.memory) = (runner, memory);
        line = new WaitingLine(options.QueueMax);
        loop = new EngineLoop(options, runner, memory, line);
        running = Task.Factory.StartNew(
            loop.Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Requests that wait for a slot or for memory.</summary>
    public int Queued => line.Count;

    /// <summary>Requests in slots.</summary>
    public int Active => loop.Active;

    /// <summary>Bytes of keys and values, those kept for later prompts included.</summary>
    public long KeyValueBytes => memory.Bytes;

    /// <summary>Managed bytes that the engine's thread took for its last step.</summary>
    internal long StepAllocatedBytes => loop.StepAllocatedBytes;

    /// <summary>Steps in which the engine's thread took nothing from the managed heap.</summary>
    internal long CleanStepCount => loop.CleanStepCount;

    /// <summary>Calls of the graph so far.</summary>
    internal long StepCount => loop.StepCount;

    /// <summary>
    /// Queues a request. Cancelling <paramref name="cancellationToken"/>, or leaving the enumeration, ends it before
    /// the next step with <see cref="FinishReason.Cancelled"/> and the tokens so far; the enumeration itself is not
    /// thrown an OperationCanceledException.
    /// </summary>
    /// <exception cref="EngineBusyException">The queue is full.</exception>
    /// <exception cref="ContextLengthException">Prompt and answer exceed the context.</exception>
    /// <exception cref="ArgumentException">The request is out of its limits, or its keys and values can never
    /// fit.</exception>
    public IAsyncEnumerable<GenerationEvent> Start(GenerationRequest request, CancellationToken cancellationToken)
    {
        Check(request);
        return StartUnchecked(request, cancellationToken);
    }

    /// <summary>Queues what <see cref="Check"/> may not have seen.</summary>
    internal IAsyncEnumerable<GenerationEvent> StartUnchecked(
        GenerationRequest request, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(line.IsClosed, this);
        ActiveGeneration generation = new(request, manifest.EndTokens, tokenizer, options.DraftTokensMax);
        if (!line.TryAdd(generation))
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
        if (Interlocked.Exchange(ref disposals, 1) != 0)
        {
            return;
        }

        line.Close();
        await Task.WhenAny(running, Task.Delay(TimeSpan.FromSeconds(DrainSeconds), options.Clock));
        loop.Stop();
        await running;
        memory.Dispose();
        runner.Dispose();
    }

    private static async IAsyncEnumerable<GenerationEvent> ReadAsync(
        ActiveGeneration generation, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using CancellationTokenRegistration registration = cancellationToken.Register(generation.Cancel);
        try
        {
            int index = 0;
            await foreach (TokenStep step in generation.Steps.ReadAllAsync(CancellationToken.None))
            {
                yield return new GeneratedToken
                {
                    Index = index++,
                    TokenId = step.TokenId,
                    Text = step.Text,
                    Logprob = step.Logprob,
                    TopLogprobs = step.Top ?? [],
                    Fingerprint = step.Fingerprint,
                };
            }

            yield return generation.End!;
        }
        finally
        {
            generation.Cancel();
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

        long bytes = memory.BytesFor(request.PromptTokens.Length + request.MaxTokens);
        if (bytes > memory.BytesMax)
        {
            throw new ArgumentException(
                $"the request's keys and values take {bytes} bytes, but the engine has {memory.BytesMax} for them all; "
                + "ask for fewer tokens", nameof(request));
        }
    }
}
