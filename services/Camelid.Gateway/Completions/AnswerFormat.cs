using System.Text.Json;
using Camelid.Client.Completions;
using Camelid.Gateway.Hosting;

namespace Camelid.Gateway.Completions;

/// <summary>A whole choice.</summary>
/// <param name="Text">The text, its echoed prompt included.</param>
/// <param name="Tokens">Described tokens, where log probabilities were asked for.</param>
/// <param name="End">How it ended.</param>
internal sealed record WholeChoice(string Text, IReadOnlyList<TokenText> Tokens, ChoiceEnd End);

/// <summary>Writes answers as one of OpenAI's routes does.</summary>
internal abstract class AnswerFormat(PreparedRequest request, string jobId, long createdUnix)
{
    private const int FingerprintDigits = 16;

    /// <summary>The request.</summary>
    protected PreparedRequest Request { get; } = request;

    /// <summary>The first job, 64 digits.</summary>
    protected string JobId { get; } = jobId;

    /// <summary>Unix seconds.</summary>
    protected long CreatedUnix { get; } = createdUnix;

    /// <summary>Which weights ran.</summary>
    protected string SystemFingerprint => "fp_" + HexText.Of(Request.Model.Root)[..FingerprintDigits];

    /// <summary>True where a proof stands in each choice too.</summary>
    protected bool HasSeveralChoices => Request.Prompts.Count * Request.Options.Choices > 1;

    /// <summary>The first chunk of a choice, or null.</summary>
    public abstract string? Opening(OpenedJob job);

    /// <summary>A chunk with more of a choice.</summary>
    public abstract string Piece(OpenedJob job, ChoicePiece piece);

    /// <summary>The last chunk of a choice: its finish reason and its proof.</summary>
    public abstract string Ending(OpenedJob job, ChoiceEnd end);

    /// <summary>The chunk that counts tokens.</summary>
    public abstract string Counting(UsageDocument usage);

    /// <summary>The whole answer.</summary>
    public abstract string Whole(IReadOnlyList<WholeChoice> choices, UsageDocument usage);
}

/// <summary>Answers of <c>/v1/completions</c>.</summary>
internal sealed class CompletionFormat(PreparedRequest request, string jobId, long createdUnix)
    : AnswerFormat(request, jobId, createdUnix)
{
    /// <inheritdoc/>
    public override string? Opening(OpenedJob job) =>
        job.Prompt.Echo.Length > 0 ? Chunk(Choice(job.Choice, job.Prompt.Echo, null, null)) : null;

    /// <inheritdoc/>
    public override string Piece(OpenedJob job, ChoicePiece piece) =>
        Chunk(Choice(job.Choice, piece.Text, piece.Token is { } token ? Logprobs([token]) : null, null));

    /// <inheritdoc/>
    public override string Ending(OpenedJob job, ChoiceEnd end) =>
        Write(Empty() with { Choices = [Choice(job.Choice, "", null, end.FinishReason)], Camelid = end.Proof });

    /// <inheritdoc/>
    public override string Counting(UsageDocument usage) => Write(Empty() with { Usage = usage });

    /// <inheritdoc/>
    public override string Whole(IReadOnlyList<WholeChoice> choices, UsageDocument usage) => Write(Empty() with
    {
        Choices = [.. choices.Select((choice, index) => Choice(
            index, choice.Text, Request.Options.Logprobs ? Logprobs(choice.Tokens) : null, choice.End.FinishReason)
            with { Camelid = HasSeveralChoices ? choice.End.Proof : null })],
        Usage = usage,
        Camelid = choices[0].End.Proof,
    });

    private static CompletionChoice Choice(
        int index, string text, CompletionLogprobs? logprobs, string? finishReason) =>
        new() { Index = index, Text = text, Logprobs = logprobs, FinishReason = finishReason };

    private static string Write(CompletionDocument document) =>
        JsonSerializer.Serialize(document, AnswerJson.Documents.CompletionDocument);

    private CompletionDocument Empty() => new()
    {
        Id = "cmpl-" + JobId,
        Created = CreatedUnix,
        Model = Request.Model.Name,
        SystemFingerprint = SystemFingerprint,
    };

    private string Chunk(CompletionChoice choice) => Write(Empty() with { Choices = [choice] });

    private CompletionLogprobs Logprobs(IReadOnlyList<TokenText> tokens) => new()
    {
        TextOffset = [.. tokens.Select(token => token.TextOffset)],
        TokenLogprobs = [.. tokens.Select(token => token.Logprob)],
        Tokens = [.. tokens.Select(token => token.Label)],
        TopLogprobs = Request.Options.TopLogprobs == 0 ? null : [.. tokens.Select(TopOf)],
    };

    /// <summary>Two tokens may have one label; the likelier one comes first and stays.</summary>
    private static Dictionary<string, float> TopOf(TokenText token)
    {
        Dictionary<string, float> top = [];
        foreach (TokenText rival in token.Top)
        {
            top.TryAdd(rival.Label, rival.Logprob);
        }

        return top;
    }
}

