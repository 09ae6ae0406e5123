using System.Text.RegularExpressions;

namespace Camelid.Tidy.Tests;

/// <summary>
/// Words and constructs that do not belong here. Each pattern is written so that it does not find itself.
/// </summary>
public sealed partial class WordTests
{
    [Fact]
    public void No_class_is_called_after_nothing() => Findings.AssertNone(Find(Sources(".cs"), VagueClass()));

    [Fact]
    public void No_marker_of_unfinished_work_is_left() =>
        Findings.AssertNone(Find(Sources(".cs", ".proto", ".sql", ".md", ".razor", ".js", ".css", ".sh", "/camelid"),
            Unfinished()));

    [Fact]
    public void No_path_of_somebodys_machine_is_written_down() => Findings.AssertNone(Find(Sources(), MachinePath()));

    [Fact]
    public void No_registry_is_named() => Findings.AssertNone(Find(Sources(), RegistryHost()));

    [Fact]
    public void No_catch_swallows_whatever_comes() => Findings.AssertNone(Find(Sources(".cs"), BareCatch()));

    [Fact]
    public void The_rules_hold_no_floating_point() => Findings.AssertNone(Find(
        Sources(".cs").Where(path => path.StartsWith("libs/Camelid.Protocol/", StringComparison.Ordinal)),
        FloatingPoint(), codeOnly: true));

    [Theory]
    [InlineData("class", "JobMan" + "ager")]
    [InlineData("static class", "HashHel" + "per")]
    [InlineData("record", "StringUt" + "ils")]
    public void A_vague_class_is_found(string kind, string name) =>
        Assert.Matches(VagueClass(), $"internal {kind} {name}");

    [Theory]
    [InlineData("// TO" + "DO: later")]
    [InlineData("// FIX" + "ME")]
    [InlineData("/// HA" + "CK around it")]
    [InlineData("for n" + "ow it is enough")]
    [InlineData("a simplified ver" + "sion of it")]
    public void Unfinished_work_is_found(string line) => Assert.Matches(Unfinished(), line);

    [Theory]
    [InlineData("/wo" + "rk/main/camelid")]
    [InlineData("/ho" + "me/somebody/src")]
    [InlineData("C:" + "\\Users\\somebody")]
    public void A_machine_path_is_found(string line) => Assert.Matches(MachinePath(), line);

    [Theory]
    [InlineData("\"resolved\": \"https://registry.npm" + "js.org/openai\"")]
    [InlineData("https://api.nu" + "get.org/v3/index.json")]
    [InlineData("\"resolved\": \"http" + "s://example.com/a.tgz\"")]
    public void A_registry_host_is_found(string line) => Assert.Matches(RegistryHost(), line);

    [Theory]
    [InlineData("catch {", true)]
    [InlineData("catch\n    {", true)]
    [InlineData("catch (Exception) { }", true)]
    [InlineData("catch (IOException) { }", false)]
    [InlineData("catch (Exception e) when (e is not OperationCanceledException)", false)]
    public void A_bare_catch_is_found(string code, bool isBare) => Assert.Equal(isBare, BareCatch().IsMatch(code));

    [Theory]
    [InlineData("dou" + "ble x = 1;", true)]
    [InlineData("Ma" + "th.Pow(2, 3)", true)]
    [InlineData("Amount x = doubled;", false)]
    public void Floating_point_is_found(string code, bool isFloat) =>
        Assert.Equal(isFloat, FloatingPoint().IsMatch(code));

    private static IEnumerable<string> Sources(params string[] endings) => Repository.Files(endings)
        .Where(path => IsText(path) && !path.StartsWith("tests/Camelid.Tidy.Tests/", StringComparison.Ordinal));

    private static bool IsText(string path) => TextFile().IsMatch(path);

    private static IEnumerable<string> Find(IEnumerable<string> paths, Regex pattern, bool codeOnly = false)
    {
        foreach (string path in paths)
        {
            string text = Repository.Read(path);
            string searched = codeOnly ? Comment().Replace(text, "") : text;
            foreach (Match match in pattern.Matches(searched))
            {
                int line = searched.AsSpan(0, match.Index).Count('\n') + 1;
                yield return $"{path}{(codeOnly ? "" : $":{line}")}: {match.Value.Trim()}";
            }
        }
    }

    [GeneratedRegex(@"(^|/)(camelid|\.ci/run|Dockerfile|LICENSE|"
        + @"[^/]+\.(cs|csproj|props|targets|sln|proto|sql|md|json|js|css|sh|razor|yml|yaml|py|txt))$")]
    private static partial Regex TextFile();

    [GeneratedRegex(@"\b(class|struct|record|interface)\s+\w*(Man" + @"ager|Hel" + @"per|Ut" + @"ils?|Comm" + @"on)\b")]
    private static partial Regex VagueClass();

    [GeneratedRegex(@"\b(TO" + @"DO|FIX" + @"ME|HA" + @"CK)\b|\bfor n" + @"ow\b|\bsimplified ver" + @"sion\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"(?<![\w.])/wo" + @"rk/|(?<![\w.~}])/ho" + @"me/(?!\$)\w+/|[A-Z]:\\Us" + @"ers\\")]
    private static partial Regex MachinePath();

    [GeneratedRegex("registry\\.npm" + "js|nu" + "get\\.org|art" + "ifactory|\"resolved\":\\s*\"http")]
    private static partial Regex RegistryHost();

    [GeneratedRegex(@"\bcatch\s*(\{|\((System\.)?Exception(\s+\w+)?\)\s*(?!\s*when))")]
    private static partial Regex BareCatch();

    [GeneratedRegex(@"\b(dou" + @"ble|flo" + @"at|deci" + @"mal|Ma" + @"th|Ma"
        + @"thF)\b(?!\.(Min|Max|Abs|Clamp|DivRem|BigMul)\b)")]
    private static partial Regex FloatingPoint();

    [GeneratedRegex(@"//[^\n]*|""(?:[^""\\\n]|\\.)*""")]
    private static partial Regex Comment();
}
