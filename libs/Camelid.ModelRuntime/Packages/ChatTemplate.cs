using System.Text.Json;
using System.Text.Json.Serialization;

namespace Camelid.ModelRuntime.Packages;

/// <summary>
/// How a conversation becomes tokens: what stands around and between messages. Special tokens stand here by id, so that
/// no message can imitate them.
/// </summary>
/// <remarks>
/// One of three forms. Plain: each role has its prefix and suffix. <see cref="Transitions"/>: what stands between two
/// messages depends on both roles (a default system message, a system message inside the first user message).
/// <see cref="Jinja"/>: neither expresses the model's template, which is then rendered around markers.
/// </remarks>
public sealed record ChatTemplate
{
    /// <summary>Most roles of a template.</summary>
    public const int RolesMax = 16;

    /// <summary>Most characters of a template's text, and of one text in a manifest.</summary>
    public const int TextCharactersMax = 1 << 18;

    /// <summary>Most parts between two messages.</summary>
    public const int PartsMax = 4096;

    /// <summary>The roles that the model knows, and in the plain form what stands around their messages.</summary>
    [JsonPropertyOrder(0)]
    public required IReadOnlyList<ChatRole> Roles { get; init; }

    /// <summary>In the plain form, what follows the last message and opens the answer.</summary>
    [JsonPropertyOrder(1)]
    public required IReadOnlyList<ChatPart> AnswerPrefix { get; init; }

    /// <summary>What stands between any two messages that may follow each other; null in the other forms.</summary>
    [JsonPropertyOrder(2)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChatTransition>? Transitions { get; init; }

    /// <summary>The template's text; null in the other forms.</summary>
    [JsonPropertyOrder(3)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Jinja { get; init; }

    /// <summary>
    /// What stands between a message of one role and a message of another; null where the model does not know that
    /// order. Not for the Jinja form.
    /// </summary>
    /// <param name="after">Role of the message before; null at the beginning.</param>
    /// <param name="role">Role of the message that follows; null where the answer begins.</param>
    internal IEnumerable<ChatPart>? Between(string? after, string? role)
    {
        if (Transitions is not null)
        {
            return Transitions.FirstOrDefault(known => known.After == after && known.Role == role)?.Parts;
        }

        IReadOnlyList<ChatPart>? end = after is null ? [] : Find(after)?.Suffix;
        IReadOnlyList<ChatPart>? begin = role is null ? AnswerPrefix : Find(role)?.Prefix;
        return end is null || begin is null ? null : end.Concat(begin);
    }

    /// <summary>The role of that name; null where the model does not know it.</summary>
    internal ChatRole? Find(string role) => Roles.FirstOrDefault(known => known.Role == role);

    /// <summary>What is wrong with the template in a model of that vocabulary; empty where nothing is.</summary>
    internal string Fault(int vocabularySize)
    {
        IEnumerable<ChatPart> parts = AnswerPrefix;
        if (Roles.Count is 0 or > RolesMax || Roles.Any(role => string.IsNullOrEmpty(role?.Role)))
        {
            return $"has an empty chat role, or not 1 to {RolesMax} of them";
        }

        foreach (ChatRole role in Roles)
        {
            parts = parts.Concat(role.Prefix).Concat(role.Suffix);
        }

        foreach (ChatTransition? transition in Transitions ?? [])
        {
            if (transition is null || !IsKnown(transition.After) || !IsKnown(transition.Role))
            {
                return "has a chat transition between roles that it does not know";
            }

            parts = parts.Concat(transition.Parts);
        }

        ChatPart[] all = [.. parts.Take(PartsMax + 1)];
        return 0 switch
        {
            _ when all.Length > PartsMax => $"has more than {PartsMax} chat parts",
            _ when all.Any(part => part.Token >= vocabularySize) => "names a token beyond the vocabulary",
            _ when all.Sum(part => (long)(part.Text?.Length ?? 0)) > TextCharactersMax
                || Jinja?.Length > TextCharactersMax =>
                    $"has a chat template of more than {TextCharactersMax} characters",
            _ when Jinja is not null && Transitions is not null => "has a chat template in two forms",
            _ => "",
        };
    }

    private bool IsKnown(string? role) => role is null || Find(role) is not null;
}

/// <summary>A role, and in the plain form what stands around its messages.</summary>
public sealed record ChatRole
{
    /// <summary>system, user or assistant.</summary>
    [JsonPropertyOrder(0)]
    public required string Role { get; init; }

    /// <summary>Before the message.</summary>
    [JsonPropertyOrder(1)]
    public required IReadOnlyList<ChatPart> Prefix { get; init; }

    /// <summary>After the message.</summary>
    [JsonPropertyOrder(2)]
    public required IReadOnlyList<ChatPart> Suffix { get; init; }

    /// <summary>True where white space around the message is dropped.</summary>
    [JsonPropertyOrder(3)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Trims { get; init; }
}

/// <summary>What stands between two messages.</summary>
public sealed record ChatTransition
{
    /// <summary>Role of the message before; null at the beginning of a conversation.</summary>
    [JsonPropertyOrder(0)]
    public required string? After { get; init; }

    /// <summary>Role of the message that follows; null where the answer begins.</summary>
    [JsonPropertyOrder(1)]
    public required string? Role { get; init; }

    /// <summary>Tokens and text in order.</summary>
    [JsonPropertyOrder(2)]
    public required IReadOnlyList<ChatPart> Parts { get; init; }
}

/// <summary>
/// A piece of a chat template: a token by id, or text, which is encoded together with the words beside it. In JSON a
/// number or a string.
/// </summary>
/// <param name="Token">The token; null for text.</param>
/// <param name="Text">The text; null for a token.</param>
[JsonConverter(typeof(ChatPartConverter))]
public readonly record struct ChatPart(uint? Token, string? Text)
{
    /// <summary>A token.</summary>
    public static implicit operator ChatPart(uint token) => new(token, null);

    /// <summary>A token.</summary>
    public static ChatPart FromUInt32(uint token) => token;
}

/// <summary>Writes a <see cref="ChatPart"/> as a number or a string.</summary>
internal sealed class ChatPartConverter : JsonConverter<ChatPart>
{
    /// <inheritdoc/>
    public override ChatPart Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType switch
        {
            JsonTokenType.Number when reader.TryGetUInt32(out uint token) => token,
            JsonTokenType.String => new ChatPart(null, reader.GetString()),
            _ => throw new JsonException("a chat part is a token id or a text"),
        };

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ChatPart value, JsonSerializerOptions options)
    {
        if (value.Token is { } token)
        {
            writer.WriteNumberValue(token);
        }
        else
        {
            writer.WriteStringValue(value.Text ?? "");
        }
    }
}
