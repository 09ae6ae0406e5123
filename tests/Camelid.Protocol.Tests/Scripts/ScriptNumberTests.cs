using Camelid.Protocol.Scripts;
using FsCheck;
using FsCheck.Fluent;

namespace Camelid.Protocol.Tests.Scripts;

/// <summary>Rule C-08: numbers and pushes have one form.</summary>
[Trait("Rule", "C-08")]
public sealed class ScriptNumberTests
{
    [Theory]
    [InlineData(0L, "")]
    [InlineData(1L, "01")]
    [InlineData(-1L, "81")]
    [InlineData(127L, "7f")]
    [InlineData(128L, "8000")]
    [InlineData(-128L, "8080")]
    [InlineData(255L, "ff00")]
    [InlineData(500_000_000L, "0065cd1d")]
    [InlineData(4_294_967_295L, "ffffffff00")]
    public void A_number_has_its_shortest_form(long value, string hex)
    {
        Assert.Equal(hex, Convert.ToHexStringLower(ScriptNumber.Encode(value)));
        Assert.True(ScriptNumber.TryDecode(Convert.FromHexString(hex), 5, out long read));
        Assert.Equal(value, read);
    }

    [Theory]
    [InlineData("00")]
    [InlineData("80")]
    [InlineData("0100")]
    [InlineData("0180")]
    [InlineData("010000000001")]
    public void A_longer_form_and_a_longer_number_are_refused(string hex) =>
        Assert.False(ScriptNumber.TryDecode(Convert.FromHexString(hex), 5, out _));

    [Fact]
    public void A_number_reads_back() => Prop.ForAll<int>(value =>
        ScriptNumber.TryDecode(ScriptNumber.Encode(value), 5, out long read) && read == value)
        .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0, "00")]
    [InlineData(1, "0100")]
    [InlineData(75, "4b")]
    [InlineData(76, "4c4c")]
    [InlineData(255, "4cff")]
    [InlineData(256, "4d0001")]
    public void A_push_has_its_shortest_form(int length, string prefix)
    {
        Script script = new ScriptBuilder().Push(new byte[length]).ToScript();
        Assert.StartsWith(prefix, script.ToString(), StringComparison.Ordinal);
    }
}
