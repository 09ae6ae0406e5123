using System.Globalization;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>
/// Renders a template around markers instead of messages and returns what the template itself wrote: before, between
/// and after them. A message's words are never in the rendered text, so nothing in them can be taken for the template.
/// </summary>
internal static class MarkedConversation
{
    /// <summary>Private-use characters around a marker's number; a template that holds them is refused.</summary>
    private const char Open = '\uf8e0', Close = '\uf8e1';

    /// <summary>True where a template's text could be mistaken for a marker.</summary>
    internal static bool Holds(string template) => template.AsSpan().IndexOfAny(Open, Close) >= 0;

    /// <summary>What the template writes around messages of these roles: one text more than messages.</summary>
    /// <param name="template">The template.</param>
    /// <param name="roles">Roles of the messages.</param>
    /// <param name="spaces">White space before and after each message.</param>
    /// <returns>Null where the template writes a message twice, not at all, or out of order.</returns>
    internal static string[]? Render(
        JinjaTemplate template, IReadOnlyList<string> roles,
        IReadOnlyList<(string Before, string After)>? spaces = null)
    {
        ChatMessage[] marked = [.. roles.Select((role, i) => new ChatMessage(
            role, $"{spaces?[i].Before}{Marker(i)}{spaces?[i].After}"))];
        string text = template.Render(marked);
        string[] between = new string[roles.Count + 1];
        int start = 0;
        for (int i = 0; i < roles.Count; i++)
        {
            int found = text.IndexOf(Marker(i), start, StringComparison.Ordinal);
            if (found < 0)
            {
                return null;
            }

            between[i] = text[start..found];
            start = found + Marker(i).Length;
        }

        between[^1] = text[start..];
        return between.Any(Holds) ? null : between;
    }

    private static string Marker(int index) => $"{Open}{index.ToString(CultureInfo.InvariantCulture)}{Close}";
}
