using System.Net;
using System.Text.Json.Nodes;
using Camelid.Cli;

namespace Camelid.Cluster.Tests;

/// <summary>
/// A node that lacks something that a completion needs: each is named with its status, at once, and nothing hangs.
/// </summary>
public sealed class BadTimesTests : IDisposable
{
    private const string Nano = "camelid-nano";
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-bad-times-").FullName;
    private readonly int port = RunningProgram.FreePort();

    private string DataFolder => Path.Combine(folder, "data");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Without_money_a_completion_is_402_and_the_tool_ends_with_5()
    {
        await using RunningProgram node = Node([Program()], "Chain__FundClient=false");
        await node.HealthAsync(port, IsReady);
        Answer answer = await RunningProgram.AskAsync(port, DataFolder, "Once");
        Assert.Equal((402, "insufficient_funds"), (answer.Status, answer.Code));
        Assert.Contains("Send coins to ", answer.Message, StringComparison.Ordinal);
        await using RunningProgram tool = RunningProgram.Start(
            Path.Combine(RunningProgram.FolderOf("Camelid.Cli"), "camelid.dll"),
            [$"CAMELID_URL=http://127.0.0.1:{port}", $"CAMELID_DATA_DIR={DataFolder}"], "run", Nano, "Once");
        Assert.Equal((int)ExitCode.NoMoney, await tool.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("Send coins to ", tool.Said, StringComparison.Ordinal);
        await node.StopAsync();
    }

    [Fact]
    public async Task Without_a_model_that_loads_no_worker_is_there_and_both_are_named()
    {
        await using RunningProgram node = Node([Program(), "--model", "nobody"]);
        string health = await node.HealthAsync(port, (status, text) => status == HttpStatusCode.ServiceUnavailable
            && text.Contains("worker: none", StringComparison.Ordinal)
            && text.Contains("'nobody' is not here", StringComparison.Ordinal)
            && !text.Contains("stake", StringComparison.Ordinal));
        Assert.Contains($"one of: {Nano}", health, StringComparison.Ordinal);
        Answer answer = await RunningProgram.AskAsync(port, DataFolder, "Once");
        Assert.Equal((503, "no_worker"), (answer.Status, answer.Code));
        Assert.Contains("no worker", answer.Message, StringComparison.Ordinal);
        Assert.NotNull(answer.RetryAfter);
        await node.StopAsync();
    }

    /// <summary>One folder, three starts: a single deposit, a damaged model, and one damaged beyond repair.</summary>
    [Fact]
    public async Task A_deposit_in_use_is_503_and_a_damaged_model_is_restored_or_named()
    {
        await using (RunningProgram node = Node(
            [Program()], "Chain__DepositCount=1", "Chain__BlockPauseMilliseconds=400"))
        {
            await node.HealthAsync(port, IsReady);
            Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(
                index => RunningProgram.AskAsync(port, DataFolder, $"Once {index}")));
            Assert.Contains(answers, answer => answer.Status == 200);
            Assert.Contains(answers, answer => answer.Status == 503);
            Assert.All(answers.Where(answer => answer.Status != 200), answer =>
            {
                Assert.Equal((503, "no_free_deposit"), (answer.Status, answer.Code));
                Assert.True(answer.RetryAfter > TimeSpan.Zero);
                Assert.Contains("Try again", answer.Message, StringComparison.Ordinal);
            });
            await node.StopAsync();
        }

        string installed = Assert.Single(Directory.GetDirectories(Path.Combine(DataFolder, "regtest", "models")));
        Damage(Path.Combine(installed, "model.bin"));
        await using (RunningProgram node = Node([Program()]))
        {
            await node.HealthAsync(port, IsReady);
            Assert.Contains("It is imported again from the intact copy", node.Said, StringComparison.Ordinal);
            Assert.Equal(200, (await RunningProgram.AskAsync(port, DataFolder, "A model")).Status);
            await node.StopAsync();
        }

        Damage(Path.Combine(installed, "model.bin"));
        await using (RunningProgram node = Node([ProgramWithDamagedModel()]))
        {
            string health = await node.HealthAsync(port, (status, text) => status == HttpStatusCode.ServiceUnavailable
                && text.Contains("model.bin", StringComparison.Ordinal));
            Assert.NotEmpty(JsonNode.Parse(health)!["missing"]!.AsArray());
            Answer answer = await RunningProgram.AskAsync(port, DataFolder, "Once");
            Assert.Equal((503, "model_damaged"), (answer.Status, answer.Code));
            Assert.Contains("model.bin", answer.Message, StringComparison.Ordinal);
            await node.StopAsync();
        }
    }

    private static bool IsReady(HttpStatusCode status, string text) => status == HttpStatusCode.OK;

    private static string Program() => Path.Combine(RunningProgram.FolderOf("Camelid.Node"), "Camelid.Node.dll");

    /// <summary>Flips one bit in the middle.</summary>
    private static void Damage(string file)
    {
        using FileStream stream = new(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = stream.Length / 2;
        int old = stream.ReadByte();
        stream.Position--;
        stream.WriteByte((byte)(old ^ 1));
    }

    /// <summary>A copy of the program in which the embedded model is damaged too.</summary>
    private string ProgramWithDamagedModel()
    {
        string copy = RunningProgram.Copy("Camelid.Node", Path.Combine(folder, "program"));
        Damage(Path.Combine(copy, "models", Nano, "model.bin"));
        return Path.Combine(copy, "Camelid.Node.dll");
    }

    private RunningProgram Node(string[] words, params string[] variables) => RunningProgram.Start(
        words[0], variables, [.. words[1..], "--port", $"{port}", "--data-dir", DataFolder]);
}
