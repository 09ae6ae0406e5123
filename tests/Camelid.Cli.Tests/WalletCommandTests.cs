using System.Text.Json.Nodes;
using Camelid.Cli.Commands;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Camelid.Cli.Tests;

/// <summary>What the wallet's commands send: secrets in bodies, and none on the command line.</summary>
public sealed class WalletCommandTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-wallet-").FullName;
    private readonly List<(string Path, string Body)> asked = [];
    private WebApplication app = null!;
    private bool isSealed = true;

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Map("/api/wallet/{**rest}", async (HttpContext context) =>
        {
            using StreamReader reader = new(context.Request.Body);
            asked.Add((context.Request.Path + context.Request.QueryString.Value, await reader.ReadToEndAsync()));
            return Results.Text(
                $$"""
                {"words": ["abandon", "ability"], "status": {"exists": true}, "address": "mk", "keyFile": "sealed",
                 "sealed": {{(isSealed ? "true" : "false")}}}
                """,
                "application/json");
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        await System.IO.File.WriteAllTextAsync(File("key"), "cml-key", TestContext.Current.CancellationToken);
        await System.IO.File.WriteAllTextAsync(
            File("passphrase"), "correct horse\n", TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Words_come_from_standard_input_and_the_passphrase_from_a_file()
    {
        (int code, _, string error) = await RunAsync(
            "abandon ability\n", null, "restore", "--passphrase-file", File("passphrase"));
        Assert.Equal((0, ""), (code, error));
        (string path, string body) = Assert.Single(asked);
        Assert.Equal("/api/wallet/restore", path);
        JsonNode sent = JsonNode.Parse(body)!;
        Assert.Equal("abandon ability\n", (string?)sent["words"]);
        Assert.Equal("correct horse", (string?)sent["passphrase"]);
    }

    [Fact]
    public async Task A_typed_passphrase_is_asked_for_twice_and_the_words_are_written_numbered()
    {
        Queue<string> typed = new(["correct horse", "correct horse"]);
        (int code, string output, string error) = await RunAsync("", typed, "create");
        Assert.Equal(0, code);
        Assert.Contains("   1 abandon      2 ability", output, StringComparison.Ordinal);
        Assert.Contains("the same again", error, StringComparison.Ordinal);
        Assert.Equal("correct horse", (string?)JsonNode.Parse(Assert.Single(asked).Body)!["passphrase"]);
    }

    [Fact]
    public async Task Two_different_passphrases_make_nothing()
    {
        (int code, _, _) = await RunAsync("", new Queue<string>(["correct horse", "another horse"]), "create");
        Assert.Equal(2, code);
        Assert.Empty(asked);
    }

    [Fact]
    public async Task An_address_is_asked_for_fresh_where_it_is_said_so()
    {
        (_, string output, _) = await RunAsync("", null, "address", "--new");
        Assert.Equal("mk\n", output.ReplaceLineEndings("\n"));
        Assert.Equal(("/api/wallet/address", """{"fresh":true}"""), Assert.Single(asked));
    }

    [Theory]
    [InlineData("unlock --seconds 60", "/api/wallet/unlock", """{"passphrase":"correct horse","seconds":60}""")]
    [InlineData("lock", "/api/wallet/lock", "{}")]
    [InlineData("words", "/api/wallet/words", """{"passphrase":"correct horse"}""")]
    [InlineData("label mk rent", "/api/wallet/labels", """{"subject":"mk","text":"rent"}""")]
    [InlineData("sign mk hello", "/api/wallet/sign", """{"address":"mk","message":"hello"}""")]
    [InlineData("watch add tpub", "/api/wallet/watch", """{"content":"tpub"}""")]
    [InlineData("watch rm tpub", "/api/wallet/unwatch", """{"content":"tpub"}""")]
    public async Task Each_command_asks_its_route(string line, string path, string body)
    {
        Queue<string> typed = new(["correct horse"]);
        Assert.Equal(0, (await RunAsync("", typed, line.Split(' '))).Code);
        Assert.Equal((path, body), asked[^1]);
        Assert.All(asked.SkipLast(1), before => Assert.Equal("/api/wallet/status", before.Path));
    }

    /// <summary>Where no passphrase is set, none is asked for, keyboard or not.</summary>
    [Fact]
    public async Task The_words_of_an_open_wallet_need_no_passphrase()
    {
        isSealed = false;
        Assert.Equal(0, (await RunAsync("", null, "words")).Code);
        Assert.Equal(("/api/wallet/words", """{"passphrase":""}"""), asked[^1]);
        isSealed = true;
        Assert.Equal(2, (await RunAsync("", null, "words")).Code);
    }

    [Fact]
    public async Task A_signature_that_does_not_hold_ends_with_6() =>
        Assert.Equal(6, (await RunAsync("", null, "verify", "mk", "hello", "sig")).Code);

    [Fact]
    public async Task A_backup_is_readable_by_its_owner_alone_and_never_written_over()
    {
        string path = File("backup");
        string[] line = ["backup", path, "--passphrase-file", File("passphrase")];
        Assert.Equal(0, (await RunAsync("", null, line)).Code);
        Assert.Equal("sealed", await System.IO.File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(path));
        }

        Assert.Equal(4, (await RunAsync("", null, line)).Code);
        Assert.Single(asked, question => question.Path == "/api/wallet/backup");
    }

    [Fact]
    public async Task A_payment_is_sent_in_grains_with_a_request_id_of_its_own()
    {
        Assert.Equal(0, (await RunAsync("", null, "send", "mk", "12.5")).Code);
        Assert.Equal(0, (await RunAsync("", null, "send", "mk", "12.5")).Code);
        JsonNode[] sent = [.. asked.Select(request => JsonNode.Parse(request.Body)!)];
        Assert.All(sent, body => Assert.Equal(("1250000000", "0", false),
            ((string?)body["grains"], (string?)body["feeRate"], (bool?)body["dryRun"])));
        Assert.NotEqual((string?)sent[0]["requestId"], (string?)sent[1]["requestId"]);
    }

    [Theory]
    [InlineData("0", 0L)]
    [InlineData("0.00000001", 1L)]
    [InlineData("12.5", 1_250_000_000L)]
    [InlineData("0.29", 29_000_000L)]
    [InlineData("100000000", 10_000_000_000_000_000L)]
    [InlineData("90071992.54740993", 9_007_199_254_740_993L)]
    [InlineData("100000000.00000001", null)]
    [InlineData("0.000000001", null)]
    [InlineData("1.", null)]
    [InlineData(".5", null)]
    [InlineData("-1", null)]
    [InlineData("1e3", null)]
    [InlineData("1,5", null)]
    [InlineData("", null)]
    [InlineData("1.2.3", null)]
    public void An_amount_is_read_exactly_or_not_at_all(string text, long? grains) =>
        Assert.Equal(grains, Amounts.TryParse(text, out long read) ? read : null);

    [Fact]
    public void A_balance_stands_in_one_column()
    {
        using StringWriter output = new();
        Terminal terminal = new(new StringReader(""), output, new StringWriter());
        WalletPages.Balance(terminal, JsonNode.Parse(
            """{"spendableGrains": "9007199254740993", "changeGrains": "5", "totalGrains": "9007199254740998"}"""));
        string[] lines = output.ToString().ReplaceLineEndings("\n").Split('\n');
        Assert.Equal("spendable                  90071992.54740993 CML", lines[0]);
        Assert.Equal("own change, waiting               0.00000005 CML", lines[1]);
        Assert.Equal("total                      90071992.54740998 CML", lines[6]);
    }

    private string File(string name) => Path.Combine(folder, name);

    private async Task<(int Code, string Output, string Error)> RunAsync(
        string input, Queue<string>? typed, params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        Terminal terminal = new(new StringReader(input), output, error)
        {
            ReadHidden = typed is null ? null : typed.Dequeue,
        };
        int code = await CommandLine.RunAsync(
            ["--url", app.Urls.Single(), "--api-key-file", File("key"), "wallet", .. args], terminal);
        return (code, output.ToString(), error.ToString());
    }
}
