using System.Globalization;

namespace Camelid.Fuzz.Tests;

/// <summary>
/// Every decoder of bytes from strangers, on its corpus and on drawn inputs. The seed is printed; <c>CAMELID_SEED</c>
/// does it again.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    /// <summary>Inputs for each share of a target; <c>./camelid bench fuzz</c> runs 5 million in all.</summary>
    private const int InputsPerShare = 600;

    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void No_input_throws_hangs_or_allocates_without_bound(string name)
    {
        int seed = int.TryParse(
            Environment.GetEnvironmentVariable("CAMELID_SEED"), CultureInfo.InvariantCulture, out int given)
            ? given
            : Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        IFuzzTarget target = Find(name);
        int inputs = InputsPerShare * target.Share;
        FuzzReport report = new FuzzRun(target, seed).Run(inputs);
        Assert.True(report.Finding is null, report.Finding?.ToString());
        Assert.Equal(inputs, report.Inputs);
        output.WriteLine($"{report.Accepted} accepted, at most {report.AllocatedBytesMax} bytes allocated");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Each_sample_of_a_target_is_taken_and_stands_in_the_corpus(string name)
    {
        IFuzzTarget target = Find(name);
        byte[][] samples = [.. target.Samples()];
        Assert.NotEmpty(samples);
        if (name is not ("script-run" or "frame" or "frame-repaired"))
        {
            Assert.All(samples, sample => Assert.True(target.Run(sample), Convert.ToHexStringLower(sample)));
        }

        if (CorpusFiles.IsUpdate)
        {
            CorpusFiles.Write(name, samples);
            return;
        }

        Assert.Equal(samples, Corpus.Of(name).Where(input => input.Name.Contains("/sample-")).Select(input =>
            input.Bytes));
    }

    [Fact]
    public void Names_are_unique_and_each_folder_of_the_corpus_has_a_target()
    {
        string[] names = [.. FuzzTargets.All.Select(target => target.Name)];
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.Empty(Corpus.Folders.Except(names));
    }

    [Fact]
    public void The_corpus_is_small() => Assert.InRange(
        FuzzTargets.All.SelectMany(target => Corpus.Of(target.Name)).Sum(input => input.Bytes.Length),
        1,
        Corpus.TotalBytesMax);

    private static IFuzzTarget Find(string name) => FuzzTargets.All.Single(target => target.Name == name);
}
