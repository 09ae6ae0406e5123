using System.Text.RegularExpressions;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;

namespace Camelid.ModelRuntime.Importing;

/// <summary>
/// Makes model packages out of models in other formats. Equal sources give equal packages, whatever they are called
/// on disk and whenever it happens.
/// </summary>
/// <remarks>
/// The package grows in <c>MODELS/NAME.partial</c> and gets its place <c>MODELS/ROOT</c> by one rename when it is
/// whole. What an interrupted import left is checked and used by the next one of the same source.
/// </remarks>
public static partial class ModelImporter
{
    /// <summary>Most characters of a name.</summary>
    public const int NameCharactersMax = 96;

    /// <summary>The day of this recipe, not of the import: equal sources must give equal bytes.</summary>
    private const string Created = "2026-11-20";

    private const string NameDefault = "model";

    /// <summary>Imports a model.</summary>
    /// <param name="options">What, into what, and where to.</param>
    /// <param name="progress">Hears of every step, on any thread.</param>
    /// <param name="cancellationToken">Interrupts; the next import of the same source goes on.</param>
    /// <exception cref="ModelImportException">The source cannot be imported; nothing is left behind.</exception>
    /// <exception cref="IOException">The disk refuses; the next import goes on.</exception>
    public static Task<ModelPackage> ImportAsync(
        ModelImportOptions options, IProgress<ModelImportProgress>? progress, CancellationToken cancellationToken) =>
        Task.Run(() => ImportAsync(options, ImportLimits.OfMachine, progress, cancellationToken), cancellationToken);

    /// <summary>The import itself, with limits that tests set.</summary>
    internal static async Task<ModelPackage> ImportAsync(
        ModelImportOptions options, ImportLimits limits, IProgress<ModelImportProgress>? progress,
        CancellationToken cancellationToken)
    {
        using IModelSourceReader source = ModelSources.Open(options.SourcePath);
        string precision = PrecisionOf(options, source.Model);
        string name = NameOf(options, source.Model);
        ExpectedTensors.Check(source);
        foreach (string note in source.Model.Notes)
        {
            progress?.Report(new ModelImportProgress("", 0, 0, note));
        }

        Directory.CreateDirectory(options.ModelsFolder);
        using FileStream onlyOne = Lock(options.ModelsFolder, name);
        PackageAssembly assembly = new(source, precision, name, progress);
        string partial = Path.Combine(options.ModelsFolder, name + ".partial");
        try
        {
            Hash256 root = assembly.Build(partial, limits, Created, cancellationToken);
            string folder = Path.Combine(options.ModelsFolder, root.ToString());
            return await PlaceAsync(partial, folder, cancellationToken);
        }
        catch (ModelPackageException)
        {
            // The source is at fault, and will be so the next time: nothing in there is worth going on with.
            Delete(partial);
            throw;
        }
    }

    /// <summary>A copy that lies there already, intact, may be in use: it stays.</summary>
    private static async Task<ModelPackage> PlaceAsync(
        string partial, string folder, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder))
        {
            try
            {
                ModelPackage there = await ModelPackage.OpenAsync(folder, cancellationToken);
                Delete(partial);
                return there;
            }
            catch (ModelPackageException)
            {
                ModelInstallation.Replace(folder, partial);
            }
        }
        else
        {
            Directory.Move(partial, folder);
        }

        return await ModelPackage.OpenAsync(folder, cancellationToken);
    }

    private static string PrecisionOf(ModelImportOptions options, ImportedModel model)
    {
        string precision = options.Precision ?? model.DefaultPrecision;
        return Precision.IsKnown(precision) ? precision : throw new ModelImportException(
            $"precision '{JsonFields.Printable(precision)}' is unknown; known are {string.Join(", ", Precision.All)}");
    }

    private static string NameOf(ModelImportOptions options, ImportedModel model)
    {
        if (options.Name is { } wanted)
        {
            return Name().IsMatch(wanted) && !Hash256.TryParse(wanted, out Hash256 _) ? wanted
                : throw new ModelImportException(
                    $"name '{JsonFields.Printable(wanted)}' is not allowed; take letters, digits and . _ -, a letter "
                    + $"or digit first, at most {NameCharactersMax}, and not what looks like a model root");
        }

        string name = Foreign().Replace(model.Name, "-").Trim('-', '.', '_');
        name = name.Length > NameCharactersMax ? name[..NameCharactersMax] : name;
        return name.Length == 0 || Hash256.TryParse(name, out Hash256 _) ? NameDefault : name;
    }

    private static FileStream Lock(string models, string name)
    {
        string path = Path.Combine(models, name + ".lock");
        try
        {
            return new FileStream(
                path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException exception) when (File.Exists(path))
        {
            throw new ModelImportException(
                $"another import of {name} is under way in {models}; wait for it, or give this one another --name",
                exception);
        }
    }

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")]
    private static partial Regex Name();

    [GeneratedRegex("[^A-Za-z0-9._-]+")]
    private static partial Regex Foreign();
}

/// <summary>What an import may use.</summary>
internal sealed record ImportLimits
{
    /// <summary>What the machine has.</summary>
    internal static readonly ImportLimits OfMachine = new();

    /// <summary>Free bytes of the disk that a folder lies on.</summary>
    internal Func<string, long> FreeBytes { get; init; } = folder => new DriveInfo(folder).AvailableFreeSpace;

    /// <summary>Numbers of a matrix that are turned at once: 256 MiB of float32.</summary>
    internal long StripNumbers { get; init; } = 1L << 26;
}
