using System.CommandLine;
using System.Security.Cryptography;
using Camelid.Cli.Cluster;
using Camelid.Cli.Demos;
using Camelid.Client;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid demo cluster|kill|nodes</c>: shows, and checks, what jobs and money survive.</summary>
internal static class DemoCommand
{
    private const int PortFrom = 18200;

    public static readonly Option<int?> Seed = new("--seed") { Description = "repeats the kills of an earlier run" };

    public static Command Build(Terminal terminal)
    {
        Command cluster = new("cluster", "20 jobs over RabbitMQ, PostgreSQL and Redis; one of two workers is killed.")
        {
            ClusterCommand.Root,
        };
        cluster.SetAction((parse, cancellation) => RunAsync(terminal, parse, async folder =>
        {
            CheckServers();
            ClusterPlan plan = ClusterCommand.PlanFor(
                parse.GetRequiredValue(ClusterCommand.Root).FullName, ClusterDemo.FreePort(PortFrom), folder)
                with { ServersFolder = Path.Combine(folder, "servers") };
            return await new ClusterDemo(plan, terminal).RunAsync(cancellation);
        }));
        Command kill =
            new("kill", "A node killed by SIGKILL at points drawn from a seed.") { ClusterCommand.Root, Seed };
        kill.SetAction((parse, cancellation) => RunAsync(terminal, parse, async folder =>
        {
            int seed = parse.GetValue(Seed) ?? RandomNumberGenerator.GetInt32(int.MaxValue);
            using NodeUnderTest node = new(
                parse.GetRequiredValue(ClusterCommand.Root).FullName, folder, ClusterDemo.FreePort(PortFrom));
            return await new KillDemo(node, seed, terminal).RunAsync(cancellation);
        }));
        return new Command("demo", "Demonstrations that check themselves.")
        {
            cluster, kill, NodesDemoCommand.Build(terminal),
        };
    }

    /// <summary>Runs a demo in a folder of its own, which is kept where something is broken.</summary>
    public static async Task<int> RunAsync(Terminal terminal, ParseResult parse, Func<string, Task<DemoReport>> demo)
    {
        string folder = Directory.CreateTempSubdirectory("camelid-demo-").FullName;
        if (!OperatingSystem.IsWindows())
        {
            // The servers' users must pass through.
            File.SetUnixFileMode(folder, (UnixFileMode)Convert.ToInt32("755", 8));
        }

        try
        {
            DemoReport report = await demo(folder);
            report.Write(terminal, parse.GetValue(Gateway.Json));
            if (!report.IsGood)
            {
                throw new CommandFailure(ExitCode.Failure,
                    $"an invariant is broken; logs and data are kept in {folder}");
            }
        }
        catch (CamelidRequestException refusal)
        {
            throw new CommandFailure(ExitCode.Failure, $"{refusal.Message} (logs and data are kept in {folder})");
        }

        Directory.Delete(folder, recursive: true);
        return (int)ExitCode.Ok;
    }

    private static void CheckServers()
    {
        string[] missing =
        [
            .. Missing("rabbitmq-server", "/usr/lib/rabbitmq/bin/rabbitmq-server"),
            .. Missing("redis-server", "/usr/bin/redis-server", "/usr/local/bin/redis-server"),
            .. Missing("postgresql", "/usr/bin/psql", "/usr/local/bin/psql"),
        ];
        if (missing.Length > 0)
        {
            throw new CommandFailure(ExitCode.NotFound,
                $"not installed: {string.Join(", ", missing)}; as root: apt-get install {string.Join(' ', missing)}");
        }
    }

    private static string[] Missing(string package, params string[] paths) => paths.Any(File.Exists) ? [] : [package];
}
