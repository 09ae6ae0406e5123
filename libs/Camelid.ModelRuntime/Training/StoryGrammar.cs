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

    private readonly Dictionary<string, StoryRule> rules;
    private readonly string[] syllables = Syllables.Split(' ');

    private StoryGrammar(Dictionary<string, StoryRule> rules) => this.rules = rules;

    /// <summary>Reads the grammar that is part of this library.</summary>
    public static StoryGrammar Load()
    {
        using Stream stream = typeof(StoryGrammar).Assembly.GetManifestResourceStream(ResourceName)
            ?? throw new InvalidOperationException($"the resource {ResourceName} is missing from the build");
        using StreamReader reader = new(stream);
        return new StoryGrammar(StoryRule.Parse(reader.ReadToEnd()));
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
    /// One training document: a story, the rest of a story, a question with its answer, or a conversation, without
    /// its end token.
    /// </summary>
    internal TrainingDocument Next(SplitMix64 random) => random.Below(100) switch
    {
        < 34 => new TrainingDocument([], Story("story", random, [])),
        < 42 => new TrainingDocument([], Story("title", random, [])),
        < 48 => new TrainingDocument([], Tail(Story("story", random, []), random)),
        < 51 => new TrainingDocument([], Line("chat", random).Replace(">", " ", StringComparison.Ordinal)),
        _ => new TrainingDocument(Conversation(random), ""),
    };

    private List<TrainingTurn> Conversation(SplitMix64 random)
    {
        List<TrainingTurn> turns = [];
        void add(string question, string answer)
        {
            turns.Add(new TrainingTurn("user", question));
            turns.Add(new TrainingTurn("assistant", answer));
        }

        if (random.Chance(20))
        {
            turns.Add(new TrainingTurn("system", Line("system", random)));
        }

        for (int exchanges = random.Chance(25) ? 2 : 1; exchanges > 0; exchanges--)
        {
            Dictionary<string, string> bound = [];
            (string question, string answer) = Exchange(bound, random);
            add(question, answer);
            for (int back = bound.ContainsKey("friend") ? random.Below(4) : 0; back > 1; back--)
            {
                (question, answer) = AskBack(bound, random);
                add(question, answer);
            }

            if (bound.Count > 0 && random.Chance(8))
            {
                add(Line("askmore", random), Story("story", random, []));
            }
        }

        return turns;
    }

    private (string Question, string Answer) Exchange(Dictionary<string, string> bound, SplitMix64 random)
    {
        switch (random.Below(100))
        {
            case < 45:
                string[] topic = Line("asktopic", random).Split('>', 2);
                return (Write(topic[0], bound, random), Story(topic[1], random, bound));
            case < 50:
                string[] about = Line("askplot", random).Split('>', 2);
                return (about[0], Story(about[1], random, bound));
            case < 58:
                return (Line("askstory", random), Story("story", random, bound));
            case < 80:
                string[] pair = Line("chat", random).Split('>', 2);
                return (pair[0], pair[1]);
            default:
                return (Write(Line("askunknown", random), [], random), Line("unknown", random));
        }
    }

    /// <summary>A question about a story that was told, of the lines whose every symbol the story has chosen.</summary>
    private (string Question, string Answer) AskBack(Dictionary<string, string> bound, SplitMix64 random)
    {
        List<string> lines = [.. rules["askback"].Lines.Where(line => SymbolPattern().Matches(line)
            .All(match => bound.ContainsKey(match.Groups[1].Value.ToLowerInvariant())))];
        string[] pair = lines[random.Below(lines.Count)].Split('>', 2);
        return (Write(pair[0], bound, random), Write(pair[1], bound, random));
    }

    /// <summary>
    /// A story; its hero is chosen before its first word, since places, food and plots follow the hero.
    /// </summary>
    /// <param name="symbol">story, title, or the plot that the story is to have.</param>
    /// <param name="random">Chooses.</param>
    /// <param name="bound">What a question has chosen already.</param>
    private string Story(string symbol, SplitMix64 random, Dictionary<string, string> bound)
    {
        Value("kind", bound, random, 0);
        string template = symbol is "story" or "title" ? $"{{{symbol}}}" : $"{{openonce}} {{likes}} {{{symbol}}}";
        return Write(template, bound, random);
    }

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
        switch (symbol)
        {
            case "nonsense":
                return Nonsense(1 + random.Below(4), random);
            case "newname" or "newword":
                return Nonsense(2 + random.Below(2), random);
        }

        if (PronounOf(symbol) is string whose && !bound.ContainsKey(whose))
        {
            Value(whose, bound, random, depth);
        }

        if (bound.TryGetValue(symbol, out string? known))
        {
            return known;
        }

        StoryRule rule = RuleOf(symbol, bound, random);
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

        switch (symbol)
        {
            case "name":
                (bound["he"], bound["him"], bound["his"]) = (forms[1], forms[2], forms[3]);
                break;
            case "friend":
                (bound["fhe"], bound["fhim"], bound["fhis"]) = (forms[1], forms[2], forms[3]);
                break;
        }

        return value;
    }

    private string Nonsense(int count, SplitMix64 random) => string.Concat(
        Enumerable.Range(0, count).Select(_ => syllables[random.Below(syllables.Length)]));

    /// <summary>The rule that fits the hero's kind in four of five cases, otherwise the general one.</summary>
    private StoryRule RuleOf(string symbol, Dictionary<string, string> bound, SplitMix64 random) =>
        bound.TryGetValue("kind", out string? kind)
        && rules.TryGetValue($"{symbol} @ {kind}", out StoryRule? special) && random.Chance(80)
            ? special
            : rules[symbol];

    /// <summary>
    /// A princess is no he: a name and a kind of one creature carry the same pronoun, where they carry any.
    /// </summary>
    private static bool Agrees(string symbol, string line, Dictionary<string, string> bound) =>
        GenderOf(symbol) is not string gender || line.Split('|') is not [_, string pronoun, ..]
        || !bound.TryGetValue(gender, out string? known) || known == pronoun;

    private static string? PronounOf(string symbol) => symbol switch
    {
        "he" or "him" or "his" => "name",
        "fhe" or "fhim" or "fhis" => "friend",
        _ => null,
    };

    private static string? GenderOf(string symbol) => symbol switch
    {
        "name" or "kind" => "hero gender",
        "friend" or "friendkind" => "friend gender",
        _ => null,
    };

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex SymbolPattern();

    [GeneratedRegex(@"@a (\w+)")]
    private static partial Regex ArticlePattern();

    [GeneratedRegex(@"[A-Za-z]+")]
    private static partial Regex WordPattern();
}
