using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Camelid.Cli.Tests;

/// <summary>Models of other operators on the command line, against routes that answer as a registry does.</summary>
public sealed class ModelsNetworkTests : IAsyncLifetime
{
    private const string Root = "56cdba2644a5c4b8a45a5131b824cc361ad68a8e0ec19781411a5beabb322d49";

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-cli").FullName;
    private readonly List<string> asked = [];
    private WebApplication app = null!;
    private long settledJobs;
    private string state = "done", reason = "", message = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string KeyFile => Path.Combine(folder, "key");

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(KeyFile, "cml-key", CancellationToken.None);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/api/models/announced", () => new[]
        {
            new { root = Root, name = "hf", bytesCount = 20_000_000, holdersCount = 3, settledJobs, isLocal = false },
        });
        app.MapGet("/api/models/{model}", (string model) => model == "here"
            ? Results.Ok(new { root = Root, name = "here", state = "present", isPublished = true })
            : Results.Problem($"model '{model}' is not here", statusCode: StatusCodes.Status404NotFound));
        app.MapPost("/api/models/pull", () => Pull("finding", 0, 0));
        app.MapGet("/api/models/pulls/{root}", (string root) =>
        {
            asked.Add(root);
            return asked.Count switch
            {
                1 => Pull("fetching", 5_000_000, 20_000_000),
                2 => Pull("fetching", 15_000_000, 20_000_000),
                _ => Pull(state, 20_000_000, 20_000_000),
            };
        });
        app.MapGet("/api/models/pulls", () => new[] { Pull("fetching", 5_000_000, 20_000_000) });
        app.MapPost("/api/models/{model}/publish", (string model) => new
        {
            root = Root, name = model, isPublished = true, lineage = new[] { "aa", "bb" },
        });
        app.MapDelete("/api/models/{model}", (string model) => model == "served"
            ? Results.Problem("it is served", statusCode: StatusCodes.Status409Conflict)
            : Results.Ok(new { root = Root, removed = true }));
        await app.StartAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_pull_shows_its_progress_names_the_liar_and_ends_with_0()
    {
        (int code, string output, string error) = await RunAsync("", "models", "pull", "hf", "--yes");
        Assert.Equal(0, code);
        Assert.Contains("fetching:  25 %  5.0 of 20.0 MB", error, StringComparison.Ordinal);
        Assert.Contains("fetching:  75 %", error, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:9 is asked no more: wrong-chunk (node 77)", error, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:7: 12 chunks, 12.0 MB", output, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:9: 1 chunks, 1.0 MB, wrong-chunk (node 77)", output, StringComparison.Ordinal);
        Assert.All(asked, root => Assert.Equal(Root, root));
    }

    [Fact]
    public async Task With_json_one_document_is_on_standard_output()
    {
        (int code, string output, _) = await RunAsync("", "models", "pull", "hf", "--yes", "--json");
        Assert.Equal(0, code);
        Assert.Equal("done", JsonNode.Parse(output)!["state"]!.GetValue<string>());
    }

    [Theory]
    [InlineData(9, null, 4)]
    [InlineData(9, "n", 4)]
    [InlineData(9, "y", 0)]
    [InlineData(10, null, 0)]
    public async Task A_model_that_few_jobs_have_used_is_pulled_only_where_somebody_says_so(
        long jobs, string? answer, int expected)
    {
        settledJobs = jobs;
        (int code, _, string error) = await RunAsync(answer, "models", "pull", "hf");
        Assert.Equal(expected, code);
        Assert.Equal(expected == 0, asked.Count > 0);
        Assert.Equal(jobs < 10, error.Contains("9 settled jobs", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("no-holder", 3)]
    [InlineData("quota", 4)]
    [InlineData("bad-package", 1)]
    public async Task A_pull_that_fails_says_why(string why, int expected)
    {
        (state, reason, message) = ("failed", why, "the words of the node");
        (int code, string output, string error) = await RunAsync("", "models", "pull", "hf", "--yes");
        Assert.Equal((expected, ""), (code, output));
        Assert.Contains($"the words of the node ({why})", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_here_is_not_pulled_again()
    {
        (int code, _, string error) = await RunAsync("", "models", "pull", "here");
        Assert.Equal((0, 0), (code, asked.Count));
        Assert.Contains("is here already", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("publish hf", 0, "versions before  aa ← bb")]
    [InlineData("announced", 0, "20.0 MB  3")]
    [InlineData("pulls", 0, "fetching  5.0 MB  20.0 MB")]
    [InlineData("rm hf", 0, "removed " + Root)]
    [InlineData("rm served", 4, "")]
    public async Task Each_word_writes_what_one_looks_for(string words, int expected, string line)
    {
        (int code, string output, _) = await RunAsync("", ["models", .. words.Split(' ')]);
        Assert.Equal(expected, code);
        Assert.Contains(line, output, StringComparison.Ordinal);
    }

    private object Pull(string now, long have, long total) => new
    {
        root = Root,
        name = "hf",
        state = now,
        reason,
        message,
        bytesHave = have,
        bytesCount = total,
        requestedUnixMs = 1_000,
        endedUnixMs = now is "done" or "failed" ? 3_500 : 0,
        holders = total == 0 ? [] : new[]
        {
            new
            {
                address = "127.0.0.1:7", nodeId = "55", isConnected = true, fault = "none", isDropped = false,
                chunks = 12, bytes = 12_000_000,
            },
            new
            {
                address = "127.0.0.1:9", nodeId = "77", isConnected = false, fault = "wrong-chunk", isDropped = true,
                chunks = 1, bytes = 1_000_000,
            },
        },
    };

    /// <param name="keyboard">What is typed; null where nobody is at a keyboard.</param>
    /// <param name="args">The words.</param>
    private async Task<(int Code, string Output, string Error)> RunAsync(string? keyboard, params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        Terminal terminal = new(new StringReader(keyboard ?? ""), output, error)
        {
            ReadHidden = keyboard is null ? null : () => "",
        };
        string[] words = ["--url", app.Urls.Single(), "--api-key-file", KeyFile, .. args];
        int code = await CommandLine.RunAsync(words, terminal).WaitAsync(Cancellation);
        return (code, output.ToString(), error.ToString());
    }
}
