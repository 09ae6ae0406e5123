using Camelid.ModelRuntime.Engine;

namespace Camelid.ModelRuntime.Tests.Engine;

public sealed class StopStringScannerTests
{
    [Theory]
    [InlineData("a", "b", "c")]
    [InlineData("ab", "c")]
    [InlineData("abc")]
    [InlineData("xab", "cy")]
    public void A_stop_string_is_found_however_it_is_cut(params string[] pieces)
    {
        StopStringScanner scanner = new(["abc"]);
        string shown = string.Concat(pieces.Select(scanner.Push)) + scanner.Flush();
        Assert.Equal("abc", scanner.Met);
        Assert.Equal(pieces[0].StartsWith('x') ? "x" : "", shown);
    }

    [Fact]
    public void What_only_began_like_a_stop_string_is_shown_in_the_end()
    {
        StopStringScanner scanner = new(["abc", "\n\n"]);
        Assert.Equal("x", scanner.Push("xab"));
        Assert.Equal("abd", scanner.Push("d"));
        Assert.Equal("e", scanner.Push("e\n"));
        Assert.Equal("\n", scanner.Flush());
        Assert.Null(scanner.Met);
    }

    [Fact]
    public void Of_two_stop_strings_the_earlier_one_counts()
    {
        StopStringScanner scanner = new(["late", "ea"]);
        Assert.Equal("s", scanner.Push("sea late"));
        Assert.Equal("ea", scanner.Met);
        Assert.Equal("", scanner.Push("more"));
    }
}
