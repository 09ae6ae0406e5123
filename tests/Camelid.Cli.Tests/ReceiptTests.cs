using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Graphs;
using Camelid.TestKit;

namespace Camelid.Cli.Tests;

/// <summary>
/// <c>camelid verify</c> on two receipts of a real node: of a whole answer, and of a job that its client stopped.
/// </summary>
public sealed class ReceiptTests : IDisposable
{
    private const string Answer = "answer.json", Cancelled = "cancelled.json";
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-receipt-").FullName;

    [ModuleInitializer]
    internal static void PrepareEnvironment() => NativeEnvironment.Prepare();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(Answer)]
    [InlineData(Cancelled)]
    public async Task An_honest_receipt_passes(string name)
    {
        (int code, JsonNode report) = await VerifyAsync(Read(name));
        Assert.Equal("[]", report["findings"]!.ToJsonString());
        Assert.Equal(0, code);
    }

    /// <summary>A field that nobody signed must not ride along beside the signed ones.</summary>
    [Theory]
    [InlineData("", "temperature", "temperature")]
    [InlineData("parameters", "temperature", "parameters.temperature")]
    [InlineData("parameters.sampling", "temperature", "parameters.sampling.temperature")]
    [InlineData("parameters", "MaxTokens", "parameters.MaxTokens")]
    [InlineData("output", "note", "output.note")]
    [InlineData("testament", "note", "testament.note")]
    [InlineData("attestation", "note", "attestation.note")]
    [InlineData("payment", "note", "payment.note")]
    public async Task A_field_that_is_not_part_of_a_receipt_is_named(string place, string field, string finding)
    {
        JsonNode receipt = Read(Answer);
        JsonNode parent = place.Length == 0 ? receipt : place.Split('.').Aggregate(receipt, (at, name) => at[name]!);
        parent[field] = field == "MaxTokens" ? parent["maxTokens"]!.DeepClone() : 0.5;
        (int code, JsonNode report) = await VerifyAsync(receipt);
        Assert.Equal(6, code);
        JsonNode only = Assert.Single(report["findings"]!.AsArray())!;
        Assert.Equal(finding, (string?)only["field"]);
        Assert.Equal("is not part of a receipt: nobody signed it", (string?)only["message"]);
    }

    [Fact]
    public async Task A_field_that_stands_twice_is_named()
    {
        string text = Read(Answer).ToJsonString().Replace(
            "\"jobId\":", "\"jobId\":\"00\",\"jobId\":", StringComparison.Ordinal);
        (int code, JsonNode report) = await VerifyAsync(text);
        Assert.Equal(6, code);
        Assert.Contains(report["findings"]!.AsArray(), finding => (string?)finding!["field"] == "jobId");
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("of another job")]
    [InlineData("no hexadecimal")]
    public async Task A_cancellation_that_the_client_did_not_sign_is_named(string kind)
    {
        JsonNode receipt = Read(Cancelled);
        receipt["cancellationSignature"] = kind switch
        {
            "missing" => null,
            "of another job" => Read(Answer)["assignmentSignature"]!.DeepClone(),
            _ => "signed",
        };
        (int code, JsonNode report) = await VerifyAsync(receipt);
        Assert.Equal(6, code);
        Assert.Contains(
            report["findings"]!.AsArray(), finding => (string?)finding!["field"] == "cancellationSignature");
    }

    [Fact]
    public async Task A_cancellation_beside_an_output_that_was_not_cancelled_is_named()
    {
        JsonNode receipt = Read(Answer);
        receipt["cancellationSignature"] = Read(Cancelled)["cancellationSignature"]!.DeepClone();
        (int code, JsonNode report) = await VerifyAsync(receipt);
        Assert.Equal(6, code);
        Assert.Equal("cancellationSignature", (string?)report["findings"]![0]!["field"]);
    }

    [Fact]
    public async Task A_receipt_without_attestation_says_to_fetch_it_again()
    {
        JsonNode receipt = Read(Answer);
        receipt["attestation"] = null;
        (int code, JsonNode report) = await VerifyAsync(receipt);
        Assert.Equal(6, code);
        JsonNode only = Assert.Single(report["findings"]!.AsArray())!;
        Assert.Equal("attestation", (string?)only["field"]);
        Assert.Contains("verification is not complete yet: fetch the receipt again", (string?)only["message"]);
    }

    [Fact]
    public async Task A_changed_token_is_named_by_its_position()
    {
        JsonNode receipt = Read(Cancelled);
        receipt["output"]!["tokens"]![100] = 5;
        (int code, JsonNode report) = await VerifyAsync(receipt);
        Assert.Equal(6, code);
        Assert.Equal(100, (int?)report["findings"]![0]!["position"]);
    }

    private static JsonNode Read(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(
        SharedFiles.RepositoryRoot, "tests", "Camelid.Cli.Tests", "Receipts", name)))!;

    private Task<(int Code, JsonNode Report)> VerifyAsync(JsonNode receipt) => VerifyAsync(receipt.ToJsonString());

    private async Task<(int Code, JsonNode Report)> VerifyAsync(string receipt)
    {
        string file = Path.Combine(folder, "receipt.json");
        await File.WriteAllTextAsync(file, receipt, TestContext.Current.CancellationToken);
        using StringWriter output = new();
        using StringWriter error = new();
        int code = await CommandLine.RunAsync(
            ["verify", file, "--json", "--data-dir", folder], new Terminal(new StringReader(""), output, error));
        Assert.Equal("", error.ToString());
        return (code, JsonNode.Parse(output.ToString())!);
    }
}
