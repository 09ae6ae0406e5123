using System.Text;
using System.Text.RegularExpressions;

namespace Camelid.ModelRuntime.Training;

/// <summary>
/// Writes the text that camelid-nano learns: little stories and simple conversations, from the rules in
/// <c>story-grammar.txt</c>. The same generator state gives the same text.
/// </summary>
public sealed partial class StoryGrammar
{
    private const int ExpansionDepthMax = 16;
    private const string ResourceName = "Camelid.ModelRuntime.Training.story-grammar.txt";
    private const string Syllables =
        "ba be bi bo ka ke ko la li lo ma mi mo na ne no ra ri ro sa si so ta te to va vo ing er st";

    private readonly Dictionary<string, Rule> rules;
    private readonly string[] syllables = Syllables.Split(' ');

    private StoryGrammar(Dictionary<string, Rule> rules) => this.rules = rules;

    /// <summary>Reads the grammar that is part of this library.</summary>
    public static StoryGrammar Load()
    {
        using Stream stream = typeof(StoryGrammar).Assembly.GetManifestResourceStream(ResourceName)
            ?? throw new InvalidOperationException($"the resource {ResourceName} is missing from the build");
        using StreamReader reader = new(stream);
        return Parse(reader.ReadToEnd());
    }

    /// <summary>
    /// Every word that the grammar can write, in lower case: what an answer of the trained model is made of.
    /// </summary>
    public IReadOnlySet<string> Words()
    {
        HashSet<string> words = new(StringComparer.Ordinal);
        foreach (string line in rules.Values.SelectMany(rule => rule.Lines))
        {
            foreach (Match word in WordPattern().Matches(SymbolPattern().Replace(line, " ")))
            {
                words.Add(word.Value.ToLowerInvariant());
            }
        }

        words.UnionWith(["a", "an"]);
        return words;
    }

    /// <summary>
    /// One training document: a story, the rest of a story, or a conversation, without its end token.
    /// </summary>
    internal TrainingDocument Next(SplitMix64 random) => random.Below(100) switch
    {
        < 50 => new TrainingDocument([], Story(random, [])),
        < 60 => new TrainingDocument([], Tail(Story(random, []), random)),
        _ => Conversation(random),
    };

    private TrainingDocument Conversation(SplitMix64 random)
    {
        List<TrainingTurn> turns = [];
        if (random.Chance(20))
        {
            turns.Add(new TrainingTurn("system", Line("system", random)));
        }

        int exchanges = random.Chance(25) ? 2 : 1;
        for (int i = 0; i < exchanges; i++)
        {
            (string question, string answer) = Exchange(random);
            turns.Add(new TrainingTurn("user", question));
            turns.Add(new TrainingTurn("assistant", answer));
        }

        return new TrainingDocument(turns, "");
    }

    private (string Question, string Answer) Exchange(SplitMix64 random)
    {
        int draw = random.Below(100);
        Dictionary<string, string> bound = [];
        if (draw < 40)
        {
            string question = Write(Line("asktopic", random), bound, random);
            return (question, Story(random, bound));
        }

        if (draw < 50)
        {
            return (Line("askstory", random), Story(random, bound));
        }

        if (draw < 85)
        {
            string[] pair = Line("chat", random).Split('>', 2);
            return (pair[0], pair[1]);
        }

        return (Write(Line("askunknown", random), bound, random), Line("unknown", random));
    }

    private string Story(SplitMix64 random, Dictionary<string, string> bound) =>
        Write(Line("story", random), bound, random);

    private static string Tail(string story, SplitMix64 random)
    {
        int start = story.IndexOf(". ", random.Below(story.Length / 2), StringComparison.Ordinal);
        return start < 0 ? story : story[(start + 2)..];
    }

    private string Line(string symbol, SplitMix64 random)
    {
        IReadOnlyList<string> lines = rules[symbol].Lines;
        return lines[random.Below(lines.Count)];
    }

    private string Write(string template, Dictionary<string, string> bound, SplitMix64 random)
    {
        string text = Expand(template, bound, random, 0);
        return ArticlePattern().Replace(text, match =>
        {
            string article = "aeiou".Contains(char.ToLowerInvariant(match.Groups[1].Value[0]), StringComparison.Ordinal)
                ? "an" : "a";
            bool begins = match.Index == 0 || match.Index >= 2 && text[match.Index - 2] is '.' or '!' or '?';
            return (begins ? char.ToUpperInvariant(article[0]) + article[1..] : article) + " " + match.Groups[1].Value;
        });
    }

