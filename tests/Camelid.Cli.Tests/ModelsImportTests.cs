using System.Text.Json.Nodes;
using Camelid.Cli.Commands;
using Camelid.ModelRuntime.Importing;
using Camelid.TestKit;

namespace Camelid.Cli.Tests;

/// <summary><c>camelid models import</c>, as a user sees it.</summary>
public sealed class ModelsImportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-cli-import-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task An_import_lands_where_the_node_of_the_data_folder_looks()
    {
        string source = SharedFiles.SkipUnless("models", "stories260k", "hf");
        (int code, string output, string error) =
            await RunAsync("models", "import", source, "--name", "stories", "--data-dir", folder, "--json");
        Assert.Equal((0, ""), (code, code == 0 ? "" : error));
        JsonNode document = JsonNode.Parse(output)!;
        string root = document["root"]!.GetValue<string>();
        string expected = Path.Combine(folder, "regtest", "models", root);
        Assert.Equal(expected, document["folder"]!.GetValue<string>());
        Assert.True(File.Exists(Path.Combine(expected, "manifest.json")));
        Assert.Contains("100 %", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_that_is_not_there_ends_with_3()
    {
        (int code, _, string error) = await RunAsync("models", "import", Path.Combine(folder, "none"));
        Assert.Equal(3, code);
        Assert.Contains("does not exist", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_no_model_ends_with_2_and_says_what_is_read()
    {
        (int code, _, string error) = await RunAsync("models", "import", folder, "--data-dir", folder);
        Assert.Equal(2, code);
        Assert.Contains("a Hugging Face folder (config.json", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData(false, false, "regtest")]
    [InlineData(true, false, "cluster/modelregistry/regtest")]
    [InlineData(true, true, "regtest")]
    public void A_cluster_without_a_node_beside_it_gets_the_model(bool cluster, bool node, string place)
    {
        Directory.CreateDirectory(Path.Combine(folder, cluster ? "cluster/modelregistry/regtest" : "."));
        Directory.CreateDirectory(Path.Combine(folder, node ? "regtest" : "."));
        Assert.Equal(
            Path.Combine(folder, place, "models"), ModelsImportCommand.ModelsFolderIn(folder));
    }

    [Fact]
    public void On_a_terminal_one_line_moves_with_percent_speed_time_and_tensor()
    {
        StoppedClock time = new();
        using StringWriter error = new();
        ImportProgressLine line = new(
            new Terminal(new StringReader(""), TextWriter.Null, error) { IsInteractive = true }, time);
        line.Report(new ModelImportProgress("", 0, 0, "the context is cut"));
        time.Elapsed = TimeSpan.FromSeconds(2);
        line.Report(new ModelImportProgress("layer.3.qkv", 50_000_000, 200_000_000));
        line.End();
        Assert.Equal(
            "note: the context is cut\n\r"
            + "[#####---------------]  25 %    25.0 MB/s  0:00:06 left  layer.3.qkv".PadRight(79) + "\n",
            error.ToString());
        Assert.Equal(["the context is cut"], line.Notes);
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
