using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Camelid.TestKit.Kills;

/// <summary>Something was lost, or is wrong: says what, with what the process said last.</summary>
public sealed class LossException : Exception
{
    private const int LinesShown = 40;

    internal LossException(string what, ChainProcess process)
        : base($"{what}\n{string.Join('\n', process.Said.TakeLast(LinesShown))}")
    {
    }
}

/// <summary>What must be true of a chain that was killed and is back.</summary>
internal static class KillChecks
{
    /// <summary>How long something may take.</summary>
    public static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(60);

    /// <summary>Between two questions.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits for a status.</summary>
    public static async Task<JsonNode> UntilAsync(
        ChainProcess process, Func<JsonNode, bool> isWanted, CancellationToken cancellation)
    {
        Stopwatch time = Stopwatch.StartNew();
        string last = "no answer";
        while (time.Elapsed < WaitMax)
        {
            if (process.HasEnded)
            {
                throw new LossException("it ended by itself", process);
            }

            try
            {
                JsonNode status = (await process.GetAsync("/api/chain/status", cancellation))!;
                if (isWanted(status))
                {
                    return status;
                }

                last = status.ToJsonString();
            }
            catch (HttpRequestException error)
            {
                last = error.Message;
            }

            await Task.Delay(Pause, cancellation);
        }

        throw new LossException($"after {WaitMax.TotalSeconds} s: {last}", process);
    }

    /// <summary>It has blocks, with all their transactions, on the active chain or beside it.</summary>
    public static async Task HasAllAsync(
        ChainProcess process, IEnumerable<string> hashes, CancellationToken cancellation)
    {
        foreach (string hash in hashes)
        {
            JsonNode? block = await process.GetAsync($"/api/chain/view/blocks/{hash}", cancellation);
            if (block is null || (bool)block["withoutTransactions"]! || block["transactions"]!.AsArray().Count == 0)
            {
                throw new LossException(
                    $"block {hash} was acknowledged, and is {block?.ToJsonString() ?? "gone"}", process);
            }
        }
    }

    /// <summary>Both see the same supply, which adds up, and the same coin at every address of the victim.</summary>
    public static async Task AgreeAsync(ChainProcess victim, ChainProcess witness, CancellationToken cancellation)
    {
        string[] differences = ["not asked"];
        for (Stopwatch time = Stopwatch.StartNew(); differences.Length > 0; await Task.Delay(Pause, cancellation))
        {
            if (time.Elapsed > WaitMax)
            {
                throw new LossException(string.Join('\n', differences), victim);
            }

            // Blocks may come while both are asked, and an index is a moment behind its chain: asked until equal.
            differences = [.. await DifferencesAsync(victim, witness, cancellation)];
        }
    }

    private static async Task<IReadOnlyList<string>> DifferencesAsync(
        ChainProcess victim, ChainProcess witness, CancellationToken cancellation)
    {
        List<string> differences = [];
        JsonNode supply = (await victim.GetAsync("/api/chain/supply", cancellation))!;
        JsonNode other = (await witness.GetAsync("/api/chain/supply", cancellation))!;
        if (supply.ToJsonString() != other.ToJsonString())
        {
            differences.Add($"supply {supply.ToJsonString()}, the witness has {other.ToJsonString()}");
        }

        if (Grains(supply, "issuedGrains") != Grains(supply, "unspentGrains") + Grains(supply, "burnedGrains"))
        {
            differences.Add($"supply does not add up: {supply.ToJsonString()}");
        }

        JsonNode wallet = (await victim.GetAsync("/api/wallet", cancellation))!;
        foreach (JsonNode? role in wallet["roles"]!.AsArray())
        {
            string path = $"/api/chain/view/addresses/{(string)role!["address"]!}";
            (long Received, long Spent) ours = Coin((await victim.GetAsync(path, cancellation))!);
            (long Received, long Spent) theirs = Coin((await witness.GetAsync(path, cancellation))!);
            if (ours != theirs)
            {
                differences.Add($"{path}: {ours}, the witness has {theirs}");
            }

            long held = Grains(role, "spendableGrains") + Grains(role, "immatureGrains");
            if (held > ours.Received - ours.Spent)
            {
                differences.Add($"{path}: the wallet shows {held}, the chain has {ours.Received - ours.Spent}");
            }
        }

        return differences;
    }

    private static (long Received, long Spent) Coin(JsonNode address) =>
        (Grains(address, "receivedGrains"), Grains(address, "spentGrains"));

    private static long Grains(JsonNode node, string name) =>
        long.Parse((string)node[name]!, System.Globalization.CultureInfo.InvariantCulture);
}
