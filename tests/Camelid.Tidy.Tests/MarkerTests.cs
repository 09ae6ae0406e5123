using System.Text.RegularExpressions;

namespace Camelid.Tidy.Tests;

/// <summary>Steps of the job path and ids of rules stand where they belong, in both directions.</summary>
public sealed partial class MarkerTests
{
    [Fact]
    public void Each_step_of_the_job_path_stands_once_in_the_document_and_once_in_a_service()
    {
        string[] document = [.. JobSteps().Matches(Repository.ReadIfPresent("docs/job-path.md")).Select(match =>
            match.Value)];
        string services = string.Join('\n', Sources("services/").Select(DocComments));
        Findings.AssertNone(CheckSteps(document, services));
    }

    [Theory]
    [InlineData("[J1] [J2]", "[J1]", "[J2]")]
    [InlineData("[J1]", "[J1] [J1]", "[J1]")]
    [InlineData("[J1]", "[J1] [J3]", "[J3]")]
    public void A_missing_doubled_or_unknown_step_is_found(string document, string services, string named) =>
        Assert.Contains(named, Assert.Single(
            CheckSteps([.. JobSteps().Matches(document).Select(match => match.Value)], services)));

    [Fact]
    public void Each_rule_is_written_enforced_and_tested()
    {
        HashSet<string> written = [.. RuleHeadings().Matches(Repository.ReadIfPresent("docs/protocol.md"))
            .Select(match => match.Groups[1].Value)];
        HashSet<string> enforced = [];
        foreach (string text in Sources("libs/", "services/").Select(DocComments))
        {
            enforced.UnionWith(RulesNamed(text));
        }

        HashSet<string> tested = RuleIds(string.Join('\n', Sources("tests/")
            .Where(path =>
                !path.StartsWith("tests/Camelid.Tidy.Tests/", StringComparison.Ordinal)).Select(Repository.Read)));
        Assert.NotEmpty(written);
        Findings.AssertNone(CheckRules(written, enforced, tested));
    }

    [Fact]
    public void Each_rule_has_one_heading_in_the_document()
    {
        string[] defined = [.. RuleHeadings().Matches(Repository.ReadIfPresent("docs/protocol.md"))
            .Select(match => match.Groups[1].Value)];
        Assert.NotEmpty(defined);
        Findings.AssertNone(defined.GroupBy(id => id).Where(group => group.Count() > 1).Select(group => group.Key));
    }

    [Fact]
    public void A_rule_that_lacks_one_of_the_three_is_found()
    {
        Assert.Contains("C-01", Assert.Single(CheckRules(["C-01"], ["C-01"], [])));
        Assert.Contains("C-02", Assert.Single(CheckRules(["C-02"], [], ["C-02"])));
        Assert.Contains("C-03", Assert.Single(CheckRules([], ["C-03"], ["C-03"])));
        Assert.Equal(["V-01", "V-02", "V-03"], RulesNamed("Rules V-01 to V-03: a range").Order());
        Assert.Equal(["E-04", "E-05", "E-09"], RulesNamed("Rules E-04, E-05 and E-09 in this order").Order());
    }

    private static IEnumerable<string> CheckSteps(string[] document, string services)
    {
        Dictionary<string, int> found = JobSteps().Matches(services)
            .GroupBy(match => match.Value).ToDictionary(group => group.Key, group => group.Count());
        string[] steps = [.. document.Distinct()];
        foreach (string step in steps.Where(step => found.GetValueOrDefault(step) != 1))
        {
            yield return $"{step} stands {found.GetValueOrDefault(step)} times in doc-comments of services/, not once";
        }

        foreach (string step in found.Keys.Except(steps))
        {
            yield return $"{step} stands in services/ and not in docs/job-path.md";
        }
    }

    private static IEnumerable<string> CheckRules(
        HashSet<string> written, HashSet<string> enforced, HashSet<string> tested)
    {
        foreach (string id in written.Union(enforced).Order(StringComparer.Ordinal))
        {
            string missing = string.Join(", ", new[]
            {
                written.Contains(id) ? "" : "docs/protocol.md",
                enforced.Contains(id) ? "" : "a doc-comment 'Rule …' of the code that enforces it",
                tested.Contains(id) ? "" : "a test that names it",
            }.Where(place => place.Length > 0));
            if (missing.Length > 0)
            {
                yield return $"{id} lacks: {missing}";
            }
        }
    }

    private static IEnumerable<string> Sources(params string[] folders) => Repository.Files(".cs")
        .Where(path => folders.Any(folder => path.StartsWith(folder, StringComparison.Ordinal)));

    private static string DocComments(string path) => string.Join(' ', Repository.Read(path).Split('\n')
        .Select(line => line.Trim()).Where(line => line.StartsWith("///", StringComparison.Ordinal))
        .Select(line => line[3..].Trim()));

    private static HashSet<string> RuleIds(string text) => [.. RuleId().Matches(text).SelectMany(match =>
        Expand(match.Value))];

    private static HashSet<string> RulesNamed(string text) =>
        [.. RuleNaming().Matches(text).SelectMany(match => RuleIds(match.Value))];

    private static IEnumerable<string> Expand(string id)
    {
        Match range = RuleRange().Match(id);
        if (!range.Success)
        {
            yield return id;
            yield break;
        }

        int last = int.Parse(range.Groups[3].Value);
        for (int number = int.Parse(range.Groups[2].Value); number <= last; number++)
        {
            yield return $"{range.Groups[1].Value}-{number:00}";
        }
    }

    [GeneratedRegex(@"\[J\d+\]")]
    private static partial Regex JobSteps();

    [GeneratedRegex(@"\b[CEJMPSTVW]-\d\d(?: (?:to|…) [CEJMPSTVW]-\d\d)?\b")]
    private static partial Regex RuleId();

    [GeneratedRegex(@"^([CEJMPSTVW])-(\d\d) (?:to|…) [CEJMPSTVW]-(\d\d)$")]
    private static partial Regex RuleRange();

    [GeneratedRegex(@"\bRules? [CEJMPSTVW]-\d\d(?:(?:, | and | to | … )[CEJMPSTVW]-\d\d)*")]
    private static partial Regex RuleNaming();

    [GeneratedRegex(@"^(?:#+ |\| ?|- )\**([CEJMPSTVW]-\d\d)\**\b", RegexOptions.Multiline)]
    private static partial Regex RuleHeadings();
}
