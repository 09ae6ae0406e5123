using System.Text.Json.Nodes;

namespace Camelid.Cli.Demos;

/// <summary>What a demo found: its facts, and each invariant with its outcome.</summary>
internal sealed class DemoReport
{
    private readonly JsonObject invariants = [];

    /// <summary>What was seen.</summary>
    public JsonObject Facts { get; } = [];

    /// <summary>True where every invariant held.</summary>
    public bool IsGood => invariants.All(invariant => (bool?)invariant.Value?["holds"] == true);

    /// <summary>Notes an invariant.</summary>
    public void Require(string name, bool holds, string detail) =>
        invariants[name] = new JsonObject { ["holds"] = holds, ["detail"] = detail };

    /// <summary>Writes the report, as JSON or as lines.</summary>
    public void Write(Terminal terminal, bool json)
    {
        JsonObject document = new()
        {
            ["ok"] = IsGood, ["invariants"] = invariants.DeepClone(), ["facts"] = Facts.DeepClone(),
        };
        if (json)
        {
            terminal.WriteJson(document);
            return;
        }

        terminal.WriteFields(Facts);
        foreach ((string name, JsonNode? outcome) in invariants)
        {
            terminal.Out.WriteLine(
                $"{((bool?)outcome?["holds"] == true ? "holds" : "BROKEN"),-7} {name}: {outcome?["detail"]}");
        }
    }
}
