using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Camelid.Cli.Cluster;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid cluster up</c>: every service as its own process, over this machine's servers.</summary>
internal static class ClusterCommand
{
    public static readonly Option<DirectoryInfo> Root = new("--root")
    {
        Description = "folder of the repository", Required = true, HelpName = "DIR",
    };

    private static readonly Option<int> Port = new("--port")
    {
        Description = "port of the gateway; servers and services take the ports from 20 above it",
        DefaultValueFactory = _ => 8080,
    };

    private static readonly Option<string> Model = new("--model")
    {
        Description = "name or root of the model", DefaultValueFactory = _ => "camelid-nano",
    };

    public static Command Build(Terminal terminal)
    {
        Command up = new("up", "Start the cluster and stay with it until SIGINT or SIGTERM.") { Root, Port, Model };
        up.SetAction(async (parse, cancellation) =>
        {
            string folder = Path.Combine(Gateway.DataFolderOf(parse), "cluster");
            ClusterPlan plan = PlanFor(parse.GetRequiredValue(Root).FullName, parse.GetValue(Port), folder)
                with { Model = parse.GetRequiredValue(Model) };
            return await RunAsync(terminal, plan, cancellation);
        });
        return new Command("cluster", "Every service as its own process.") { up };
    }

    /// <summary>
    /// A plan for a data folder. The servers' data lies where their users can read it, if need be elsewhere.
    /// </summary>
    public static ClusterPlan PlanFor(string root, int port, string dataFolder)
    {
        string name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataFolder)))[..12];
        return new ClusterPlan
        {
            Port = port,
            RepositoryRoot = root,
            DataFolder = dataFolder,
            ServersFolder = Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows()
                ? $"/var/tmp/camelid-servers-{name}"
                : Path.Combine(dataFolder, "servers"),
            ServiceToken = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)),
        };
    }

    private static async Task<int> RunAsync(Terminal terminal, ClusterPlan plan, CancellationToken cancellationToken)
    {
        await using ClusterProcess cluster = new(plan, terminal.Out);
        try
        {
            await cluster.StartAsync(cancellationToken);
            await terminal.Out.WriteLineAsync($"\n  gateway    {plan.Gateway}v1\n  dashboard  {plan.Gateway}\n"
                + $"  API key    in {plan.ApiKeyFile}\n  logs       {Path.Combine(plan.DataFolder, "logs")}\n");
            string ended = await cluster.WaitForExitAsync(cancellationToken);
            throw new CommandFailure(ExitCode.Failure, $"{ended}; the rest is stopped");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return (int)ExitCode.Ok;
        }
    }
}
