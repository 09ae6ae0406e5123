namespace Camelid.Tidy.Tests;

/// <summary>Files that one can hold in mind: split by idea before they grow over the limit.</summary>
public sealed class SizeTests
{
    private const int FileLinesMax = 300;
    private const int TestFileLinesMax = 500;
    private const int ProgramLinesMax = 40;
    private const int CodeLinesMax = 1_000;
    private const int LineColumnsMax = 120;

    private static readonly string[] ProseEndings = [".cs", ".proto", ".sql"];

    [Fact]
    public void Files_stay_within_their_limits() =>
        Findings.AssertNone(Sources().SelectMany(path => CheckFile(path, Repository.Read(path))));

    [Theory]
    [InlineData("services/Camelid.X/Program.cs", ProgramLinesMax + 1)]
    [InlineData("libs/Camelid.X/RuleCode.cs", CodeLinesMax + 1)]
    [InlineData("libs/Camelid.X/Thing.cs", FileLinesMax + 1)]
    [InlineData("tests/Camelid.X.Tests/ThingTests.cs", TestFileLinesMax + 1)]
    public void A_file_over_its_limit_is_found(string path, int lines)
    {
        Assert.NotEmpty(CheckFile(path, Text(lines)));
        Assert.Empty(CheckFile(path, Text(lines - 1)));
    }

    [Fact]
    public void A_line_over_the_limit_is_found()
    {
        Assert.NotEmpty(CheckFile("libs/A.cs", new string('a', LineColumnsMax + 1)));
        Assert.Empty(CheckFile("libs/A.cs", new string('a', LineColumnsMax)));
    }

    private static IEnumerable<string> Sources() => Repository.Files(ProseEndings)
        .Where(path => !path.StartsWith("infra/constrained/", StringComparison.Ordinal)
            && !path.Contains("/Constrained/", StringComparison.Ordinal));

    private static string Text(int lines) => string.Join('\n', Enumerable.Repeat("x", lines)) + "\n";

    private static IEnumerable<string> CheckFile(string path, string text)
    {
        string[] lines = text.TrimEnd('\n').Split('\n');
        // The one list of refusals can't be split: an enumeration is one file. It holds no code.
        int limit = Path.GetFileName(path) == "RuleCode.cs" ? CodeLinesMax
            : path.StartsWith("tests/", StringComparison.Ordinal) ? TestFileLinesMax
            : Path.GetFileName(path) == "Program.cs" ? ProgramLinesMax : FileLinesMax;
        if (path.EndsWith(".cs", StringComparison.Ordinal) && lines.Length > limit)
        {
            yield return $"{path}: {lines.Length} lines, {limit} allowed";
        }

        for (int index = 0; index < lines.Length; index++)
        {
            if (lines[index].TrimEnd('\r').Length > LineColumnsMax)
            {
                yield return $"{path}:{index + 1}: {lines[index].Length} columns, {LineColumnsMax} allowed";
            }
        }
    }
}
