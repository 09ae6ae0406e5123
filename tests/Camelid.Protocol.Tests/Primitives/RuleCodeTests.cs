namespace Camelid.Protocol.Tests.Primitives;

public sealed class RuleCodeTests
{
    [Fact]
    public void A_forgotten_verdict_accepts_nothing()
    {
        Assert.Equal(RuleCode.Unset, default);
        Assert.NotEqual(RuleCode.Accepted, default);
        Assert.Equal("unset", RuleCode.Unset.ToReason());
    }

    [Fact]
    public void Reasons_are_unique_and_in_kebab_case()
    {
        string[] reasons = [.. Enum.GetValues<RuleCode>().Select(code => code.ToReason())];
        Assert.Equal(reasons.Length, reasons.Distinct().Count());
        Assert.All(reasons, reason => Assert.Matches("^[a-z]+(-[a-z]+)*$", reason));
        Assert.Equal("coinbase-claims-too-much", RuleCode.CoinbaseClaimsTooMuch.ToReason());
    }

    /// <summary>Numbers travel in messages: a changed one would change the meaning of old logs.</summary>
    [Theory]
    [InlineData(RuleCode.Accepted, 1)]
    [InlineData(RuleCode.MissingInput, 20)]
    [InlineData(RuleCode.CoinbaseClaimsTooMuch, 51)]
    [InlineData(RuleCode.ScriptFalse, 70)]
    [InlineData(RuleCode.JobWithoutId, 100)]
    [InlineData(RuleCode.JobUnsigned, 112)]
    public void Numbers_are_stable(RuleCode code, int number) => Assert.Equal(number, (int)code);
}
