namespace Camelid.Fuzz.Tests;

/// <summary>The negative controls: each harm that a run looks for is found where it is.</summary>
public sealed class FuzzRunTests
{
    private const int Inputs = 20_000;

    [Fact]
    public void A_target_that_does_no_harm_is_not_accused()
    {
        FuzzReport report = Run(input => input.Length % 2 == 0);
        Assert.Null(report.Finding);
        Assert.Equal(Inputs, report.Inputs);
        Assert.InRange(report.Accepted, 1, Inputs);
    }

    /// <summary>It takes chance to find a 0xff behind the 0xfd that the sample begins with.</summary>
    [Fact]
    public void An_input_that_throws_is_found_and_printed()
    {
        FuzzFinding? finding = Run(input =>
            input is [0xfd, 0xff, ..] ? throw new FormatException("harm") : true).Finding;
        Assert.NotNull(finding);
        Assert.True(finding.Input is [0xfd, 0xff, ..]);
        Assert.Contains("harm", finding.ToString());
        Assert.Contains(Convert.ToHexStringLower(finding.Input), finding.ToString());
    }

    [Fact]
    public void An_input_that_allocates_too_much_is_found()
    {
        FuzzFinding? finding = Run(input => input is [_, > 0x80, ..] && new byte[2_000_000].Length > 0).Finding;
        Assert.Contains("allocates", finding!.Harm);
    }

    [Fact]
    public void A_property_that_does_not_hold_is_found()
    {
        FuzzFinding? finding = Run(input =>
        {
            FuzzFault.Require(input.Length != 5, "five bytes");
            return true;
        }).Finding;
        Assert.Contains("five bytes", finding!.Harm);
    }

    [Fact]
    public void An_input_that_hangs_is_found()
    {
        using ManualResetEventSlim never = new(false);
        FuzzReport report = new FuzzRun(
            new Target(input =>
            {
                if (input.Length == 6)
                {
                    never.Wait();
                }

                return true;
            }),
            seed: 1).Run(Inputs, hangSeconds: 1);
        never.Set();
        Assert.Contains("hangs", report.Finding!.Harm);
        Assert.Equal(6, report.Finding.Input.Length);
    }

    [Fact]
    public void Equal_seeds_make_equal_inputs()
    {
        List<string> first = [];
        List<string> second = [];
        new FuzzRun(new Target(input => Record(first, input)), 7).Run(500);
        new FuzzRun(new Target(input => Record(second, input)), 7).Run(500);
        Assert.Equal(first, second);
        List<string> other = [];
        new FuzzRun(new Target(input => Record(other, input)), 8).Run(500);
        Assert.NotEqual(first, other);
    }

    private static bool Record(List<string> into, ReadOnlySpan<byte> input)
    {
        into.Add(Convert.ToHexString(input));
        return true;
    }

    private static FuzzReport Run(Take take) => new FuzzRun(new Target(take), seed: 1).Run(Inputs);

    private delegate bool Take(ReadOnlySpan<byte> input);

    private sealed class Target(Take take) : IFuzzTarget
    {
        public string Name => "test";

        public FuzzAllowance Allowance => new(1 << 20, 100);

        public IReadOnlyList<string> Covers => [];

        public IEnumerable<byte[]> Samples() => [[0xfd, 1, 2, 3]];

        public bool Run(ReadOnlySpan<byte> input) => take(input);
    }
}
