using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRegistry.Distribution.Market;
using Camelid.ModelRegistry.Distribution.Pulls;
using Camelid.ModelRegistry.Distribution.Serving;
using Camelid.ModelRegistry.Storage;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;
using Camelid.ServiceDefaults.Hosting;

namespace Camelid.ModelRegistry.Distribution;

/// <summary>Removes a model: its files, its announcement, its download.</summary>
internal sealed class ModelRemoval(
    ModelsDatabase database, ModelCatalog catalog, Publication publication, PullQueue queue, DataFolder folder)
{
    /// <summary>Models under way out: whatever is called so at a start is deleted.</summary>
    public const string FolderPrefix = ".removed-";

    /// <summary>True for the model that the operator serves: it is not removed.</summary>
    public bool IsServed(Hash256 root) => publication.Served?.Root == root
        || (Hash256.TryParse(catalog.DefaultModel, out Hash256 served) && served == root);

    /// <summary>Removes it. False where nothing of it is here.</summary>
    public async Task<bool> RemoveAsync(Hash256 root, ChunkShelf shelf, CancellationToken cancellation)
    {
        string installed = new ModelInstallation(folder.Models).FolderOf(root);
        string partial = Path.Combine(folder.Models, PartialPackage.FolderPrefix + root);
        bool wasHere = queue.Find(root) is not null || catalog.Find(root) is not null
            || Directory.Exists(installed) || Directory.Exists(partial);
        await queue.ForgetAsync(root);
        publication.Forget(root);
        shelf.Remove(root);
        catalog.Remove(root);
        await database.RemoveAsync(root.ToString(), cancellation);
        if (Directory.Exists(installed))
        {
            string leaving = Path.Combine(folder.Models, FolderPrefix + root);
            Delete(leaving);
            Directory.Move(installed, leaving);
            catalog.Remove(root);
            Delete(leaving);
        }

        Delete(partial);
        return wasHere;
    }

    /// <summary>Deletes what an earlier run had begun to remove.</summary>
    public void Sweep()
    {
        if (Directory.Exists(folder.Models))
        {
            foreach (string leaving in Directory.EnumerateDirectories(folder.Models, FolderPrefix + "*"))
            {
                Delete(leaving);
            }
        }
    }

    private static void Delete(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
