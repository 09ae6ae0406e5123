using System.Text.RegularExpressions;

namespace Camelid.Tidy.Tests;

/// <summary>What enters from outside is named exactly; what changes a database is numbered.</summary>
public sealed partial class PackageTests
{
    [Fact]
    public void Package_versions_are_exact() => Findings.AssertNone(
        Repository.Files(".csproj", ".props").SelectMany(path => CheckVersions(path, Repository.Read(path))));

    [Fact]
    public void Npm_versions_are_exact() => Findings.AssertNone(
        Repository.Files("package.json").SelectMany(path => CheckNpm(path, Repository.Read(path))));

    [Theory]
    [InlineData("<PackageVersion Include=\"A\" Version=\"1.*\" />")]
    [InlineData("<PackageVersion Include=\"A\" Version=\"[1.0,2.0)\" />")]
    [InlineData("<PackageReference Include=\"A\" Version=\"latest\" />")]
    public void A_floating_version_is_found(string line) => Assert.NotEmpty(CheckVersions("a.props", line));

    [Fact]
    public void An_exact_version_is_allowed() =>
        Assert.Empty(CheckVersions("a.props", "<PackageVersion Include=\"A\" Version=\"1.2.3-npm.h1\" />"));

    [Theory]
    [InlineData("{ \"dependencies\": { \"openai\": \"^4.0.0\" } }")]
    [InlineData("{ \"dependencies\": { \"openai\": \"*\" } }")]
    public void A_floating_npm_version_is_found(string text) => Assert.NotEmpty(CheckNpm("package.json", text));

    [Fact]
    public void Each_migration_has_a_number_and_none_is_missing() => Findings.AssertNone(CheckMigrations(
        Repository.Files(".sql").Where(path => path.Contains("/Storage/", StringComparison.Ordinal))));

    [Fact]
    public void A_migration_without_a_number_or_with_a_gap_is_found()
    {
        Assert.NotEmpty(CheckMigrations(["services/Camelid.X/Storage/jobs.sql"]));
        Assert.NotEmpty(CheckMigrations(["s/Storage/0001-jobs.sql", "s/Storage/0003-more.sql"]));
        Assert.NotEmpty(CheckMigrations(["s/Storage/0001-jobs.sql", "s/Storage/0001-more.sql"]));
        Assert.Empty(CheckMigrations(["s/Storage/0001-jobs.sql", "s/Storage/0002-more.sql"]));
    }

    private static IEnumerable<string> CheckVersions(string path, string text) => PackageVersion().Matches(text)
        .Where(match => !ExactVersion().IsMatch(match.Groups[2].Value))
        .Select(match =>
            $"{path}: {match.Groups[1].Value} has the version '{match.Groups[2].Value}', which is not exact");

    private static IEnumerable<string> CheckNpm(string path, string text)
    {
        foreach (Match block in NpmDependencies().Matches(text))
        {
            foreach (Match match in NpmEntry().Matches(block.Groups[1].Value))
            {
                if (!ExactVersion().IsMatch(match.Groups[2].Value))
                {
                    yield return $"{path}: {match.Groups[1].Value} has the version '{match.Groups[2].Value}'";
                }
            }
        }
    }

    private static IEnumerable<string> CheckMigrations(IEnumerable<string> paths)
    {
        foreach (IGrouping<string?, string> folder in paths.GroupBy(Path.GetDirectoryName))
        {
            int expected = 1;
            foreach (string name in folder.Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal))
            {
                Match match = MigrationName().Match(name);
                if (!match.Success || int.Parse(match.Groups[1].Value) != expected++)
                {
                    yield return $"{folder.Key}/{name}: migrations are NNNN-what.sql, numbered from 0001 without a gap";
                }
            }
        }
    }

    [GeneratedRegex("""<Package(?:Version|Reference) (?:Include|Update)="([^"]+)" Version="([^"]+)" """)]
    private static partial Regex PackageVersion();

    [GeneratedRegex(@"^(\d+(\.\d+){1,3}(-[\w.]+)?(\$\(\w+\))?|\$\(\w+\)|npm:.*@\d+\.\d+\.\d+)$")]
    private static partial Regex ExactVersion();

    [GeneratedRegex("\"(?:dependencies|devDependencies)\"\\s*:\\s*\\{([^}]*)\\}")]
    private static partial Regex NpmDependencies();

    [GeneratedRegex("\"([^\"]+)\"\\s*:\\s*\"([^\"]*)\"")]
    private static partial Regex NpmEntry();

    [GeneratedRegex(@"^(\d{4})-[a-z0-9-]+\.sql$")]
    private static partial Regex MigrationName();
}
