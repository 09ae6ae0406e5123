using System.Threading.Channels;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Sampling;
using Camelid.ModelRuntime.Tokenization;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Engine;

/// <summary>A request on its way through the engine. Only the engine's thread touches it, but for cancellation and the channel.</summary>
internal sealed class ActiveGeneration
{
    private readonly Channel<GenerationEvent> events;
    private readonly TokenHistory history;
    private readonly StreamingDetokenizer detokenizer;
    private readonly StopStringScanner scanner;
    private readonly HashSet<uint> endTokens;
    private readonly List<uint> tokens = [];
    private readonly List<uint> fingerprints = [];
    private int past;
    private volatile bool cancelled;

    internal ActiveGeneration(GenerationRequest request, IEnumerable<uint> modelEndTokens, ModelTokenizer tokenizer)
    {
        Request = request;
        history = new TokenHistory(request.PromptTokens);
        detokenizer = tokenizer.CreateStream();
        scanner = new StopStringScanner(request.StopStrings);
        endTokens = [.. modelEndTokens, .. request.StopTokens];
        // One event for each token and one for the end: the engine never waits for a reader.
        events = Channel.CreateBounded<GenerationEvent>(request.MaxTokens + 1);
    }

    internal GenerationRequest Request { get; }

    internal ChannelReader<GenerationEvent> Events => events.Reader;

    internal bool IsFinished { get; private set; }

    /// <summary>Asks the engine to end the request before its next step.</summary>
    internal void Cancel() => cancelled = true;

    internal bool IsCancelled(DateTimeOffset now) => cancelled || now >= Request.Deadline;

    /// <summary>What the slot does next: a chunk of the prompt, or the last token.</summary>
    internal SlotWork NextWork(int prefillChunkTokens)
    {
        int prompt = Request.PromptTokens.Length;
        if (past >= prompt)
        {
            return new SlotWork(past, new[] { tokens[^1] }, 0);
        }

        int count = Math.Min(prefillChunkTokens, prompt - past);
        int logitsFrom = past + count == prompt ? count - 1 : count;
        return new SlotWork(past, Request.PromptTokens.AsMemory(past, count), logitsFrom);
    }

    /// <summary>The slot took that many tokens.</summary>
    internal void Advance(int count) => past += count;

    /// <summary>Chooses the next token from its logits, tells the reader, and ends where an end is reached.</summary>
    internal void Accept(ReadOnlySpan<float> logits)
    {
        SamplingPosition at = new(Request.SeedKey, (uint)tokens.Count, history);
        uint token = Sampler.Choose(logits, Request.Sampling, at);
        uint fingerprint = LogitMeasures.Fingerprint(logits);
        (double logprob, IReadOnlyList<TokenLogprob> top) = LogitMeasures.Logprobs(logits, token, Request.TopLogprobs);
        tokens.Add(token);
        fingerprints.Add(fingerprint);
        history.Add(token);
        bool ended = endTokens.Contains(token);
        Publish(new GeneratedToken
        {
            Index = tokens.Count - 1,
            TokenId = token,
            Text = ended ? "" : scanner.Push(detokenizer.Push(token)),
            Logprob = logprob,
            TopLogprobs = top,
            Fingerprint = fingerprint,
        });
        if (ended || scanner.Met is not null)
        {
            Finish(FinishReason.Stop);
        }
        else if (tokens.Count == Request.MaxTokens)
        {
            Finish(FinishReason.Length);
        }
    }

    /// <summary>Ends the request and tells the reader.</summary>
    internal void Finish(FinishReason reason)
    {
        string rest = scanner.Met is null ? detokenizer.Flush() : "";
        Publish(new GenerationFinished
        {
            FinishReason = reason,
            Tokens = [.. tokens],
            Fingerprints = [.. fingerprints],
            StopString = scanner.Met,
            Text = scanner.Flush() + rest,
        });
        IsFinished = true;
        events.Writer.Complete();
    }

    /// <summary>Ends the request with a failure, which the reader is thrown.</summary>
    internal void Fail(Exception cause)
    {
        IsFinished = true;
        events.Writer.TryComplete(cause);
    }

    private void Publish(GenerationEvent item)
    {
        if (!events.Writer.TryWrite(item))
        {
            throw new System.Diagnostics.UnreachableException("a request has more events than tokens and an end");
        }
    }
}
