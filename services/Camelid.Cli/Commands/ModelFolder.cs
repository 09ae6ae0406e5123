using System.CommandLine;
using Camelid.ModelRuntime.Packages;

namespace Camelid.Cli.Commands;

/// <summary>Finds a model package on this machine: a folder, the built-in model, or one in the data folder.</summary>
internal static class ModelFolder
{
    /// <summary>Opens the package that a command line names.</summary>
    /// <exception cref="CommandFailure">There is no such package, or it is damaged.</exception>
    public static async Task<ModelPackage> OpenAsync(
        ParseResult parse, string model, CancellationToken cancellationToken)
    {
        try
        {
            return await ModelPackage.OpenAsync(FolderOf(parse, model), cancellationToken);
        }
        catch (ModelPackageException fault)
        {
            throw new CommandFailure(ExitCode.Usage, fault.Message);
        }
    }

    private static string FolderOf(ParseResult parse, string model)
    {
        if (Directory.Exists(model))
        {
            return model;
        }

        if (model is "nano" or "camelid-nano")
        {
            return ModelPackage.EmbeddedFolder;
        }

        string models = ModelsImportCommand.ModelsFolderIn(Gateway.DataFolderOf(parse));
        IEnumerable<string> manifests = Directory.Exists(models)
            ? Directory.EnumerateDirectories(models)
                .Select(folder => Path.Combine(folder, ModelManifest.FileName)).Where(File.Exists)
            : [];
        foreach (string path in manifests)
        {
            string root = Path.GetFileName(Path.GetDirectoryName(path)!);
            if (root == model || (ModelManifest.TryDecode(File.ReadAllBytes(path), out ModelManifest? manifest, out _)
                && manifest!.Name == model))
            {
                return Path.GetDirectoryName(path)!;
            }
        }

        throw new CommandFailure(
            ExitCode.NotFound, $"no model '{model}' here: give a package folder, camelid-nano, or a name in {models}");
    }
}
