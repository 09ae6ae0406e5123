using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Camelid.Cli.Demos;
using Camelid.Cli.Nodes;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid demo nodes</c>: operators that never met trade, and checks what must be true then.</summary>
internal static class NodesDemoCommand
{
    private const int PortFrom = 19000;
    private const int JobsMax = 200;
    private const int JobsDefault = 3;
    private const int KillJobsDefault = 30;

    private static readonly Option<int> Nodes = new("--nodes")
    {
        Description = $"how many operators, 3 to {NodesPlan.CountMax}", DefaultValueFactory = _ => 3,
    };

    private static readonly Option<int?> Jobs = new("--jobs")
    {
        Description = $"how many jobs, 1 to {JobsMax} (default {JobsDefault}, with --kills {KillJobsDefault})",
    };

    private static readonly Option<bool> Faults = new("--faults")
    {
        Description = "kill B, C and A where it hurts, one after the other",
    };

    private static readonly Option<bool> Kills = new("--kills")
    {
        Description = "kill every node at random points while jobs run; the seed is printed",
    };

    public static Command Build(Terminal terminal)
    {
        Command nodes = new("nodes", "A buys, B computes, C verifies: jobs between operators that never met.")
        {
            ClusterCommand.Root, Nodes, Jobs, Faults, Kills, DemoCommand.Seed,
        };
        nodes.SetAction((parse, cancellation) => DemoCommand.RunAsync(terminal, parse, async folder =>
        {
            await using NodesWorld world = new(PlanOf(parse, folder), terminal);
            return parse.GetValue(Faults) ? await new NodesFaultsDemo(world).RunAsync(cancellation)
                : parse.GetValue(Kills) ? await new NodesKillsDemo(
                    world, parse.GetValue(Jobs) ?? KillJobsDefault,
                    parse.GetValue(DemoCommand.Seed) ?? RandomNumberGenerator.GetInt32(int.MaxValue))
                    .RunAsync(cancellation)
                : await new NodesDemo(world, parse.GetValue(Jobs) ?? JobsDefault).RunAsync(cancellation);
        }));
        return nodes;
    }

    private static NodesPlan PlanOf(ParseResult parse, string folder)
    {
        int count = parse.GetValue(Nodes);
        if (count is < 3 or > NodesPlan.CountMax || parse.GetValue(Jobs) is < 1 or > JobsMax
            || (parse.GetValue(Faults) && (parse.GetValue(Kills) || count != 3)))
        {
            throw new CommandFailure(ExitCode.Usage,
                $"--nodes takes 3 to {NodesPlan.CountMax}, --jobs 1 to {JobsMax}; "
                + "--faults takes 3 nodes, without --kills");
        }

        return new NodesPlan
        {
            Port = ClusterDemo.FreePort(PortFrom, NodesPlan.PortStep * count),
            Count = count,
            RepositoryRoot = parse.GetRequiredValue(ClusterCommand.Root).FullName,
            DataFolder = folder,
            Variables = new Dictionary<string, string>
            {
                ["JobPool__VerifySecondsMax"] = parse.GetValue(Faults)
                    ? NodesFaultsDemo.VerifySeconds.ToString(CultureInfo.InvariantCulture)
                    : "60",
                ["Chain__BlockPauseMilliseconds"] = parse.GetValue(Faults) ? "1500" : "400",
                ["CAMELID_DEBUG"] = "1",
                ["Logging__LogLevel__Camelid"] = "Information",
            },
        };
    }
}
