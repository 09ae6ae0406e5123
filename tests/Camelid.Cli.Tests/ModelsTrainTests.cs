using System.Text.Json.Nodes;
using Camelid.Cli.Commands;
using Camelid.ModelRuntime.Training;

namespace Camelid.Cli.Tests;

/// <summary><c>camelid models train</c>, as a user sees it.</summary>
public sealed class ModelsTrainTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-cli-train-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_training_becomes_a_package_that_is_verified_and_a_changed_one_ends_with_6()
    {
        (int code, string output, string error) = await RunAsync(
            "models", "train", "nano", "--out", folder, "--steps", "2", "--json");
        Assert.True(code == 0, error);
        Assert.True(JsonNode.Parse(output)!["loss"]!.GetValue<double>() > 1);
        Assert.Equal(2, JsonNode.Parse(error.TrimEnd().Split('\n')[^1])!["step"]!.GetValue<int>());
        Assert.True(File.Exists(Path.Combine(folder, "manifest.json")));

        (code, output, error) = await RunAsync("models", "train", "verify", folder, "--step", "2");
        Assert.True(code == 0, error);
        Assert.Contains("equal, bit for bit", output, StringComparison.Ordinal);

        string chain = Path.Combine(folder, "chain", "chain.jsonl");
        string[] lines = await File.ReadAllLinesAsync(chain, TestContext.Current.CancellationToken);
        lines[1] = lines[1].Replace("\"loss\":\"4", "\"loss\":\"5", StringComparison.Ordinal);
        await File.WriteAllLinesAsync(chain, lines, TestContext.Current.CancellationToken);
        (code, output, _) = await RunAsync("models", "train", "verify", folder, "--step", "2");
        Assert.Equal(6, code);
        Assert.Contains("step 1", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_without_a_training_says_what_to_give()
    {
        (int code, _, string error) = await RunAsync("models", "train", "verify", folder);
        Assert.Equal(6, code);
        Assert.Contains("--out folder of a training", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lora_of_a_model_that_is_not_here_ends_with_3()
    {
        (int code, _, string error) = await RunAsync(
            "models", "train", "lora", "--model", "nobody", "--data", "x.txt", "--out", folder, "--data-dir", folder);
        Assert.Equal(3, code);
        Assert.Contains("nobody", error, StringComparison.Ordinal);
    }

    [Fact]
    public void On_a_terminal_one_line_moves_with_steps_loss_speed_and_time()
    {
        using StringWriter error = new();
        StoppedClock clock = new();
        TrainingProgressLine line = new(
            new Terminal(new StringReader(""), TextWriter.Null, error) { IsInteractive = true }, json: false, clock);
        clock.Elapsed = TimeSpan.FromMinutes(2);
        line.Report(new TrainingProgress(50, 100, 1.5f, 2000));
        line.End();
        Assert.Equal(
            "\r[############............] 50/100  loss 1.5000  2000 tokens/s  2 min left   "
            + Environment.NewLine, error.ToString());
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int code = await CommandLine.RunAsync(args, new Terminal(new StringReader(""), output, error));
        return (code, output.ToString(), error.ToString());
    }

    private sealed class StoppedClock : TimeProvider
    {
        public TimeSpan Elapsed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Elapsed.Ticks;
    }
}
