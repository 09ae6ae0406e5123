namespace Camelid.ModelRuntime.Training;

/// <summary>A symbol of the story grammar.</summary>
/// <param name="Lines">What it may become.</param>
/// <param name="IsBound">True where it is chosen once in a story.</param>
/// <param name="DiffersFrom">The symbol whose choice it must not repeat; null for none.</param>
internal sealed record StoryRule(IReadOnlyList<string> Lines, bool IsBound, string? DiffersFrom)
{
    /// <summary>Reads the rules of a grammar by symbol.</summary>
    /// <exception cref="InvalidDataException">A line stands before the first symbol.</exception>
    internal static Dictionary<string, StoryRule> Parse(string text)
    {
        Dictionary<string, StoryRule> rules = [];
        List<string>? lines = null;
        foreach (string raw in text.Split('\n'))
        {
            string line = raw.Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            if (line[0] == '[')
            {
                string[] head = line.Trim('[', ']').Split(" = ");
                string name = head[0].TrimEnd('!');
                lines = head.Length > 1 ? [.. rules[head[1]].Lines] : [];
                bool isBound = head[0].EndsWith('!')
                    || (name.Split(" @ ") is [string general, _] && rules[general].IsBound);
                rules[name] = new StoryRule(lines, isBound, head.Length > 1 ? head[1] : null);
                continue;
            }

            (lines ?? throw new InvalidDataException($"the story grammar has a line before its first symbol: {line}"))
                .Add(line);
        }

        return rules;
    }
}
