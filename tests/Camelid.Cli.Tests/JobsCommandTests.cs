using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Camelid.Cli.Tests;

/// <summary>Batch jobs from the command line, against a gateway that answers as it is told.</summary>
public sealed class JobsCommandTests : IAsyncDisposable
{
    private const string JobId = "0707070707070707070707070707070707070707070707070707070707070707";

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-cli-").FullName;
    private readonly List<(string Method, string Path, string Body)> asked = [];
    private WebApplication? gateway;

    /// <summary>What the gateway says for an answer, in turn; the last one stays.</summary>
    private Queue<IResult> Answers { get; } = new();

    private string state = "created";
    private string verdict = "pending";

    public async ValueTask DisposeAsync()
    {
        if (gateway is not null)
        {
            await gateway.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_job_is_submitted_with_its_terms_and_its_id_is_all_of_standard_output()
    {
        (int code, string output, _) = await RunAsync(
            "jobs", "submit", "camelid-nano", "Once", "--max-price", "1200", "--deadline", "30", "--max-tokens", "5");
        Assert.Equal((0, JobId), (code, output.Trim()));
        JsonNode body = JsonNode.Parse(asked[0].Body)!;
        Assert.Equal(("POST", "/v1/jobs"), (asked[0].Method, asked[0].Path));
        Assert.Equal(("Once", 1200, 30, 5), ((string)body["prompt"]!, (int)body["max_price_grains"]!,
            (int)body["deadline_seconds"]!, (int)body["max_tokens"]!));
    }

    [Fact]
    public async Task A_chat_is_submitted_as_messages()
    {
        await RunAsync("jobs", "submit", "camelid-nano", "Hello", "--chat");
        JsonNode body = JsonNode.Parse(asked[0].Body)!;
        Assert.Null(body["prompt"]);
        Assert.Equal("Hello", (string)body["messages"]![0]!["content"]!);
    }

    [Fact]
    public async Task Waiting_writes_states_to_standard_error_and_the_answer_to_standard_output()
    {
        Answers.Enqueue(Results.Json(Job("accepted"), statusCode: 202));
        Answers.Enqueue(Results.Json(Completion("upon a time")));
        state = "delivered";
        (int code, string output, string error) = await RunAsync(
            "jobs", "submit", "camelid-nano", "Once", "--wait");
        Assert.Equal((0, "upon a time"), (code, output.Trim()));
        Assert.Contains("accepted, verification pending, waiting for a testament. Your deposit is locked.", error,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("settled", "passed", 0)]
    [InlineData("settled", "failed", 6)]
    [InlineData("refunded", "pending", 1)]
    public async Task Waiting_for_the_settlement_ends_with_a_code_for_how_it_came(string end, string found, int code)
    {
        Answers.Enqueue(Results.Json(Completion("text")));
        (state, verdict) = (end, found);
        Assert.Equal(code, (await RunAsync("jobs", "wait", JobId)).Code);
    }

    [Theory]
    [InlineData(503, "worker_lost")]
    [InlineData(503, "job_lapsed")]
    [InlineData(409, "cancelled")]
    public async Task A_job_that_ended_without_an_answer_ends_the_wait_with_1_and_its_reason(int status, string reason)
    {
        Answers.Enqueue(Results.Json(
            new { error = new { message = $"Job {JobId} ended: {reason}", type = "server_error", code = reason } },
            statusCode: status));
        state = "expired";
        (int code, string output, string error) = await RunAsync("jobs", "wait", JobId);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains($"Job {JobId} ended", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_that_lasts_too_long_says_so_and_ends_with_1()
    {
        Answers.Enqueue(Results.Json(Job("accepted"), statusCode: 202));
        (int code, _, string error) = await RunAsync("jobs", "wait", JobId, "--timeout", "0");
        Assert.Equal(1, code);
        Assert.Contains("still accepted after 0 s", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_is_one_document_with_both_sides_of_the_job()
    {
        Answers.Enqueue(Results.Json(Completion("text")));
        state = "settled";
        (_, string output, _) = await RunAsync("jobs", "wait", JobId, "--json");
        JsonNode document = JsonNode.Parse(output)!;
        Assert.Equal(("bought", "settled"), ((string)document["side"]!, (string)document["payment"]!["state"]!));
    }

    [Fact]
    public async Task A_job_is_cancelled_and_shown()
    {
        (int code, string output, _) = await RunAsync("jobs", "cancel", JobId);
        Assert.Equal(0, code);
        Assert.Contains(asked, call => call.Method == "POST" && call.Path == $"/v1/jobs/{JobId}/cancel");
        Assert.Contains("Your deposit is locked.", output, StringComparison.Ordinal);
    }

    private object Job(string at) => new
    {
        jobId = JobId, modelRoot = new string('a', 64), createdUnixMs = 1, updatedUnixMs = 1, promptTokens = 1,
        outputTokens = 0, side = "bought", money = "Your deposit is locked.", waitingFor = "a testament",
        payment = new { state = at, grains = 0 }, verification = new { level = "full", verdict },
        transitions = Array.Empty<object>(),
    };

    private static object Completion(string text) => new
    {
        id = "cmpl-" + JobId, created = 1, model = "camelid-nano",
        choices = new[] { new { index = 0, text, finish_reason = "stop" } },
    };

    private async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        gateway = builder.Build();
        gateway.Urls.Add("http://127.0.0.1:0");
        gateway.Use(async (context, next) =>
        {
            using StreamReader reader = new(context.Request.Body);
            asked.Add((context.Request.Method, context.Request.Path, await reader.ReadToEndAsync()));
            await next(context);
        });
        gateway.MapPost("/v1/jobs", () => Results.Json(Job(state), statusCode: 202));
        gateway.MapGet("/v1/jobs/{id}", (string id) => Results.Json(Job(state)));
        gateway.MapPost("/v1/jobs/{id}/cancel", (string id) => Results.Json(Job(state), statusCode: 202));
        gateway.MapGet("/v1/jobs/{id}/answer", (string id) => Answers.Count > 1 ? Answers.Dequeue() : Answers.Peek());
        await gateway.StartAsync(TestContext.Current.CancellationToken);
        string keyFile = Path.Combine(folder, "key");
        await File.WriteAllTextAsync(keyFile, "cml-key", TestContext.Current.CancellationToken);
        using StringWriter output = new();
        using StringWriter error = new();
        int code = await CommandLine.RunAsync(
            [.. args, "--url", gateway.Urls.Single(), "--api-key-file", keyFile],
            new Terminal(new StringReader(""), output, error));
        return (code, output.ToString(), error.ToString());
    }
}
