using System.Text;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>
/// Turns conversations into tokens. Only the template gives special tokens; its text is encoded together with the words
/// beside it, as the model saw them in training.
/// </summary>
internal sealed class ChatRenderer : IDisposable
{
    private readonly TokenizerSettings settings;
    private readonly TextEncoder encoder;
    private readonly AddedTokenSplitter splitter;
    private readonly JinjaTemplate? jinja;

    internal ChatRenderer(TokenizerSettings settings, TokenizerVocabulary vocabulary, TextEncoder encoder)
    {
        (this.settings, this.encoder) = (settings, encoder);
        splitter = new AddedTokenSplitter(vocabulary, settings.SpecialTokens);
        if (settings.Chat?.Jinja is { } text)
        {
            // Stored templates name their begin and end tokens themselves.
            jinja = new JinjaTemplate(text, "", "");
        }
    }

    /// <summary>The tokens of a conversation, up to where the answer begins.</summary>
    internal uint[] Render(IReadOnlyList<ChatMessage> messages)
    {
        ChatTemplate template = settings.Chat
            ?? throw new ArgumentException(
                $"model {settings.ModelName} knows no conversations; use a plain completion", nameof(messages));
        if (messages.Count == 0)
        {
            throw new ArgumentException("messages: a conversation needs at least one message", nameof(messages));
        }

        if (messages.FirstOrDefault(message => template.Find(message.Role) is null) is { Role: not null } stranger)
        {
            throw new ArgumentException(
                $"messages: model {settings.ModelName} knows no role '{stranger.Role}'; it knows "
                + string.Join(", ", template.Roles.Select(known => known.Role)), nameof(messages));
        }

        return Encode(jinja is null ? Parts(template, messages) : Parts(jinja, messages));
    }

    public void Dispose() => jinja?.Dispose();

    private List<ChatPart> Parts(ChatTemplate template, IReadOnlyList<ChatMessage> messages)
    {
        List<ChatPart> parts = [];
        string? before = null;
        foreach (ChatMessage message in messages)
        {
            parts.AddRange(Known(template.Between(before, message.Role), before, message.Role));
            bool trims = template.Find(message.Role)!.Trims;
            parts.Add(new ChatPart(null, trims ? message.Content.Trim() : message.Content));
            before = message.Role;
        }

        parts.AddRange(Known(template.Between(before, null), before, null));
        return parts;
    }

    private IEnumerable<ChatPart> Known(IEnumerable<ChatPart>? parts, string? before, string? role) => parts
        ?? throw new ArgumentException(
            $"messages: the chat template of model {settings.ModelName} allows no "
            + (role is null ? $"conversation that ends with '{before}'"
                : before is null ? $"conversation that begins with '{role}'"
                : $"'{role}' after '{before}'"), nameof(role));

    private List<ChatPart> Parts(JinjaTemplate template, IReadOnlyList<ChatMessage> messages)
    {
        string[] roles = [.. messages.Select(message => message.Role)];
        (string Before, string After)[] spaces = [.. messages.Select(message => SpacesAround(message.Content))];
        string[]? between;
        try
        {
            between = MarkedConversation.Render(template, roles, spaces);
        }
        catch (ModelPackageException e)
        {
            throw new ArgumentException($"messages: {e.Message}", nameof(messages), e);
        }

        if (between is null)
        {
            throw new ArgumentException(
                $"messages: the chat template of model {settings.ModelName} does not write every message of this "
                + "conversation once and in order", nameof(messages));
        }

        List<ChatPart> parts = splitter.Split(between[0]);
        for (int i = 0; i < messages.Count; i++)
        {
            // The template wrote the white space around the marker, where it keeps any.
            parts.Add(new ChatPart(null, messages[i].Content.Trim()));
            parts.AddRange(splitter.Split(between[i + 1]));
        }

        return parts;
    }

    private static (string Before, string After) SpacesAround(string content)
    {
        string rest = content.TrimStart();
        return (content[..^rest.Length], rest[rest.TrimEnd().Length..]);
    }

    private uint[] Encode(List<ChatPart> parts)
    {
        List<uint> ids = [];
        StringBuilder text = new();
        bool isFirst = true;
        if (settings.BeginToken is { } begin && (parts.Count == 0 || parts[0].Token != begin))
        {
            ids.Add(begin);
        }

        foreach (ChatPart part in parts)
        {
            if (part.Token is { } token)
            {
                encoder.Encode(text.ToString(), isFirst, ids);
                text.Clear();
                isFirst = false;
                ids.Add(token);
            }
            else
            {
                text.Append(part.Text);
            }
        }

        encoder.Encode(text.ToString(), isFirst, ids);
        return [.. ids];
    }
}
