using System.Text;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>
/// Takes the white space around block tags out of a template, as chat templates are meant to be rendered (Jinja's
/// <c>trim_blocks</c> and <c>lstrip_blocks</c>). The library knows neither and would write every line break between
/// tags into the prompt.
/// </summary>
internal static class JinjaWhitespace
{
    /// <summary>The template that the library renders as Jinja renders <paramref name="template"/>.</summary>
    internal static string Trim(string template)
    {
        // Jinja drops one line break at the very end, and so does the library: it gets one where one must stay.
        string source = template.EndsWith('\n') ? template[..^1] : template;
        StringBuilder output = new(source.Length);
        bool lineStarts = true;
        for (int start = 0; start < source.Length;)
        {
            int open = FindOpen(source, start);
            bool isBlock = open < source.Length && source[open + 1] != '{';
            ReadOnlySpan<char> text = source.AsSpan(start, open - start);
            output.Append(isBlock ? WithoutIndent(text, lineStarts, source[open + 2]) : text);
            if (open == source.Length)
            {
                break;
            }

            int close = FindClose(source, open);
            output.Append(source.AsSpan(open, close - open));
            lineStarts = isBlock && close < source.Length && source[close] == '\n';
            start = lineStarts ? close + 1 : close;
        }

        return output.Length > 0 && output[^1] == '\n' ? output.Append('\n').ToString() : output.ToString();
    }

    private static ReadOnlySpan<char> WithoutIndent(ReadOnlySpan<char> text, bool lineStarts, char sign)
    {
        int line = text.LastIndexOf('\n') + 1;
        bool indents = (line > 0 || lineStarts) && text[line..].IndexOfAnyExcept(' ', '\t') < 0;
        return indents && sign != '+' ? text[..line] : text;
    }

    /// <summary>Where the next tag opens, or the end. A tag has at least four characters.</summary>
    private static int FindOpen(string source, int start)
    {
        for (int i = start; i + 3 < source.Length; i++)
        {
            if (source[i] == '{' && source[i + 1] is '%' or '{' or '#')
            {
                return i;
            }
        }

        return source.Length;
    }

    /// <summary>Where the text behind a tag begins; the end where the tag is not closed.</summary>
    private static int FindClose(string source, int open)
    {
        char kind = source[open + 1];
        if (kind == '#')
        {
            int end = source.IndexOf("#}", open + 2, StringComparison.Ordinal);
            return end < 0 ? source.Length : end + 2;
        }

        char close = kind == '%' ? '%' : '}';
        int depth = 0;
        for (int i = open + 2; i + 1 < source.Length; i++)
        {
            char current = source[i];
            if (current is '\'' or '"')
            {
                i = StringEnd(source, i);
            }
            else if (current == close && source[i + 1] == '}' && depth == 0)
            {
                return i + 2;
            }
            else if (kind == '{' && current is '{' or '}')
            {
                depth += current == '{' ? 1 : -1;
            }
        }

        return source.Length;
    }

    private static int StringEnd(string source, int start)
    {
        int i = start + 1;
        while (i < source.Length && source[i] != source[start])
        {
            i += source[i] == '\\' ? 2 : 1;
        }

        return i;
    }
}
