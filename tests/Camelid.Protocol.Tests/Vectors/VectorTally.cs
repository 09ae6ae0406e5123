using System.Globalization;

namespace Camelid.Protocol.Tests.Vectors;

/// <summary>Counts the vectors of a file that passed and those that a rule leaves out, and prints both.</summary>
internal sealed class VectorTally(string name)
{
    private readonly SortedDictionary<string, int> leftOut = new(StringComparer.Ordinal);

    public int Passed { get; private set; }

    public int LeftOut => leftOut.Values.Sum();

    public void Pass() => Passed++;

    /// <summary>Leaves a vector out, for a reason that the caller has found in it.</summary>
    public void LeaveOut(string rule) => leftOut[rule] = leftOut.GetValueOrDefault(rule) + 1;

    /// <summary>Prints the counts, and fails where they are not those that are expected.</summary>
    public void Expect(int passed, int left)
    {
        string rules = string.Join(", ", leftOut.Select(pair =>
            string.Create(CultureInfo.InvariantCulture, $"{pair.Value} by rule {pair.Key}")));
        string text = string.Create(
            CultureInfo.InvariantCulture, $"{name}: passed {Passed}, left out {LeftOut}, of which {rules}");
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        TestContext.Current.SendDiagnosticMessage(text);
        Assert.True(Passed == passed && LeftOut == left, text);
    }
}
