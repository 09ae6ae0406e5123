using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tests.Importing;

/// <summary>Runs mutations of a model: each ends in a clear refusal, and nothing is left behind.</summary>
internal static class MalformedModels
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Spoils a fresh copy and imports it.</summary>
    /// <param name="mutations">The mutations.</param>
    /// <param name="write">Writes the sound model at a path.</param>
    /// <param name="path">Where the model lies inside a folder: empty for the folder itself, else a file's
    /// name.</param>
    /// <param name="cancellation">Ends the run.</param>
    /// <returns>Every refusal, with the name of its mutation.</returns>
    internal static async Task<IReadOnlyList<string>> RunAsync(
        IEnumerable<Mutation> mutations, Action<string> write, string path, CancellationToken cancellation)
    {
        List<string> refusals = [];
        List<string> faults = [];
        foreach (Mutation mutation in mutations)
        {
            string folder = Directory.CreateTempSubdirectory("camelid-mutation-").FullName;
            try
            {
                string source = Path.Combine(folder, "model", path);
                Directory.CreateDirectory(Path.Combine(folder, "model"));
                write(source);
                mutation.Spoil(source);
                string models = Path.Combine(folder, "models");
                string? refusal = await RefusalAsync(source, models, cancellation);
                if (refusal is not null)
                {
                    refusals.Add($"{mutation.Name}: {refusal}");
                }

                faults.AddRange(Faults(mutation, refusal, models).Select(
                    fault => $"{mutation.Name}: {fault} — {refusal}"));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
        return refusals;
    }

    private static IEnumerable<string> Faults(Mutation mutation, string? refusal, string models)
    {
        if (refusal is null && !mutation.MayPass)
        {
            yield return "was imported";
        }

        if (refusal is not null && !refusal.Contains(mutation.File, StringComparison.Ordinal))
        {
            yield return $"the refusal does not name {mutation.File}";
        }

        if (refusal is { Length: > 700 } || refusal?.Any(char.IsControl) == true)
        {
            yield return "the refusal is not one readable line";
        }

        if (refusal is not null && Directory.Exists(models) && Directory.EnumerateFileSystemEntries(models).Any())
        {
            yield return "something is left in the models folder";
        }
    }

    private static async Task<string?> RefusalAsync(string source, string models, CancellationToken cancellation)
    {
        try
        {
            ModelImportOptions options = new() { SourcePath = source, ModelsFolder = models, Name = "m" };
            await ImportedPackage.ImportAsync(options, cancellation).WaitAsync(Limit, cancellation);
            return null;
        }
        catch (ModelPackageException refusal)
        {
            return refusal.Message;
        }
    }
}
