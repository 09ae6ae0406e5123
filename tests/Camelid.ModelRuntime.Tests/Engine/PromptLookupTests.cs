using Camelid.ModelRuntime.Engine;

namespace Camelid.ModelRuntime.Tests.Engine;

public sealed class PromptLookupTests
{
    [Theory]
    [InlineData(new uint[] { 1, 2, 3, 4, 1, 2 }, 3, 1, new uint[] { 3, 4, 1 })]
    [InlineData(new uint[] { 1, 2, 3, 4, 1, 2 }, 1, 2, new uint[] { 3 })]
    [InlineData(new uint[] { 1, 2, 3, 9, 2 }, 2, 1, new uint[] { 3, 9 })]
    [InlineData(new uint[] { 1, 2, 3, 9, 2 }, 2, 2, new uint[0])]
    [InlineData(new uint[] { 1, 2, 3 }, 4, 1, new uint[0])]
    [InlineData(new uint[] { 5 }, 4, 1, new uint[0])]
    [InlineData(new uint[] { 5, 5 }, 4, 1, new uint[] { 5, 5, 5, 5 })]
    [InlineData(new uint[] { 7, 8, 7, 8, 7 }, 5, 2, new uint[] { 8, 7, 8, 7, 8 })]
    public void A_guess_goes_on_as_the_sequence_did_after_the_same_words(
        uint[] sequence, int draftMax, int matchMin, uint[] expected)
    {
        uint[] buffer = [.. sequence, .. new uint[draftMax]];
        int count = PromptLookup.Draft(buffer, sequence.Length, draftMax, matchMin);
        Assert.Equal(expected, buffer.AsSpan(sequence.Length, count).ToArray());
    }

    [Fact]
    public void The_longest_match_wins_over_the_latest()
    {
        uint[] buffer = [1, 2, 3, 50, 9, 3, 60, 1, 2, 3, 0];
        Assert.Equal(1, PromptLookup.Draft(buffer, 10, 1, 1));
        Assert.Equal(50u, buffer[10]);
    }

    [Fact]
    public void A_guess_never_leaves_the_room_behind_the_sequence()
    {
        uint[] buffer = [4, 4, 4, 0, 0];
        Assert.Equal(2, PromptLookup.Draft(buffer, 3, 7, 1));
    }

    [Fact]
    public void Guesses_grow_while_they_are_right_and_pause_after_misses()
    {
        DraftLength length = new(7);
        int[] grown = [.. Enumerable.Range(0, 4).Select(_ =>
        {
            int wanted = length.Next(isFree: false);
            length.Learn(wanted, wanted);
            return wanted;
        })];
        Assert.Equal([1, 3, 7, 7], grown);
        for (int i = 0; i < 3; i++)
        {
            length.Learn(length.Next(isFree: false), 0);
        }

        Assert.Equal(0, length.Next(isFree: false));
        Assert.Equal(1, length.Next(isFree: true));
    }
}
