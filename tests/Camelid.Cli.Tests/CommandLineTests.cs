using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Camelid.Cli.Tests;

/// <summary>Exit codes and where words go: data to standard output, everything else to standard error.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-cli-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("frob")]
    [InlineData("run camelid-nano")]
    [InlineData("run camelid-nano hello --temperature warm")]
    [InlineData("jobs")]
    [InlineData("wallet address nobody")]
    [InlineData("wallet restore abandon abandon about")]
    [InlineData("wallet create")]
    [InlineData("models train other --out x")]
    [InlineData("models import")]
    [InlineData("models import x --precision int3")]
    [InlineData("chain info --url nowhere")]
    [InlineData("nodes up --root / --nodes 1")]
    [InlineData("nodes up --root / --nodes 17")]
    [InlineData("nodes up --root / --nodes 3 --port 65530")]
    [InlineData("chain mining")]
    [InlineData("chain fee --blocks few")]
    [InlineData("chain mining start --threads many")]
    public async Task A_command_line_out_of_form_ends_with_2(string line)
    {
        (int code, string output, string error) = await RunAsync(line.Split(' '));
        Assert.Equal(2, code);
        Assert.Equal("", output);
        Assert.StartsWith("camelid: ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("jobs ls")]
    [InlineData("run camelid-nano hello")]
    [InlineData("wallet balance")]
    public async Task Nobody_at_the_address_ends_with_7(string line)
    {
        (int code, _, string error) = await RunAsync([.. line.Split(' '), "--url", "http://127.0.0.1:1"]);
        Assert.Equal(7, code);
        Assert.Contains("./camelid up", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receipt_that_is_nowhere_ends_with_3() =>
        Assert.Equal(3, (await RunAsync("verify", Path.Combine(folder, "none.json"))).Code);

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"version\": 2}")]
    public async Task What_is_no_receipt_ends_with_2(string text)
    {
        string file = Path.Combine(folder, "receipt.json");
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        (int code, _, string error) = await RunAsync("verify", file);
        Assert.Equal(2, code);
        Assert.Contains(file, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest, 2)]
    [InlineData(HttpStatusCode.Unauthorized, 4)]
    [InlineData(HttpStatusCode.PaymentRequired, 5)]
    [InlineData(HttpStatusCode.NotFound, 3)]
    [InlineData(HttpStatusCode.ServiceUnavailable, 4)]
    [InlineData(HttpStatusCode.InternalServerError, 1)]
    public void A_refusal_has_the_exit_code_of_its_kind(HttpStatusCode status, int code) =>
        Assert.Equal(code, (int)CommandLine.CodeOf(status));

    [Fact]
    public async Task What_an_operators_route_refuses_is_said_in_its_words()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using WebApplication app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/api/chain/view/addresses/{address}", (string address) =>
            Results.Problem($"'{address}' is no address", statusCode: StatusCodes.Status400BadRequest));
        await app.StartAsync(TestContext.Current.CancellationToken);
        string keyFile = Path.Combine(folder, "key");
        await File.WriteAllTextAsync(keyFile, "cml-key", TestContext.Current.CancellationToken);
        (int code, _, string error) = await RunAsync(
            "--url", app.Urls.Single(), "--api-key-file", keyFile, "chain", "address", "nonsense");
        Assert.Equal(2, code);
        Assert.Contains("'nonsense' is no address", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Amounts_leave_as_text_and_counts_as_numbers()
    {
        JsonNode? rewritten = Amounts.AsText(JsonNode.Parse(
            """{"grains": 9007199254740993, "list": [{"feeGrains": 1}], "tokens": 3, "grainsText": null}"""));
        Assert.Equal(
            """{"grains":"9007199254740993","list":[{"feeGrains":"1"}],"tokens":3,"grainsText":null}""",
            rewritten!.ToJsonString());
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Completions_know_the_words_of_the_tool(string shell)
    {
        (int code, string output, _) = await RunAsync("completion", shell);
        Assert.Equal(0, code);
        Assert.Contains("verify", output, StringComparison.Ordinal);
        Assert.Contains("wallet", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_names_every_command()
    {
        (int code, string output, _) = await RunAsync("--help");
        Assert.Equal(0, code);
        foreach (string word in new[] { "run", "verify", "jobs", "wallet", "models", "chain", "node", "doctor" })
        {
            Assert.Contains($"  {word}", output, StringComparison.Ordinal);
        }
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int code = await CommandLine.RunAsync(args, new Terminal(new StringReader(""), output, error));
        return (code, output.ToString(), error.ToString());
    }
}
