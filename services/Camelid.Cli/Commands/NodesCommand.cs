using System.CommandLine;
using System.Globalization;
using Camelid.Cli.Nodes;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid nodes up</c>, that is <c>./camelid up --nodes N</c>: several operators, one machine.</summary>
internal static class NodesCommand
{
    private const int CountDefault = 3;
    private const int PortMax = 65_535;

    /// <summary>The table is shown after this even where a node is not ready; the log says which and why.</summary>
    private static readonly TimeSpan TableLimit = TimeSpan.FromSeconds(90);

    private static readonly Option<int> Count = new("--nodes")
    {
        Description = $"how many, {NodesPlan.CountMin} to {NodesPlan.CountMax}",
        DefaultValueFactory = _ => CountDefault,
    };

    private static readonly Option<int> Port = new("--port")
    {
        Description = "port N of node a's gateway; node i is at N+10·i, its peers one above, its chunk streams two",
        DefaultValueFactory = _ => 8080,
    };

    private static readonly Option<string> Model = new("--model")
    {
        Description = "name or root of the model; only node a has it from the start",
        DefaultValueFactory = _ => "camelid-nano",
    };

    public static Command Build(Terminal terminal)
    {
        Command up = new("up", "Start the nodes and stay with them until SIGINT or SIGTERM.")
        {
            ClusterCommand.Root, Count, Port, Model,
        };
        up.SetAction(async (parse, cancellation) => await RunAsync(terminal, PlanOf(parse), cancellation));
        return new Command("nodes", "Several operators on one machine, each a node of its own.") { up };
    }

    private static NodesPlan PlanOf(ParseResult parse)
    {
        int count = parse.GetValue(Count);
        int port = parse.GetValue(Port);
        if (count is < NodesPlan.CountMin or > NodesPlan.CountMax)
        {
            throw new CommandFailure(ExitCode.Usage,
                $"--nodes: {count} is not {NodesPlan.CountMin} to {NodesPlan.CountMax}");
        }

        int highest = port + (NodesPlan.PortStep * (count - 1)) + 2;
        return port >= 1 && highest <= PortMax
            ? new NodesPlan
            {
                Port = port,
                Count = count,
                RepositoryRoot = parse.GetRequiredValue(ClusterCommand.Root).FullName,
                DataFolder = Gateway.DataFolderOf(parse),
                Model = parse.GetRequiredValue(Model),
            }
            : throw new CommandFailure(ExitCode.Usage, string.Create(CultureInfo.InvariantCulture,
                $"--port: {count} nodes from {port} on need ports up to {highest}; there are 1 to {PortMax}"));
    }

    private static async Task<int> RunAsync(Terminal terminal, NodesPlan plan, CancellationToken cancellationToken)
    {
        NodesLog log = new(terminal);
        await using NodesProcess nodes = new(plan, log);
        try
        {
            await nodes.StartAsync(cancellationToken);
            Task stay = nodes.StayAsync(cancellationToken);
            Task<bool[]> ready = Task.WhenAll(plan.Seats.Skip(1).Select(
                seat => nodes.WaitUntilReadyAsync(seat, cancellationToken)));
            await Task.WhenAny(stay, ready, Task.Delay(TableLimit, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
            WriteWhoIsWho(terminal, plan);
            await stay;
            cancellationToken.ThrowIfCancellationRequested();
            throw new CommandFailure(ExitCode.Failure, "every node has ended");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return (int)ExitCode.Ok;
        }
    }

    private static void WriteWhoIsWho(Terminal terminal, NodesPlan plan)
    {
        terminal.Out.WriteLine();
        terminal.WriteRows(["NODE", "ROLES", "GATEWAY AND DASHBOARD", "PEERS", "CHUNKS", "API KEY"],
            [.. plan.Seats.Select(seat => (IReadOnlyList<string>)[
                seat.Name, seat.Roles, seat.Address.ToString(),
                seat.PeerPort.ToString(CultureInfo.InvariantCulture),
                seat.ChunkPort.ToString(CultureInfo.InvariantCulture), seat.ApiKeyFile])]);
        NodeSeat client = plan.Seats[0];
        terminal.Out.WriteLine($"\n./camelid jobs submit {plan.Model} \"Once upon a time\" --wait "
            + $"--url {client.Address.ToString().TrimEnd('/')} --data-dir '{client.DataFolder}'\n");
    }
}
