using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Camelid.Client;
using Camelid.ModelRuntime.Packages;
using Camelid.Secp256k1;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid doctor</c>: what of this machine and of the node works, and what to do about the rest.</summary>
internal static class DoctorCommand
{
    private const long FreeBytesMin = 1L << 30;

    public static Command Build(Terminal terminal)
    {
        Command command = new("doctor", "Check this machine and the node; exit code 1 where something must be done.");
        command.SetAction(async (parse, cancellation) =>
        {
            Finding[] findings =
            [
                Platform(), Curve(), Environment(), DataFolder(parse), ApiKey(parse), await ModelAsync(cancellation),
                await NodeAsync(parse, cancellation),
            ];
            if (parse.GetValue(Gateway.Json))
            {
                terminal.WriteJson(new JsonArray([.. findings.Select(finding => new JsonObject
                {
                    ["check"] = finding.Check, ["ok"] = finding.IsGood, ["detail"] = finding.Detail,
                })]));
            }
            else
            {
                terminal.WriteRows(["CHECK", "", "DETAIL"], [.. findings.Select(finding =>
                    (IReadOnlyList<string>)[finding.Check, finding.IsGood ? "ok" : "NO", finding.Detail])]);
            }

            return (int)(findings.All(finding => finding.IsGood) ? ExitCode.Ok : ExitCode.Failure);
        });
        return command;
    }

    private static Finding Platform() => new("platform", RuntimeInformation.ProcessArchitecture == Architecture.X64,
        $"{RuntimeInformation.RuntimeIdentifier}, .NET {System.Environment.Version}, "
        + $"{System.Environment.ProcessorCount} processors");

    private static Finding Curve() => new("secp256k1", true, Secp256k1Library.IsInstalled
        ? "libsecp256k1"
        : "managed, slower: install libsecp256k1-1 (./camelid setup does)");

    private static Finding Environment()
    {
        bool isSet = System.Environment.GetEnvironmentVariable("ORT_GQA_DISABLE_FLASH_ATTENTION") == "1";
        return new Finding("determinism", isSet, isSet
            ? "ORT_GQA_DISABLE_FLASH_ATTENTION=1"
            : "ORT_GQA_DISABLE_FLASH_ATTENTION is not 1: start through ./camelid, or set it");
    }

    private static Finding DataFolder(ParseResult parse)
    {
        string folder = Gateway.DataFolderOf(parse);
        if (!Directory.Exists(folder))
        {
            return new Finding("data folder", true, $"{folder} (made by ./camelid up)");
        }

        long free = new DriveInfo(folder).AvailableFreeSpace;
        return new Finding("data folder", free >= FreeBytesMin, $"{folder}, {free >> 20} MiB free");
    }

    private static Finding ApiKey(ParseResult parse)
    {
        bool isThere = Gateway.KeyOf(parse) is not null;
        return new Finding("API key", isThere, isThere
            ? "found"
            : "none: start the node once, or give --api-key-file or CAMELID_API_KEY");
    }

    private static async Task<Finding> ModelAsync(CancellationToken cancellationToken)
    {
        try
        {
            ModelPackage package = await ModelPackage.OpenAsync(ModelPackage.EmbeddedFolder, cancellationToken);
            return new Finding("embedded model", true, $"{package.Name} {package.Root}");
        }
        catch (ModelPackageException exception)
        {
            return new Finding("embedded model", false, exception.Message);
        }
    }

    private static async Task<Finding> NodeAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        try
        {
            using CamelidClient client = Gateway.Open(parse);
            Client.Operator.HealthDocument health = await client.GetHealthAsync(cancellationToken);
            return new Finding("node", health.IsReady, health.IsReady ? "ready" : string.Join("; ", health.Missing));
        }
        catch (HttpRequestException exception)
        {
            return new Finding("node", false,
                $"{Gateway.AddressOf(parse)}: {exception.Message}; start it: ./camelid up");
        }
    }

    private readonly record struct Finding(string Check, bool IsGood, string Detail);
}
