using System.Diagnostics;
using System.Threading.Channels;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Sampling;
using Camelid.ModelRuntime.Tokenization;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Engine;

/// <summary>A chosen token on its way from the engine's thread to the reader.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="Fingerprint">Of its position's logits.</param>
/// <param name="Logprob">Its log-probability.</param>
/// <param name="Text">What may be shown.</param>
/// <param name="Top">The likeliest tokens; null where none were asked for.</param>
internal readonly record struct TokenStep(
    uint TokenId, uint Fingerprint, double Logprob, string Text, IReadOnlyList<TokenLogprob>? Top);

/// <summary>
/// A request on its way through the engine. Only the engine's thread touches it, but for cancellation and the
/// channel.
/// </summary>
internal sealed class ActiveGeneration
{
    private readonly Channel<TokenStep> steps;
    private readonly TokenHistory history;
    private readonly StreamingDetokenizer detokenizer;
    private readonly StopStringScanner scanner;
    private readonly HashSet<uint> endTokens;
    private readonly uint[] sequence;
    private readonly uint[] fingerprints;
    private readonly DraftLength draftLength;
    private int drafted;
    private volatile bool cancelled;

    internal ActiveGeneration(
        GenerationRequest request, IEnumerable<uint> modelEndTokens, ModelTokenizer tokenizer, int draftTokensMax)
    {
        Request = request;
        history = new TokenHistory(request.PromptTokens, request.MaxTokens);
        detokenizer = tokenizer.CreateStream();
        scanner = new StopStringScanner(request.StopStrings);
        endTokens = [.. modelEndTokens, .. request.StopTokens];
        sequence = new uint[request.PromptTokens.Length + request.MaxTokens];
        request.PromptTokens.CopyTo(sequence, 0);
        fingerprints = new uint[request.MaxTokens];
        draftLength = new DraftLength(draftTokensMax);
        // One step for each token: the engine never waits for a reader.
        steps = Channel.CreateBounded<TokenStep>(request.MaxTokens);
    }

    internal GenerationRequest Request { get; }

    /// <summary>The chosen tokens; completed with the end, or with the failure.</summary>
    internal ChannelReader<TokenStep> Steps => steps.Reader;

    /// <summary>How it ended, once <see cref="Steps"/> is completed.</summary>
    internal GenerationFinished? End { get; private set; }

    internal bool IsFinished { get; private set; }

    /// <summary>When it was asked for, in ticks of <see cref="Stopwatch"/>.</summary>
    internal long Started { get; } = Stopwatch.GetTimestamp();

    /// <summary>Where its keys and values lie, once it was admitted.</summary>
    internal KeyValueLease? Lease { get; private set; }

    /// <summary>Tokens chosen so far.</summary>
    internal int OutputCount { get; private set; }

    /// <summary>Prompt tokens that are not computed yet; the last of them gives the first logits.</summary>
    internal int PromptTokensLeft => Math.Max(0, Request.PromptTokens.Length - Lease!.Count);

    private int Length => Request.PromptTokens.Length + OutputCount;

    /// <summary>Asks the engine to end the request before its next step.</summary>
    internal void Cancel() => cancelled = true;

    internal bool IsCancelled(DateTimeOffset now) => cancelled || now >= Request.Deadline;

    /// <summary>The request gets its memory, which may hold the prompt's beginning already.</summary>
    internal void Admit(KeyValueLease lease)
    {
        Lease = lease;
        lease.Sequence = sequence;
    }

    /// <summary>The next chunk of the prompt; the last one wants logits.</summary>
    internal SlotWork NextChunk(int tokens)
    {
        int past = Lease!.Count;
        bool isLast = tokens == PromptTokensLeft;
        return new SlotWork(Lease.Cache, past, sequence.AsMemory(past, tokens), isLast ? tokens - 1 : tokens);
    }

    /// <summary>The last token and a guess of those that follow, at most so many.</summary>
    /// <param name="draftMax">Most tokens to guess.</param>
    /// <param name="isFree">True where the first guess takes no row of its own.</param>
    internal SlotWork NextToken(int draftMax, bool isFree)
    {
        int wanted = Math.Min(draftLength.Next(isFree), Math.Min(draftMax, Request.MaxTokens - OutputCount - 1));
        drafted = wanted > 0
            ? PromptLookup.Draft(sequence, Length, wanted, isFree && wanted == 1 ? 1 : DraftLength.MatchTokensMin)
            : 0;
        return new SlotWork(Lease!.Cache, Lease.Count, sequence.AsMemory(Length - 1, 1 + drafted), 0);
    }

    /// <summary>The call did the work: takes the logits, if there are any, as far as the guess was right.</summary>
    /// <returns>Tokens chosen.</returns>
    internal int Take(SlotWork done, SlotRunner runner, int firstRow, SamplerWorkspace workspace)
    {
        int rows = done.Tokens.Length - done.LogitsFrom;
        if (PromptTokensLeft > 0)
        {
            Lease!.Count += done.Tokens.Length;
            drafted = 0;
        }
        else
        {
            Lease!.Count++;
        }

        int taken = 0;
        while (taken < rows && !IsFinished)
        {
            // What was guessed lies where the choice will be written.
            uint guess = taken < drafted ? sequence[Length] : 0;
            uint token = Accept(runner.Logits(firstRow + taken), workspace);
            taken++;
            if (taken > drafted || token != guess)
            {
                break;
            }

            Lease.Count++;
        }

        draftLength.Learn(drafted, Math.Max(0, taken - 1));
        return taken;
    }

    /// <summary>Ends the request and tells the reader.</summary>
    internal void Finish(FinishReason reason)
    {
        End = new GenerationFinished
        {
            FinishReason = reason,
            Tokens = sequence.AsSpan(Request.PromptTokens.Length, OutputCount).ToArray(),
            Fingerprints = fingerprints.AsSpan(0, OutputCount).ToArray(),
            StopString = scanner.Met,
            Text = TakeHeldText(),
        };
        IsFinished = true;
        steps.Writer.Complete();
    }

    /// <summary>Ends the request with a failure, which the reader is thrown.</summary>
    internal void Fail(Exception cause)
    {
        IsFinished = true;
        steps.Writer.TryComplete(cause);
    }

    /// <summary>Chooses the next token from its logits, tells the reader, and ends where an end is reached.</summary>
    private uint Accept(ReadOnlySpan<float> logits, SamplerWorkspace workspace)
    {
        SamplingPosition at = new(Request.SeedKey, (uint)OutputCount, history);
        uint token = Sampler.Choose(logits, Request.Sampling, at, workspace);
        uint fingerprint = LogitMeasures.Fingerprint(logits);
        (double logprob, IReadOnlyList<TokenLogprob> top) = LogitMeasures.Logprobs(logits, token, Request.TopLogprobs);
        sequence[Length] = token;
        fingerprints[OutputCount++] = fingerprint;
        history.Add(token);
        FinishReason end = EndAfter(token, out string text);
        string shown = end == FinishReason.Unset ? text : text + TakeHeldText();
        if (!steps.Writer.TryWrite(new TokenStep(token, fingerprint, logprob, shown, top)))
        {
            throw new UnreachableException("a request has more steps than tokens");
        }

        if (end != FinishReason.Unset)
        {
            Finish(end);
        }

        return token;
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

        return OutputCount == Request.MaxTokens ? FinishReason.Length : FinishReason.Unset;
    }

    /// <summary>What was held back and may be shown now that nothing follows.</summary>
    private string TakeHeldText() => scanner.Flush() + (scanner.Met is null ? detokenizer.Flush() : "");
}
