using System.Text.RegularExpressions;

namespace Camelid.Tidy.Tests;

/// <summary>The documents that a newcomer reads are there and say what they must.</summary>
public sealed partial class DocumentTests
{
    /// <summary>Nouns that types are named by. A new noun enters the glossary in the commit of its type.</summary>
    private static readonly string[] Nouns =
    [
        "amount", "assignment", "attestation", "block", "chunk", "claim", "commitment", "deposit", "envelope",
        "fingerprint", "grain", "job", "lease", "manifest", "model root", "numerics class", "offer", "outbox",
            "output root",
        "payment", "rastic", "receipt", "refund", "seed", "slot", "stake", "testament", "verdict", "window", "worker",
    ];

    [Fact]
    public void The_glossary_explains_the_nouns_that_types_are_named_by() =>
        Findings.AssertNone(MissingNouns(Repository.ReadIfPresent("docs/glossary.md")));

    [Fact]
    public void A_noun_that_the_glossary_lacks_is_found() => Assert.Contains("testament",
        MissingNouns(string.Join('\n', Nouns.Where(noun => noun != "testament").Select(noun => $"- **{noun}**: x"))));

    [Theory]
    [InlineData("./camelid up")]
    [InlineData("./camelid test")]
    public void The_readme_names_the_two_commands(string command) =>
        Assert.Contains(command, Repository.ReadIfPresent("README.md"));

    [Theory]
    [InlineData("docs/job-path.md")]
    [InlineData("docs/protocol.md")]
    [InlineData("docs/operations.md")]
    [InlineData("docs/receipt.md")]
    [InlineData("docs/decisions/0001-registry-profiles.md")]
    [InlineData("CHANGELOG.md")]
    [InlineData("LICENSE")]
    [InlineData(".ci/run")]
    public void A_document_that_others_point_at_is_there(string path) =>
        Assert.True(File.Exists(Path.Combine(Repository.Root, path)), path);

    [Fact]
    public void Links_between_documents_lead_somewhere()
    {
        List<string> broken = [];
        foreach (string path in Repository.Files(".md"))
        {
            broken.AddRange(BrokenLinks(path, Repository.Read(path)));
        }

        Findings.AssertNone(broken);
    }

    [Fact]
    public void A_broken_link_is_found() => Assert.NotEmpty(BrokenLinks("README.md", "see [it](docs/no-such-file.md)"));

    [Fact]
    public void At_least_three_decisions_are_written() => Assert.True(
        Repository.Files(".md").Count(path => DecisionPath().IsMatch(path)) >= 3);

    private static IEnumerable<string> MissingNouns(string glossary) =>
        Nouns.Where(noun => !glossary.Contains($"**{noun}", StringComparison.OrdinalIgnoreCase)
            && !glossary.Contains($"| {noun}", StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<string> BrokenLinks(string path, string text)
    {
        string folder = Path.GetDirectoryName(Path.Combine(Repository.Root, path))!;
        foreach (Match match in Link().Matches(text))
        {
            string target = match.Groups[1].Value;
            if (!File.Exists(Path.Combine(folder, target)) && !Directory.Exists(Path.Combine(folder, target)))
            {
                yield return $"{path}: {target}";
            }
        }
    }

    [GeneratedRegex(@"\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^docs/decisions/\d{4}-[a-z0-9-]+\.md$")]
    private static partial Regex DecisionPath();
}
