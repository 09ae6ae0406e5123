using Camelid.ModelRegistry.Storage;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;
using Camelid.Protocol;
using Camelid.Protocol.Market;
using Camelid.ServiceDefaults.Hosting;

namespace Camelid.ModelRegistry.Catalog;

/// <summary>
/// Brings models into <c>DATA-DIR/NETWORK/models/ROOT/</c> and checks those that lie there. Safe to run twice: the
/// root is
/// the key, and an intact copy is left alone.
/// </summary>
internal sealed partial class ModelImport(
    ModelsDatabase database, ModelCatalog catalog, DataFolder folder, TimeProvider time, ILogger<ModelImport> logger)
{
    private readonly ModelInstallation installation = new(folder.Models);

    /// <summary>Imports a package from another folder, unless it is here already and intact.</summary>
    /// <exception cref="ModelPackageException">The package is damaged, or is none.</exception>
    public async Task<ModelEntry> ImportAsync(string packageFolder, CancellationToken cancellationToken)
    {
        ModelPackage source = await ModelPackage.OpenAsync(packageFolder, cancellationToken);
        ModelPackage? installed = await OpenInstalledAsync(source, cancellationToken);
        if (installed is null)
        {
            installed = await installation.InstallAsync(
                source.Root, new FolderModelSource(packageFolder), cancellationToken);
            LogImported(installed.Name, installed.Root, installed.Folder);
        }

        return await AddAsync(installed, cancellationToken);
    }

    /// <summary>Checks every other model that lies in the models folder or stands in the database.</summary>
    public async Task CheckOthersAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<ModelRow> rows = await database.ListAsync(cancellationToken);
        IEnumerable<string> found = Directory.Exists(folder.Models)
            ? Directory.EnumerateDirectories(folder.Models).Select(path => Path.GetFileName(path))
            : [];
        foreach (string name in rows.Select(row => row.Root).Concat(found).Distinct(StringComparer.Ordinal).Order())
        {
            if (Hash256.TryParse(name, out Hash256 root) && catalog.Find(root) is not { IsIntact: true })
            {
                await CheckAsync(root, rows.FirstOrDefault(row => row.Root == name), cancellationToken);
            }
        }
    }

    /// <summary>
    /// Adds the models that were put into the folder while the service runs, as <c>camelid models import</c> does:
    /// by a rename, so they are whole.
    /// </summary>
    public async Task AddNewAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder.Models))
        {
            return;
        }

        foreach (string path in Directory.EnumerateDirectories(folder.Models).Order(StringComparer.Ordinal))
        {
            if (Hash256.TryParse(Path.GetFileName(path), out Hash256 root) && catalog.Find(root) is null)
            {
                await CheckAsync(root, row: null, cancellationToken);
                LogFound(catalog.Find(root)?.Name ?? "?", root);
            }
        }
    }

    /// <summary>True where a model is here, whole.</summary>
    public bool IsHere(Hash256 root) => catalog.Find(root) is { IsIntact: true };

    /// <summary>
    /// Takes up a model of others that was just put into its place, whole and checked. What can't be used does not
    /// stay.
    /// </summary>
    /// <exception cref="ModelPackageException">Its vocabulary is none that this version reads.</exception>
    public async Task<ModelEntry> TakeUpAsync(ModelPackage package, CancellationToken cancellationToken)
    {
        try
        {
            return await AddAsync(package, cancellationToken);
        }
        catch (ModelPackageException)
        {
            Directory.Delete(package.Folder, recursive: true);
            throw;
        }
    }

    /// <summary>
    /// Throws where a model of others may not be called so: a name must be one that can be shown and announced, and the
    /// name of the model that is served stays that model's.
    /// </summary>
    /// <exception cref="ModelPackageException">The name is neither.</exception>
    public void CheckName(Hash256 root, ModelManifest manifest)
    {
        long bytes = manifest.Files.Sum(file => file.Bytes);
        if (!new HeldModel(root, manifest.Name, bytes, default).IsInForm)
        {
            throw new ModelPackageException($"the name of model {root} is empty, too long or holds control characters");
        }

        if (catalog.Find(catalog.DefaultModel) is { } served && served.Root != root && served.Name == manifest.Name)
        {
            throw new ModelPackageException(
                $"model {root} is called '{manifest.Name}' as the one that is served here ({served.Root}); to take its "
                + "place, serve by root (--model ROOT) another one first");
        }
    }

    private async Task CheckAsync(Hash256 root, ModelRow? row, CancellationToken cancellationToken)
    {
        try
        {
            ModelPackage package = await ModelPackage.OpenAsync(installation.FolderOf(root), cancellationToken);
            if (package.Root != root)
            {
                throw new ModelPackageException($"the folder {root} holds another model, {package.Root}; rename it");
            }

            await AddAsync(package, cancellationToken);
        }
        catch (ModelPackageException damage)
        {
            LogDamaged(row?.Name ?? "?", root, damage.Message);
            catalog.Put(new ModelEntry { Root = root, Name = row?.Name ?? root.ToString(), Damage = damage.Message });
            if (row is not null)
            {
                await database.SaveAsync(row with { State = ModelRow.Damaged }, cancellationToken);
            }
        }
    }

    private async Task<ModelPackage?> OpenInstalledAsync(ModelPackage source, CancellationToken cancellationToken)
    {
        string installed = installation.FolderOf(source.Root);
        if (!Directory.Exists(installed))
        {
            return null;
        }

        try
        {
            ModelPackage package = await ModelPackage.OpenAsync(installed, cancellationToken);
            return package.Root == source.Root ? package : null;
        }
        catch (ModelPackageException damage)
        {
            LogRestored(source.Name, source.Root, damage.Message, source.Folder);
            return null;
        }
    }

    private async Task<ModelEntry> AddAsync(ModelPackage package, CancellationToken cancellationToken)
    {
        ModelEntry entry = new()
        {
            Root = package.Root,
            Name = package.Name,
            Package = package,
            Tokenizer = ModelTokenizer.Open(package),
        };
        catalog.Put(entry);
        ModelRow row = new()
        {
            Root = package.Root.ToString(),
            Name = package.Name,
            Folder = package.Folder,
            Added = time.GetUtcNow().ToUnixTimeMilliseconds(),
            State = ModelRow.Present,
        };
        await database.SaveAsync(row, cancellationToken);
        return entry;
    }

    [LoggerMessage(5001, LogLevel.Information, "Imported model {Name} ({Root}) into {Folder}")]
    private partial void LogImported(string name, Hash256 root, string folder);

    [LoggerMessage(5002, LogLevel.Warning,
        "Model {Name} ({Root}) is damaged: {Damage}. It is imported again from the intact copy in {Source}")]
    private partial void LogRestored(string name, Hash256 root, string damage, string source);

    [LoggerMessage(5003, LogLevel.Error, "Model {Name} ({Root}) cannot be used: {Damage}")]
    private partial void LogDamaged(string name, Hash256 root, string damage);

    [LoggerMessage(5006, LogLevel.Information, "Found model {Name} ({Root}) in the models folder")]
    private partial void LogFound(string name, Hash256 root);
}
