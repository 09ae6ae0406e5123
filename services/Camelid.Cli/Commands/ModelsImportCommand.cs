using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Packages;

namespace Camelid.Cli.Commands;

/// <summary>
/// <c>camelid models import PATH</c>: makes a model package out of a model in another format, in the folder where the
/// node's registry looks every few seconds.
/// </summary>
internal static class ModelsImportCommand
{
    private const string NetworkDefault = "regtest", ModelsFolder = "models";

    private static readonly Argument<string> Source = new("PATH")
    {
        Description = "a Hugging Face folder (config.json, *.safetensors), a .gguf file, or an ONNX decoder folder",
    };

    private static readonly Option<string?> PrecisionWanted = new("--precision")
    {
        Description = "fp32, fp16 (for GPUs), int8 or int4 (default: what keeps the source's numbers)",
        HelpName = "P",
    };

    private static readonly Option<string?> Name = new("--name")
    {
        Description = "name to use it by (default: the source's)", HelpName = "NAME",
    };

    private static readonly Option<DirectoryInfo?> Models = new("--models-dir")
    {
        Description = "folder for the package (default: the one of the node in --data-dir)", HelpName = "DIR",
    };

    public static Command Build(Terminal terminal)
    {
        PrecisionWanted.AcceptOnlyFromAmong([.. Precision.All]);
        Command import = new("import", "Import a model that you have, in another format, as a package.")
        {
            Source, PrecisionWanted, Name, Models,
        };
        import.SetAction((parse, cancellation) => ImportAsync(terminal, parse, cancellation));
        return import;
    }

    /// <summary>
    /// Where the registry of the node looks: of the one process in the data folder, or of a cluster, which keeps a
    /// folder for each process.
    /// </summary>
    internal static string ModelsFolderIn(string dataFolder)
    {
        string node = Path.Combine(dataFolder, NetworkDefault);
        string cluster = Path.Combine(dataFolder, "cluster", "modelregistry", NetworkDefault);
        return Path.Combine(Directory.Exists(cluster) && !Directory.Exists(node) ? cluster : node, ModelsFolder);
    }

    private static async Task<int> ImportAsync(
        Terminal terminal, ParseResult parse, CancellationToken cancellationToken)
    {
        string path = parse.GetRequiredValue(Source);
        if (!Path.Exists(path))
        {
            throw new CommandFailure(ExitCode.NotFound, $"{path} does not exist; give the path of a model");
        }

        ModelImportOptions options = new()
        {
            SourcePath = path,
            ModelsFolder = parse.GetValue(Models)?.FullName ?? ModelsFolderIn(Gateway.DataFolderOf(parse)),
            Precision = parse.GetValue(PrecisionWanted),
            Name = parse.GetValue(Name),
        };
        ImportProgressLine progress = new(terminal, TimeProvider.System);
        ModelPackage package;
        try
        {
            package = await ModelImporter.ImportAsync(options, progress, cancellationToken);
        }
        catch (ModelPackageException refusal)
        {
            progress.End();
            throw new CommandFailure(ExitCode.Usage, refusal.Message);
        }
        catch (OperationCanceledException)
        {
            progress.End();
            throw new CommandFailure(ExitCode.Failure, "stopped; the same command goes on where it stopped");
        }

        progress.End();
        Write(terminal, package, progress.Notes, parse.GetValue(Gateway.Json));
        return (int)ExitCode.Ok;
    }

    private static void Write(Terminal terminal, ModelPackage package, IReadOnlyList<string> notes, bool json)
    {
        long bytes = package.Manifest.Files.Sum(file => file.Bytes);
        if (json)
        {
            terminal.WriteJson(new JsonObject
            {
                ["name"] = package.Name,
                ["root"] = package.Root.ToString(),
                ["precision"] = package.Manifest.Precision,
                ["architecture"] = package.Manifest.Architecture.Family,
                ["contextTokensMax"] = package.Manifest.ContextTokensMax,
                ["bytes"] = bytes,
                ["folder"] = package.Folder,
                ["notes"] = new JsonArray([.. notes.Select(note => (JsonNode)note)]),
            });
            return;
        }

        terminal.WritePage(
            ("model", package.Name),
            ("root", package.Root.ToString()),
            ("precision", package.Manifest.Precision),
            ("context", string.Create(CultureInfo.InvariantCulture, $"{package.Manifest.ContextTokensMax:N0} tokens")),
            ("size", string.Create(CultureInfo.InvariantCulture, $"{bytes:N0} bytes")),
            ("folder", package.Folder),
            ("serve it", $"./camelid up --model {package.Name}"));
    }
}
