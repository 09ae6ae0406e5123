using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Camelid.Cli;
using Camelid.TestKit;

namespace Camelid.Cluster.Tests;

/// <summary>The whole system from outside: the readme's commands, an answer down to settlement, bad input.</summary>
public sealed class WalkTests(WalkingNode node) : IClassFixture<WalkingNode>
{
    private const string Marker = "<!-- runs as a test -->";

    [Fact]
    public async Task The_commands_of_the_readme_work()
    {
        string script = string.Join('\n', Blocks(await File.ReadAllTextAsync(
            Path.Combine(SharedFiles.RepositoryRoot, "README.md"), TestContext.Current.CancellationToken)));
        Assert.Contains("verify", script, StringComparison.Ordinal);
        script = script.Replace("127.0.0.1:8080", $"127.0.0.1:{node.Port}", StringComparison.Ordinal)
            .Replace("~/.camelid", node.DataFolder, StringComparison.Ordinal)
            .Replace("./camelid", Path.Combine(SharedFiles.RepositoryRoot, "camelid"), StringComparison.Ordinal);
        (int code, string output) = await BashAsync("set -euo pipefail\n" + script);
        Assert.True(code == 0, output);
        Assert.Contains("\"verdict\":\"passed\"", output.Replace(" ", "", StringComparison.Ordinal),
            StringComparison.Ordinal);
        Assert.Contains("verified: job", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Marked_blocks_are_found_and_others_are_not() =>
        Assert.Equal(["echo a"], Blocks($"```sh\necho no\n```\n{Marker}\n```sh\necho a\n```\n"));

    [Fact]
    public async Task A_receipt_is_checked_down_to_each_token_and_each_change_is_named()
    {
        (int ran, string answer, string error) = await CliAsync(
            "run", "camelid-nano", "There once was a camel", "--max-tokens", "24", "--seed", "7", "--json");
        Assert.True(ran == 0, error);
        JsonNode run = JsonNode.Parse(answer)!;
        Assert.Equal("passed", (string?)run["verification"]!["verdict"]);
        string job = (string)run["jobId"]!;
        Assert.Equal(0, (await CliAsync("jobs", "wait", job)).Code);
        using HttpClient http = node.Http(node.ApiKey);
        string honest = await http.GetStringAsync(
            new Uri($"/v1/receipts/{job}", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(0, (await VerifyAsync(honest, _ => { })).Code);
        await WithoutTheModelAsync(honest);

        await Named(honest, receipt => Set(receipt, "output.tokens.5", 3), "position 5");
        await Named(honest, receipt => Set(receipt, "parameters.promptTokens.1", 3), "parameters.promptTokens");
        await Named(honest, receipt => Set(receipt, "seed", new string('0', 64)), "seed");
        await Named(honest, receipt => Set(receipt, "parameters.maxTokens", 25), "parameters.maxTokens");
        await Named(honest, receipt => Set(receipt, "parameters.sampling.temperatureMillionths", 1), "temperature");
        await Named(honest, receipt => Set(receipt, "parameters.priceGrainsPerToken", 1), "priceGrainsPerToken");
        await Named(honest, receipt => Set(receipt, "parameters.modelRoot", new string('1', 64)), "modelRoot");
        await Named(honest, receipt => Set(receipt, "payment.amountGrains", 1), "payment.amountGrains");
        await Named(honest, receipt => Set(receipt, "output.text", "gold"), "output.text");
        await Named(honest, receipt => Set(receipt, "workerKey", (string)receipt["clientKey"]!), "testament.signature");
        await Named(honest, receipt => Set(receipt, "attestation.verdict", "failed"), "attestation.verdict");
        await Named(honest, receipt => Set(receipt, "outputKey", new string('2', 64)), "outputKey");
    }

    [Theory]
    [InlineData("""{"model":"nobody","prompt":"a"}""", 404, "model_not_found")]
    [InlineData("""{"model":"camelid-nano","prompt":""}""", 400, "prompt")]
    [InlineData("""{"model":"camelid-nano","prompt":"a","max_tokens":0}""", 400, "max_tokens")]
    [InlineData("""{"model":"camelid-nano","prompt":"a","max_tokens":1000000}""", 400, "max_tokens")]
    [InlineData("""{"model":"camelid-nano","prompt":""", 400, "error")]
    [InlineData("""{"model":"camelid-nano","prompt":"a","suffix":"b"}""", 400, "suffix")]
    public async Task Bad_input_gets_its_status_and_names_what_is_wrong(string body, int status, string named)
    {
        using HttpClient http = node.Http(node.ApiKey);
        using StringContent content = new(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.PostAsync(
            new Uri("/v1/completions", UriKind.Relative), content, TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.NotNull(JsonNode.Parse(text)?["error"]?["message"]);
        Assert.Contains(named, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("cml-wrong")]
    public async Task Without_the_right_key_nothing_is_served(string? key)
    {
        using HttpClient http = node.Http(key);
        using HttpResponseMessage response = await http.GetAsync(
            new Uri("/v1/models", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(401, (int)response.StatusCode);
    }

    /// <summary>Without the model, here and in the data folder: exit code 3, and where to put it.</summary>
    private async Task WithoutTheModelAsync(string honest)
    {
        string tool = RunningProgram.Copy("Camelid.Cli", Path.Combine(node.Folder, "tool"));
        Directory.Delete(Path.Combine(tool, "models"), recursive: true);
        string file = Path.Combine(node.Folder, "receipt-without-model.json");
        await File.WriteAllTextAsync(file, honest, TestContext.Current.CancellationToken);
        await using RunningProgram verify = RunningProgram.Start(Path.Combine(tool, "camelid.dll"),
            [$"CAMELID_DATA_DIR={Path.Combine(node.Folder, "empty")}"], "verify", file);
        Assert.Equal((int)ExitCode.NotFound, await verify.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("is not on this machine", verify.Said, StringComparison.Ordinal);
        Assert.Contains("--data-dir", verify.Said, StringComparison.Ordinal);
    }

    private static void Set(JsonNode receipt, string path, JsonNode value)
    {
        string[] names = path.Split('.');
        JsonNode place = receipt;
        foreach (string name in names[..^1])
        {
            place = place[name]!;
        }

        if (place is JsonArray list)
        {
            list[int.Parse(names[^1])] = value;
        }
        else
        {
            place[names[^1]] = value;
        }
    }

    private async Task Named(string honest, Action<JsonNode> change, string named)
    {
        (int code, string output) = await VerifyAsync(honest, change);
        Assert.True(code == (int)ExitCode.VerificationFailed, $"{named}: exit code {code}\n{output}");
        Assert.Contains(named, output, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output)> VerifyAsync(string honest, Action<JsonNode> change)
    {
        JsonNode receipt = JsonNode.Parse(honest)!;
        change(receipt);
        string file = Path.Combine(node.Folder, "receipt-under-test.json");
        await File.WriteAllTextAsync(file, receipt.ToJsonString(), TestContext.Current.CancellationToken);
        (int code, string output, string error) = await CliAsync("verify", file);
        return (code, output + error);
    }

    /// <summary>The real program: ONNX Runtime reads the environment of a process at its start.</summary>
    private async Task<(int Code, string Output, string Error)> CliAsync(params string[] args)
    {
        string tool =
            Path.Combine(SharedFiles.RepositoryRoot, "artifacts", "bin", "Camelid.Cli", "release", "camelid.dll");
        return await RunAsync("dotnet", [tool, .. args]);
    }

    private async Task<(int Code, string Output)> BashAsync(string script)
    {
        (int code, string output, string error) = await RunAsync("bash", ["-c", script]);
        return (code, output + error);
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(string program, string[] args)
    {
        ProcessStartInfo start = new(program, args)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = node.Folder,
        };
        start.Environment["CAMELID_URL"] = $"http://127.0.0.1:{node.Port}";
        start.Environment["CAMELID_DATA_DIR"] = node.DataFolder;
        start.Environment["ORT_GQA_DISABLE_FLASH_ATTENTION"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output, await error);
    }

    private static IEnumerable<string> Blocks(string markdown)
    {
        string[] lines = markdown.Split('\n');
        for (int index = 0; index + 1 < lines.Length; index++)
        {
            if (lines[index].Trim() == Marker && lines[index + 1].StartsWith("```", StringComparison.Ordinal))
            {
                yield return string.Join('\n', lines.Skip(index + 2).TakeWhile(line => line != "```"));
            }
        }
    }
}
