using Camelid.Dashboard.Panels;

namespace Camelid.Dashboard.Tests.Panels;

public sealed class DisplayTextTests
{
    [Theory]
    [InlineData(0, "0 CML")]
    [InlineData(1, "0.00000001 CML")]
    [InlineData(100_000_000, "1 CML")]
    [InlineData(10_000_000_000_000_000, "100,000,000 CML")]
    public void Grains_are_shown_as_coin_to_the_last_one(long grains, string text) =>
        Assert.Equal(text, DisplayText.Coin(grains));

    [Theory]
    [InlineData(999, "999 ms")]
    [InlineData(1000, "1.0 s")]
    [InlineData(119_900, "119.9 s")]
    [InlineData(120_000, "2 min")]
    public void A_span_is_shown_in_the_unit_that_fits(int milliseconds, string text) =>
        Assert.Equal(text, DisplayText.Span(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData("settled", "expired")]
    [InlineData("passed", "failed")]
    public void Good_and_bad_differ_by_sign_and_word_and_not_by_colour_alone(string good, string bad)
    {
        StatusMark one = good == "passed" ? StatusMark.OfVerification(good) : StatusMark.OfPayment(good);
        StatusMark other = bad == "failed" ? StatusMark.OfVerification(bad) : StatusMark.OfPayment(bad);
        Assert.NotEqual(one.Sign, other.Sign);
        Assert.NotEqual(one.Word, other.Word);
        Assert.NotEqual(one.Tone, other.Tone);
    }
}
