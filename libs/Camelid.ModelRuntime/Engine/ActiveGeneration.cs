using System.Threading.Channels;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Sampling;
using Camelid.ModelRuntime.Tokenization;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Engine;

/// <summary>
/// A request on its way through the engine. Only the engine's thread touches it, but for cancellation and the
/// channel.
/// </summary>
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
        FinishReason end = EndAfter(token, out string text);
        Publish(new GeneratedToken
        {
            Index = tokens.Count - 1,
            TokenId = token,
            Text = end == FinishReason.Unset ? text : text + TakeHeldText(),
            Logprob = logprob,
            TopLogprobs = top,
            Fingerprint = fingerprint,
        });
        if (end != FinishReason.Unset)
        {
            Finish(end);
        }
    }

    /// <summary>Ends the request and tells the reader.</summary>
    internal void Finish(FinishReason reason)
    {
        Publish(new GenerationFinished
        {
            FinishReason = reason,
            Tokens = [.. tokens],
            Fingerprints = [.. fingerprints],
            StopString = scanner.Met,
            Text = TakeHeldText(),
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

    /// <summary>The reason why the answer ends with this token, or Unset; and the text that may be shown.</summary>
    private FinishReason EndAfter(uint token, out string text)
    {
        bool ended = endTokens.Contains(token);
        text = ended ? "" : scanner.Push(detokenizer.Push(token));
        if (ended || scanner.Met is not null)
        {
            return FinishReason.Stop;
        }

        return tokens.Count == Request.MaxTokens ? FinishReason.Length : FinishReason.Unset;
    }

    /// <summary>What was held back and may be shown now that nothing follows.</summary>
    private string TakeHeldText() => scanner.Flush() + (scanner.Met is null ? detokenizer.Flush() : "");

    private void Publish(GenerationEvent item)
    {
        if (!events.Writer.TryWrite(item))
        {
            throw new System.Diagnostics.UnreachableException("a request has more events than tokens and an end");
        }
    }
}