    private string Expand(string template, Dictionary<string, string> bound, SplitMix64 random, int depth)
    {
        if (depth > ExpansionDepthMax)
        {
            throw new InvalidOperationException($"the story grammar goes in a circle at: {template}");
        }

        StringBuilder text = new();
        int position = 0;
        foreach (Match match in SymbolPattern().Matches(template))
        {
            text.Append(template.AsSpan(position, match.Index - position));
            position = match.Index + match.Length;
            string name = match.Groups[1].Value;
            string symbol = name.ToLowerInvariant();
            string value = Value(symbol, bound, random, depth);
            text.Append(name == symbol ? value : char.ToUpperInvariant(value[0]) + value[1..]);
        }

        return text.Append(template.AsSpan(position)).ToString();
    }

    private string Value(string symbol, Dictionary<string, string> bound, SplitMix64 random, int depth)
    {
        if (symbol == "nonsense")
        {
            IEnumerable<int> count = Enumerable.Range(0, 1 + random.Below(4));
            return string.Concat(count.Select(_ => syllables[random.Below(syllables.Length)]));
        }

        if (symbol is "he" or "him" or "his" && !bound.ContainsKey("name"))
        {
            Value("name", bound, random, depth);
        }

        if (bound.TryGetValue(symbol, out string? known))
        {
            return known;
        }

        Rule rule = rules[symbol];
        string? taken = rule.DiffersFrom is string other ? Value(other, bound, random, depth) : null;
        string line = rule.Lines[random.Below(rule.Lines.Count)];
        while (line.Split('|')[0] == taken || !Agrees(symbol, line, bound))
        {
            line = rule.Lines[random.Below(rule.Lines.Count)];
        }

        string[] forms = line.Split('|');
        string value = Expand(forms[0], bound, random, depth + 1);
        if (rule.IsBound)
        {
            bound[symbol] = value;
        }

        if (forms.Length > 1 && GenderOf(symbol) is string gender)
        {
            bound[gender] = forms[1];
        }

        if (symbol == "name")
        {
            (bound["he"], bound["him"], bound["his"]) = (forms[1], forms[2], forms[3]);
        }

        return value;
    }

    /// <summary>
    /// A princess is no he: a name and a kind of one creature carry the same pronoun, where they carry any.
    /// </summary>
    private static bool Agrees(string symbol, string line, Dictionary<string, string> bound) =>
        GenderOf(symbol) is not string gender || line.Split('|') is not [_, string pronoun, ..]
        || !bound.TryGetValue(gender, out string? known) || known == pronoun;

    private static string? GenderOf(string symbol) => symbol switch
    {
        "name" or "kind" => "hero gender",
        "friend" or "friendkind" => "friend gender",
        _ => null,
    };

    private static StoryGrammar Parse(string text)
    {
        Dictionary<string, Rule> rules = [];
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
                rules[name] = new Rule(lines, head[0].EndsWith('!'), head.Length > 1 ? head[1] : null);
                continue;
            }

            (lines ?? throw new InvalidDataException($"the story grammar has a line before its first symbol: {line}"))
                .Add(line);
        }

        return new StoryGrammar(rules);
    }

    private sealed record Rule(IReadOnlyList<string> Lines, bool IsBound, string? DiffersFrom);

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex SymbolPattern();

    [GeneratedRegex(@"@a (\w+)")]
    private static partial Regex ArticlePattern();

    [GeneratedRegex(@"[A-Za-z]+")]
    private static partial Regex WordPattern();
}

/// <summary>One text to learn: a conversation where it has turns, otherwise running text.</summary>
/// <param name="Turns">Who says what, in order.</param>
/// <param name="Text">The running text.</param>
internal sealed record TrainingDocument(IReadOnlyList<TrainingTurn> Turns, string Text);

/// <summary>What one party of a conversation says.</summary>
/// <param name="Role">system, user or assistant.</param>
/// <param name="Content">The words.</param>
internal readonly record struct TrainingTurn(string Role, string Content);
