using System.Text.Json;
using Camelid.Gateway.Completions;
using Camelid.Gateway.Errors;

namespace Camelid.Gateway.Jobs;

/// <summary>
/// A request to <c>POST /v1/jobs</c>, read and checked: the body of a completion or of a chat, with one answer, and
/// what it may cost and take.
/// </summary>
internal sealed record BatchCall
{
    private const long PriceGrainsMax = 1_000_000_000_000;
    private const long DeadlineSecondsMax = 86_400;
    private static readonly string[] Levels = ["spot", "sampled", "full"];
    private static readonly string[] Verifiers = ["any", "own", "third", "none"];

    /// <summary>The completion, or null where it is a chat.</summary>
    public CompletionCall? Completion { get; private init; }

    /// <summary>The chat, or null where it is a completion.</summary>
    public ChatCall? Chat { get; private init; }

    /// <summary>Cost and time.</summary>
    public required BatchTerms Terms { get; init; }

    /// <summary>Reads a body.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="deadlineSeconds">The deadline where the body names none.</param>
    public static BatchCall Parse(ReadOnlyMemory<byte> body, uint deadlineSeconds)
    {
        bool isChat;
        BatchTerms terms;
        using (JsonDocument document = RequestFields.ParseBody(body))
        {
            RequestFields fields = new(document.RootElement);
            RefuseWhatCannotWait(fields);
            isChat = fields.Find("messages") is not null;
            if (isChat && fields.Find("prompt") is not null)
            {
                throw ApiError.BadRequest("'prompt' and 'messages' exclude each other: send one.", "messages");
            }

            terms = new BatchTerms(
                (ulong)(fields.Integer("max_price_grains", 1, PriceGrainsMax) ?? 0),
                (uint)(fields.Integer("deadline_seconds", 1, DeadlineSecondsMax) ?? deadlineSeconds),
                OneOf(fields, "verification", Levels),
                OneOf(fields, "verify_by", Verifiers));
        }

        return isChat
            ? new BatchCall { Chat = ChatCall.Parse(body, choicesMax: 1), Terms = terms }
            : new BatchCall { Completion = CompletionCall.Parse(body, choicesMax: 1), Terms = terms };
    }

    /// <summary>An answer that comes later comes whole, and as text.</summary>
    private static void RefuseWhatCannotWait(RequestFields fields)
    {
        if (fields.Flag("stream") == true)
        {
            throw ApiError.Unsupported("stream", "a batch job's answer comes whole, by GET /v1/jobs/{id}/answer.");
        }

        if (fields.Find("logprobs") is { ValueKind: not JsonValueKind.False })
        {
            throw ApiError.Unsupported("logprobs", "another operator's worker sends tokens, not what it weighed.");
        }

        if (fields.Flag("echo") == true)
        {
            throw ApiError.Unsupported("echo", "the answer comes without its prompt.");
        }
    }

    private static string OneOf(RequestFields fields, string name, string[] words) => fields.Text(name) switch
    {
        null => "",
        { } word when words.Contains(word) => word,
        { } other => throw ApiError.BadRequest(
            $"'{name}' must be {string.Join(", ", words)}; got '{other[..Math.Min(other.Length, 32)]}'.", name),
    };
}
