using System.Globalization;
using System.Text.Json.Nodes;
using Camelid.Cli.Nodes;
using Camelid.Client.Jobs;

namespace Camelid.Cli.Demos;

/// <summary>
/// What must be true of the money of several operators, whatever was killed: every node sees the same chain and the
/// same balance of everybody, every coin is somebody's, and nobody was paid twice.
/// </summary>
internal sealed class NodesAudit(NodesWorld world, DemoReport report)
{
    private static readonly TimeSpan AgreeLimit = TimeSpan.FromSeconds(60);

    private static readonly string[] LockedFields = ["depositsGrains", "stakesGrains", "paymentsGrains"];

    /// <summary>Checks the chain and all money.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await TipsAsync(cancellationToken);
        Dictionary<NodeSeat, JsonArray> wallets = [];
        foreach (NodeSeat seat in world.Plan.Seats)
        {
            wallets[seat] = (await world.GetAsync(seat, "/api/wallet", cancellationToken))["roles"]!.AsArray();
        }

        // An explorer's index follows the chain a moment later.
        List<string> differences = [];
        await NodesWorld.UntilAsync(AgreeLimit, async token =>
            (differences = await DifferencesAsync(wallets, token)).Count == 0, cancellationToken);
        report.Require("all nodes agree on every wallet's balance", differences.Count == 0, differences.Count == 0
            ? $"{wallets.Values.Sum(roles => roles.Count) * world.Plan.Count} balances compared"
            : string.Join("; ", differences));
        await IssuanceAsync(wallets, cancellationToken);
        await TwiceAsync(cancellationToken);
    }

    /// <summary>Addresses of each node, and whose they are.</summary>
    public async Task<Dictionary<string, NodeSeat>> OwnersAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, NodeSeat> owners = new(StringComparer.Ordinal);
        foreach (NodeSeat seat in world.Plan.Seats)
        {
            foreach (JsonNode? role in (await world.GetAsync(seat, "/api/wallet", cancellationToken))["roles"]!
                .AsArray())
            {
                owners[NodesWorld.Text(role, "address")] = seat;
            }
        }

        return owners;
    }

    private async Task TipsAsync(CancellationToken cancellationToken)
    {
        string[] tips = [];
        bool isQuiet = await NodesWorld.UntilAsync(AgreeLimit, async token =>
        {
            JsonNode[] status = await Task.WhenAll(world.Plan.Seats.Select(
                seat => world.GetAsync(seat, "/api/chain/status", token)));
            tips = [.. status.Select(node => NodesWorld.Text(node, "tipHash"))];
            return tips.Distinct().Count() == 1
                && status.All(node => NodesWorld.Number(node, "mempoolCount") == 0);
        }, cancellationToken);
        report.Require("all nodes agree on the tip, and nothing waits in a mempool", isQuiet,
            string.Join(", ", tips.Distinct()));
    }

    /// <summary>Each node's explorer is asked about each wallet's addresses.</summary>
    private async Task<List<string>> DifferencesAsync(
        Dictionary<NodeSeat, JsonArray> wallets, CancellationToken cancellationToken)
    {
        List<string> differences = [];
        foreach ((NodeSeat owner, JsonArray roles) in wallets)
        {
            foreach (JsonNode? role in roles)
            {
                string address = NodesWorld.Text(role, "address");
                JsonNode[] views = await Task.WhenAll(world.Plan.Seats.Select(seat => world.GetAsync(
                    seat, $"/api/chain/view/addresses/{address}?limit=1", cancellationToken)));
                long[] balances = [.. views.Select(view => NodesWorld.Number(view, "receivedGrains")
                    - NodesWorld.Number(view, "spentGrains"))];
                long own = Held(role) + NodesWorld.Number(role, "depositsGrains")
                    + NodesWorld.Number(role, "stakesGrains") + NodesWorld.Number(role, "paymentsGrains");
                if (balances.Any(balance => balance != own))
                {
                    differences.Add($"{owner.Name} {NodesWorld.Text(role, "role")}: the wallet says {own}, the nodes "
                        + string.Join(", ", balances));
                }
            }
        }

        return differences;
    }

    /// <summary>Fees are among the balances: the miner claims them; what no miner claimed is burned.</summary>
    private async Task IssuanceAsync(Dictionary<NodeSeat, JsonArray> wallets, CancellationToken cancellationToken)
    {
        JsonNode supply = await world.GetAsync(world.Buyer, "/api/chain/supply", cancellationToken);
        long balances = wallets.Values.SelectMany(roles => roles).Sum(Held);
        long locked = LockedFields.Sum(field => NodesWorld.Number(supply, field));
        long burned = NodesWorld.Number(supply, "burnedGrains");
        long issued = NodesWorld.Number(supply, "issuedGrains");
        report.Require("balances, with the fees that they hold, + locked outputs + burned = issued",
            issued > 0 && balances + locked + burned == issued, string.Create(CultureInfo.InvariantCulture,
                $"{balances} (fees {NodesWorld.Number(supply, "feesGrains")} among them) + {locked} + {burned}")
            + string.Create(CultureInfo.InvariantCulture, $" = {issued}"));
        report.Facts["supply"] = supply.DeepClone();
    }

    /// <summary>A job has one payment at most: the chain is asked, not the rows.</summary>
    private async Task TwiceAsync(CancellationToken cancellationToken)
    {
        List<string> faults = [];
        IReadOnlyList<JobDocument> jobs = await world.JobsAsync(world.Buyer, cancellationToken);
        foreach (JobDocument job in jobs)
        {
            JsonNode view = await world.GetAsync(
                world.Buyer, $"/api/chain/view/jobs/{job.JobId}", cancellationToken);
            int payments = 0;
            foreach (JsonNode? transaction in view["transactions"]!.AsArray())
            {
                JsonNode shown = await world.GetAsync(world.Buyer,
                    $"/api/chain/view/tx/{NodesWorld.Text(transaction?["line"], "txid")}", cancellationToken);
                payments += shown["outputs"]!.AsArray().Count(output => NodesWorld.Text(output, "kind") == "payment");
            }

            if (payments > 1)
            {
                faults.Add($"{job.JobId[..12]} has {payments} payments");
            }
        }

        report.Require("no job has two payments on the chain", faults.Count == 0,
            faults.Count == 0 ? $"{jobs.Count} jobs" : string.Join(", ", faults));
    }

    private static long Held(JsonNode? role) =>
        NodesWorld.Number(role, "spendableGrains") + NodesWorld.Number(role, "immatureGrains");
}
