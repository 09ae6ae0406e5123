namespace Camelid.Protocol.Tests.Primitives;

/// <summary>Rule C-01.</summary>
[Trait("Rule", "C-01")]
public sealed class AmountTests
{
    [Theory]
    [InlineData(-1L, false)]
    [InlineData(0L, true)]
    [InlineData(10_000_000_000_000_000L, true)]
    [InlineData(10_000_000_000_000_001L, false)]
    [InlineData(long.MinValue, false)]
    public void An_amount_is_between_nothing_and_all_coin(long grains, bool good)
    {
        Assert.Equal(good, Amount.FromGrains(grains) is not null);
        if (!good)
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => Amount.Grain(grains));
        }
    }

    [Theory]
    [InlineData(0L, "0.00000000")]
    [InlineData(1L, "0.00000001")]
    [InlineData(1_250_000_000L, "12.50000000")]
    public void An_amount_is_written_with_eight_decimals(long grains, string text) =>
        Assert.Equal(text, Amount.Grain(grains).ToString());
}
