using System.Text.RegularExpressions;
using Camelid.ModelRuntime.Training;

namespace Camelid.ModelRuntime.Tests.Training;

public sealed partial class StoryGrammarTests
{
    private static readonly StoryGrammar Grammar = StoryGrammar.Load();

    [Fact]
    public void The_same_seed_writes_the_same_text()
    {
        string[] one = [.. Texts(5, 100)];
        Assert.Equal(one, Texts(5, 100));
        Assert.NotEqual(one, Texts(6, 100));
    }

    [Fact]
    public void No_rule_of_the_grammar_is_left_in_the_text() => Assert.All(
        Texts(1, 3000), text => Assert.DoesNotMatch(@"[{}@|>\[\]]", text));

    [Fact]
    public void Articles_agree_with_their_words() => Assert.All(
        Texts(2, 3000), text => Assert.DoesNotMatch(@"\b[Aa] [aeiou]|\b[Aa]n [^aeiou]", text));

    [Fact]
    public void Stories_are_written_in_the_words_of_the_word_list()
    {
        IReadOnlySet<string> words = Grammar.Words();
        SplitMix64 random = new(3);
        for (int i = 0; i < 1000; i++)
        {
            TrainingDocument document = Grammar.Next(random);
            Assert.All(
                WordPattern().Matches(document.Text),
                word => Assert.True(
                    words.Contains(word.Value.ToLowerInvariant()) || InventedPattern().IsMatch(word.Value),
                    word.Value));
        }
    }

    /// <summary>Who tells of a camel and a cake is asked for a camel and a cake.</summary>
    [Fact]
    public void A_story_tells_of_what_the_question_asks_for()
    {
        SplitMix64 random = new(4);
        int asked = 0;
        for (int i = 0; i < 3000; i++)
        {
            IReadOnlyList<TrainingTurn> turns = Grammar.Next(random).Turns;
            for (int turn = 0; turn + 1 < turns.Count; turn++)
            {
                if (AskedPattern().Match(turns[turn].Content) is { Success: true } match)
                {
                    asked++;
                    Assert.Contains(match.Groups[1].Value, turns[turn + 1].Content, StringComparison.Ordinal);
                }
            }
        }

        Assert.True(asked > 100, $"{asked} questions");
    }

    private static List<string> Texts(ulong seed, int count)
    {
        SplitMix64 random = new(seed);
        return Enumerable.Range(0, count).Select(_ => Grammar.Next(random))
            .SelectMany(document => document.Turns.Select(turn => turn.Content).Append(document.Text))
            .ToList();
    }

    [GeneratedRegex("^((ba|be|bi|bo|ka|ke|ko|la|li|lo|ma|mi|mo|na|ne|no|ra|ri|ro|sa|si|so|ta|te|to|va|vo)|ing|er|st)+$",
        RegexOptions.IgnoreCase)]
    private static partial Regex InventedPattern();

    [GeneratedRegex(@"^(?:Tell me|Write) a story about an? (\w+)(?: and | who )")]
    private static partial Regex AskedPattern();

    [GeneratedRegex("[A-Za-z]+")]
    private static partial Regex WordPattern();
}
