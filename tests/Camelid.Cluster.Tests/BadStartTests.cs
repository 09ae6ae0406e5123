using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Camelid.Cli;

namespace Camelid.Cluster.Tests;

/// <summary>
/// Programs that cannot do what they are asked for: each says so in one line, without a stack, and ends with its code.
/// </summary>
public sealed class BadStartTests : IDisposable
{
    private static readonly TimeSpan EndMax = TimeSpan.FromSeconds(20);
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-bad-start-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("--frob", 2, "unknown option '--frob'")]
    [InlineData("--network=main", 4, "runs on regtest only")]
    [InlineData("--port=70000", 2, "'70000' is no port")]
    public async Task A_node_refuses_what_it_cannot_be(string option, int code, string named) =>
        Refused(code, named, await NodeAsync(option));

    [Fact]
    public async Task A_node_refuses_a_port_in_use_and_a_folder_in_use()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        Refused(4, $"port {port} on 127.0.0.1 is in use", await NodeAsync("--port", $"{port}"));
        await using FileStream held = new(
            Path.Combine(folder, "node.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        Refused(4, "another node is using", await NodeAsync("--port", "0"));
    }

    [Fact]
    public async Task A_node_names_a_database_file_that_is_none()
    {
        string file = Path.Combine(folder, "regtest", "db", "jobs.db");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, new string('?', 8192), TestContext.Current.CancellationToken);
        (int Code, string Said) end = await NodeAsync("--port", "0");
        Refused(1, file, end);
        Assert.Contains("restore it", end.Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Camelid.JobPool", "jobs")]
    [InlineData("Camelid.Gateway", "accounts")]
    public async Task A_service_names_a_database_that_is_down(string service, string database)
    {
        int closed = RunningProgram.FreePort();
        (int Code, string Said) end = await EndAsync(service,
            [
                $"ConnectionStrings__{database}=Host=127.0.0.1;Port={closed};Database={database};Username=nobody",
                .. new[] { "chain", "jobpool", "inference", "verifier", "modelregistry" }.Select(
                    name => $"services__{name}__grpc__0=http://127.0.0.1:{closed}"),
                $"Camelid__DataDir={folder}", "Camelid__ServiceToken=a-token-of-this-test-alone-0123456789",
            ]);
        Refused(1, $"the database '{database}' at 127.0.0.1:{closed}", end);
        Assert.Contains($"ConnectionStrings__{database}", end.Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run", "camelid-nano", "Once")]
    [InlineData("jobs", "ls")]
    [InlineData("node", "status")]
    public async Task The_tool_says_what_to_do_where_no_node_runs(params string[] words)
    {
        (int Code, string Said) end = await EndAsync(
            "Camelid.Cli", [$"CAMELID_URL=http://127.0.0.1:{RunningProgram.FreePort()}"], words);
        Refused((int)ExitCode.Unreachable, "./camelid up", end);
    }

    [Fact]
    public async Task A_node_that_is_stopped_before_it_is_ready_ends_with_0()
    {
        await using RunningProgram node = RunningProgram.Start(Program("Camelid.Node"), [],
            "--port", "0", "--data-dir", folder);
        string first = Path.Combine(folder, "regtest", "db");
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(10));
        for (long started = Stopwatch.GetTimestamp();
            !Directory.Exists(first) && Stopwatch.GetElapsedTime(started) < EndMax;)
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        await node.StopAsync();
        Assert.DoesNotContain("   at ", node.Said, StringComparison.Ordinal);
    }

    private static string Program(string project) => Path.Combine(RunningProgram.FolderOf(project),
        project == "Camelid.Cli" ? "camelid.dll" : project + ".dll");

    private static void Refused(int code, string named, (int Code, string Said) end)
    {
        Assert.True(code == end.Code, $"exit code {end.Code}, not {code}:\n{end.Said}");
        Assert.Contains(named, end.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", end.Said, StringComparison.Ordinal);
        Assert.Single(end.Said.Split('\n'), line => line.StartsWith("camelid: ", StringComparison.Ordinal));
    }

    private Task<(int Code, string Said)> NodeAsync(params string[] args) =>
        EndAsync("Camelid.Node", [], ["--data-dir", folder, .. args]);

    private static async Task<(int Code, string Said)> EndAsync(
        string project, IReadOnlyList<string> variables, params string[] args)
    {
        await using RunningProgram program = RunningProgram.Start(Program(project), variables, args);
        int code = await program.ExitAsync(EndMax);
        return (code, program.Said);
    }
}
