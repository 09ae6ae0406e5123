using System.Text.RegularExpressions;

namespace Camelid.Tidy.Tests;

/// <summary>Who may reference whom (docs/decisions/0002-layout.md; the table is the diagram).</summary>
public sealed partial class ReferenceTests
{
    private static readonly string[] Every =
    [
        "Chain", "JobPool", "Inference", "Verifier", "ModelRegistry", "Gateway", "Dashboard",
    ];

    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Protocol"] = [],
        ["Secp256k1"] = ["Protocol"],
        ["Contracts"] = [],
        ["ModelRuntime"] = ["Protocol"],
        ["Client"] = ["Contracts"],
        ["ServiceDefaults"] = [],
        ["Chain"] = ["Protocol", "Contracts", "ServiceDefaults", "Secp256k1"],
        ["JobPool"] = ["Protocol", "Contracts", "ServiceDefaults", "Secp256k1"],
        ["Inference"] = ["Protocol", "Contracts", "ServiceDefaults", "ModelRuntime"],
        ["Verifier"] = ["Protocol", "Contracts", "ServiceDefaults", "ModelRuntime", "Secp256k1"],
        ["ModelRegistry"] = ["Protocol", "Contracts", "ServiceDefaults", "ModelRuntime", "Secp256k1"],
        ["Gateway"] = ["Contracts", "Client", "ServiceDefaults"],
        ["Dashboard"] = ["Contracts", "Client", "ServiceDefaults"],
        ["Node"] = ["ServiceDefaults", .. Every],
        ["Cli"] = ["Client", "Protocol", "Secp256k1", "ModelRuntime"],
        ["AppHost"] = [.. Every],
        ["TestKit"] = ["Protocol", "Secp256k1"],
    };

    [Fact]
    public void Projects_reference_only_what_the_architecture_allows()
    {
        List<string> findings = [];
        foreach (string path in Repository.Files(".csproj").Where(IsProduct))
        {
            findings.AddRange(Check(Path.GetFileNameWithoutExtension(path), Repository.Read(path)));
        }

        Findings.AssertNone(findings);
    }

    [Theory]
    [InlineData("Camelid.Protocol", "../Camelid.Contracts/Camelid.Contracts.csproj")]
    [InlineData("Camelid.Gateway", "../../libs/Camelid.Protocol/Camelid.Protocol.csproj")]
    [InlineData("Camelid.JobPool", "../Camelid.Chain/Camelid.Chain.csproj")]
    [InlineData("Camelid.Unheard", "../Camelid.Chain/Camelid.Chain.csproj")]
    public void A_reference_against_the_architecture_is_found(string project, string reference) =>
        Assert.NotEmpty(Check(project, $"<ProjectReference Include=\"{reference}\" />"));

    [Fact]
    public void Protocol_has_no_package() =>
        Assert.DoesNotContain("PackageReference", Repository.Read("libs/Camelid.Protocol/Camelid.Protocol.csproj"));

    private static bool IsProduct(string path) =>
        path.StartsWith("libs/", StringComparison.Ordinal) || path.StartsWith("services/", StringComparison.Ordinal)
        || path.StartsWith("Camelid.", StringComparison.Ordinal)
        || path.StartsWith("tests/Camelid.TestKit/", StringComparison.Ordinal);

    private static IEnumerable<string> Check(string project, string text)
    {
        string name = project["Camelid.".Length..];
        foreach (Match match in Reference().Matches(text))
        {
            string target = match.Groups[1].Value;
            if (!Allowed.TryGetValue(name, out string[]? allowed))
            {
                yield return $"{project} is not in the table of references";
            }
            else if (!allowed.Contains(target))
            {
                yield return $"{project} references Camelid.{target}, which the architecture does not allow";
            }
        }
    }

    [GeneratedRegex("""<ProjectReference Include="[^"]*/Camelid\.(\w+)\.csproj"\s*/?>""")]
    private static partial Regex Reference();
}
