using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Camelid.Cli.Verification;
using Camelid.Client;
using Camelid.Client.Receipts;
using Camelid.Protocol;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid verify FILE|JOB|-</c>: checks a receipt, offline, down to each token.</summary>
internal static class VerifyCommand
{
    private const int ReceiptBytesMax = 64 << 20;

    /// <summary>Nulls where the format has none are refused: the checks rely on it.</summary>
    private static readonly CamelidJson Strict = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict,
    });

    private static readonly Argument<string> Source = new("RECEIPT")
    {
        Description = "a file, - for standard input, or a job to fetch from the gateway",
    };

    public static Command Build(Terminal terminal)
    {
        Command command = new("verify",
            "Check a receipt offline: every hash, signature and amount, and every token against the model.") { Source };
        command.SetAction(async (parse, cancellation) =>
        {
            (ReceiptDocument receipt, IReadOnlyList<string> unknown) = await ReadAsync(terminal, parse, cancellation);
            ReceiptCheck check = ReceiptCheck.Of(receipt, unknown);
            ReceiptRecomputation recomputed = check.Parameters is null
                ? ReceiptRecomputation.None
                : await ReceiptRecomputation.RunAsync(check, Gateway.DataFolderOf(parse), cancellation);
            List<ReceiptFinding> findings = [.. recomputed.Findings, .. check.Findings];
            if (findings.Count == 0 && recomputed.MissingModel is { } root)
            {
                throw new CommandFailure(ExitCode.NotFound,
                    $"the model {root} is not on this machine: the receipt's hashes and signatures hold, its tokens "
                    + $"were not recomputed. Put the package into {recomputed.Folder}, or name the folder of a node by "
                    + "--data-dir.");
            }

            Write(terminal, receipt, findings, parse.GetValue(Gateway.Json));
            return (int)(findings.Count == 0 ? ExitCode.Ok : ExitCode.VerificationFailed);
        });
        return command;
    }

    /// <summary>The receipt, and the paths of fields in its file that are not part of one.</summary>
    private static async Task<(ReceiptDocument Receipt, IReadOnlyList<string> Unknown)> ReadAsync(
        Terminal terminal, ParseResult parse, CancellationToken cancellationToken)
    {
        string source = parse.GetRequiredValue(Source);
        if (!File.Exists(source) && Hash256.TryParse(source, out _))
        {
            using CamelidClient client = Gateway.Open(parse);
            return (await client.GetReceiptAsync(source, cancellationToken), []);
        }

        if (source != "-" && !File.Exists(source))
        {
            throw new CommandFailure(ExitCode.NotFound, $"no file '{source}', and it is no job id of 64 digits either");
        }

        if (source != "-" && new FileInfo(source).Length > ReceiptBytesMax)
        {
            throw new CommandFailure(ExitCode.Usage, $"{source}: larger than any receipt ({ReceiptBytesMax} bytes)");
        }

        string text = source == "-"
            ? await terminal.In.ReadToEndAsync(cancellationToken)
            : await File.ReadAllTextAsync(source, cancellationToken);
        try
        {
            ReceiptDocument? receipt = JsonSerializer.Deserialize(text, Strict.ReceiptDocument);
            using JsonDocument document = JsonDocument.Parse(text);
            return receipt is { Version: ReceiptDocument.VersionCurrent }
                ? (receipt, ReceiptFieldNames.Unknown(document.RootElement, Strict.ReceiptDocument))
                : throw new CommandFailure(ExitCode.Usage,
                    $"{source}: receipt version {receipt?.Version}; this tool reads {ReceiptDocument.VersionCurrent}");
        }
        catch (JsonException exception)
        {
            throw new CommandFailure(ExitCode.Usage, $"{source}: not a receipt: {exception.Message}");
        }
    }

    private static void Write(Terminal terminal, ReceiptDocument receipt, List<ReceiptFinding> findings, bool json)
    {
        if (json)
        {
            terminal.WriteJson(new JsonObject
            {
                ["ok"] = findings.Count == 0,
                ["jobId"] = receipt.JobId,
                ["findings"] = new JsonArray([.. findings.Select(finding => new JsonObject
                {
                    ["field"] = finding.Field, ["position"] = finding.Position, ["message"] = finding.Message,
                })]),
            });
            return;
        }

        foreach (ReceiptFinding finding in findings)
        {
            terminal.Out.WriteLine($"{finding.Field}: {finding.Message}");
        }

        terminal.Out.WriteLine(findings.Count == 0
            ? $"verified: job {receipt.JobId}, {receipt.Output.Tokens.Count} tokens recomputed"
            : $"NOT verified: job {receipt.JobId}, {findings.Count} findings");
    }
}
