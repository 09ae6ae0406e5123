using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;
using Camelid.Protocol.Models;

namespace Camelid.ModelRuntime.Importing;

/// <summary>Builds the files of a package in a folder: tokenizer, weights, graph, and the manifest last.</summary>
internal sealed class PackageAssembly(
    IModelSourceReader source, string precision, string name, IProgress<ModelImportProgress>? progress)
{
    /// <summary>Room beside the weights: graph, tokenizer, manifest.</summary>
    private const long OtherBytes = 64 << 20;

    private readonly ImportedModel model = source.Model;

    /// <summary>Builds the package, or goes on where an interrupted import of the same source stopped.</summary>
    /// <returns>The model root.</returns>
    /// <exception cref="ModelImportException">The source cannot be imported, or the disk is too small.</exception>
    internal Hash256 Build(string folder, ImportLimits limits, string created, CancellationToken cancellation)
    {
        WeightLayout layout = WeightLayout.Of(model.Architecture, precision);
        if (layout.Bytes > ChunkTree.FileBytesMax)
        {
            throw new ModelImportException(
                $"the model would have {layout.Bytes} bytes, a file may have {ChunkTree.FileBytesMax}; take a smaller "
                + "--precision");
        }

        ImportState state = ImportState.Of(folder, source, precision);
        if (Directory.Exists(folder) && !state.IsOfSameImport())
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        CheckRoom(folder, layout, limits);
        List<PackageFile> files = [];
        foreach ((string path, byte[] content) in model.TokenizerFiles)
        {
            files.Add(Write(folder, path, content));
        }

        WeightConversion conversion = new(source, precision, cancellation) { StripNumbers = limits.StripNumbers };
        files.Add(new WeightFile(layout, state, progress).Write(folder, conversion));
        files.Add(Write(
            folder, ModelPackage.GraphFile, SlotGraph.Build(model.Architecture, precision, layout.Tensors, slots: 1)));
        ModelManifest manifest = Describe(files, created);
        byte[] bytes = manifest.Encode();
        if (!ModelManifest.TryDecode(bytes, out ModelManifest? _, out string fault))
        {
            throw new ModelImportException($"the model's manifest {fault}; this model cannot be imported");
        }

        Write(folder, ModelManifest.FileName, bytes);
        state.Remove();
        return ModelRoot.Compute(bytes, manifest.Files.Select(file => file.ToModelFile()));
    }

    private static PackageFile Write(string folder, string path, byte[] content)
    {
        using FileStream stream = File.Create(Path.Combine(folder, path));
        stream.Write(content);
        stream.Flush(flushToDisk: true);
        return PackageFile.Of(path, content);
    }

    private static void CheckRoom(string folder, WeightLayout layout, ImportLimits limits)
    {
        FileInfo there = new(Path.Combine(folder, WeightLayout.FileName));
        long needed = layout.Bytes + OtherBytes - (there.Exists ? there.Length : 0);
        long free = limits.FreeBytes(folder);
        if (free < needed)
        {
            throw new ModelImportException(
                $"not enough disk: the package needs {needed} bytes more in {Path.GetDirectoryName(folder)}, {free} "
                + "are free; make room, or take a smaller --precision");
        }
    }

    private ModelManifest Describe(List<PackageFile> files, string created) => new()
    {
        Format = ModelManifest.FormatName,
        Name = name,
        Licence = model.Licence,
        Created = created,
        ParentRoot = null,
        Precision = precision,
        Architecture = model.Architecture,
        EndTokens = model.EndTokens,
        BeginToken = model.BeginToken,
        SpecialTokens = model.SpecialTokens,
        Chat = model.Chat,
        TokenizerHash = Hashes.Sha256(model.TokenizerFiles[ModelPackage.TokenizerFile]).ToString(),
        Files = [.. files.OrderBy(file => file.Path, StringComparer.Ordinal)],
    };
}
