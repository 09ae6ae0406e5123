using System.CommandLine;
using Camelid.Cli.Demos;
using Camelid.Cli.Nodes;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid demo nodes</c>: operators that never met trade, and checks what must be true then.</summary>
internal static class NodesDemoCommand
{
    private const int PortFrom = 19000;
    private const int JobsMax = 200;

    private static readonly Option<int> Nodes = new("--nodes")
    {
        Description = $"how many operators, 3 to {NodesPlan.CountMax}", DefaultValueFactory = _ => 3,
    };

    private static readonly Option<int> Jobs = new("--jobs")
    {
        Description = $"how many jobs at once, 1 to {JobsMax}", DefaultValueFactory = _ => 3,
    };

    public static Command Build(Terminal terminal)
    {
        Command nodes = new("nodes", "A buys, B computes, C verifies: jobs between operators that never met.")
        {
            ClusterCommand.Root, Nodes, Jobs,
        };
        nodes.SetAction((parse, cancellation) => DemoCommand.RunAsync(terminal, parse, async folder =>
        {
            await using NodesWorld world = new(PlanOf(parse, folder), terminal);
            return await new NodesDemo(world, parse.GetValue(Jobs)).RunAsync(cancellation);
        }));
        return nodes;
    }

    private static NodesPlan PlanOf(ParseResult parse, string folder)
    {
        int count = parse.GetValue(Nodes);
        if (count is < 3 or > NodesPlan.CountMax || parse.GetValue(Jobs) is < 1 or > JobsMax)
        {
            throw new CommandFailure(ExitCode.Usage,
                $"--nodes takes 3 to {NodesPlan.CountMax}, --jobs 1 to {JobsMax}");
        }

        return new NodesPlan
        {
            Port = ClusterDemo.FreePort(PortFrom, NodesPlan.PortStep * count),
            Count = count,
            RepositoryRoot = parse.GetRequiredValue(ClusterCommand.Root).FullName,
            DataFolder = folder,
            Variables = new Dictionary<string, string>
            {
                ["Chain__BlockPauseMilliseconds"] = "400",
                ["CAMELID_DEBUG"] = "1",
                ["Logging__LogLevel__Camelid"] = "Information",
            },
        };
    }
}