/// <summary>Answers of <c>/v1/chat/completions</c>.</summary>
internal sealed class ChatFormat(PreparedRequest request, string jobId, long createdUnix)
    : AnswerFormat(request, jobId, createdUnix)
{
    /// <inheritdoc/>
    public override string? Opening(OpenedJob job) => Chunk(new ChatChunkChoice
    {
        Index = job.Choice,
        Delta = new ChatDelta { Role = "assistant", Content = "" },
    });

    /// <inheritdoc/>
    public override string Piece(OpenedJob job, ChoicePiece piece) => Chunk(new ChatChunkChoice
    {
        Index = job.Choice,
        Delta = new ChatDelta { Content = piece.Text },
        Logprobs = piece.Token is { } token ? Logprobs([token]) : null,
    });

    /// <inheritdoc/>
    public override string Ending(OpenedJob job, ChoiceEnd end) => Write(Empty() with
    {
        Choices =
        [
            new ChatChunkChoice { Index = job.Choice, Delta = new ChatDelta(), FinishReason = end.FinishReason },
        ],
        Camelid = end.Proof,
    });

    /// <inheritdoc/>
    public override string Counting(UsageDocument usage) => Write(Empty() with { Usage = usage });

    /// <inheritdoc/>
    public override string Whole(IReadOnlyList<WholeChoice> choices, UsageDocument usage)
    {
        ChatDocument document = new()
        {
            Id = "chatcmpl-" + JobId,
            Created = CreatedUnix,
            Model = Request.Model.Name,
            SystemFingerprint = SystemFingerprint,
            Choices = [.. choices.Select((choice, index) => new ChatChoice
            {
                Index = index,
                Message = new ChatAnswerMessage { Content = choice.Text },
                Logprobs = Request.Options.Logprobs ? Logprobs(choice.Tokens) : null,
                FinishReason = choice.End.FinishReason,
                Camelid = HasSeveralChoices ? choice.End.Proof : null,
            })],
            Usage = usage,
            Camelid = choices[0].End.Proof,
        };
        return JsonSerializer.Serialize(document, AnswerJson.Documents.ChatDocument);
    }

    private static string Write(ChatChunk chunk) => JsonSerializer.Serialize(chunk, AnswerJson.Documents.ChatChunk);

    private ChatChunk Empty() => new()
    {
        Id = "chatcmpl-" + JobId,
        Created = CreatedUnix,
        Model = Request.Model.Name,
        SystemFingerprint = SystemFingerprint,
    };

    private string Chunk(ChatChunkChoice choice) => Write(Empty() with { Choices = [choice] });

    private static ChatLogprobs Logprobs(IReadOnlyList<TokenText> tokens) => new()
    {
        Content = [.. tokens.Select(token => new ChatTokenLogprob
        {
            Token = token.Text,
            Logprob = token.Logprob,
            Bytes = [.. token.Bytes],
            TopLogprobs = [.. token.Top.Select(rival => new ChatTopLogprob
            {
                Token = rival.Text,
                Logprob = rival.Logprob,
                Bytes = [.. rival.Bytes],
            })],
        })],
    };
}
