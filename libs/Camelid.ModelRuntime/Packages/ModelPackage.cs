using System.Buffers;
using Camelid.Protocol;
using Camelid.Protocol.Models;
using Microsoft.Win32.SafeHandles;

namespace Camelid.ModelRuntime.Packages;

/// <summary>
/// A model on disk whose every byte was checked against its manifest: a folder with <c>manifest.json</c>,
/// <c>model.onnx</c>, its weights and the tokenizer.
/// </summary>
public sealed class ModelPackage
{
    /// <summary>The graph, for one slot; its weights are named there.</summary>
    public const string GraphFile = "model.onnx";

    /// <summary>The vocabulary.</summary>
    public const string TokenizerFile = "tokenizer.json";

    private const string Remedy = "restore the file from where the model came from, or fetch the model again";

    private ModelPackage(string folder, ModelManifest manifest, Hash256 root) =>
        (Folder, Manifest, Root) = (folder, manifest, root);

    /// <summary>The folder of camelid-nano, which is copied beside every program that uses this library.</summary>
    public static string EmbeddedFolder => Path.Combine(AppContext.BaseDirectory, "models", "camelid-nano");

    /// <summary>Where the files lie.</summary>
    public string Folder { get; }

    /// <summary>What the package says of itself.</summary>
    public ModelManifest Manifest { get; }

    /// <summary>Rule J-09: the model root, over the manifest and every file.</summary>
    public Hash256 Root { get; }

    /// <summary>The name that people use.</summary>
    public string Name => Manifest.Name;

    /// <summary>Reads the manifest and checks the hash of every chunk of every file.</summary>
    /// <exception cref="ModelPackageException">A file is missing or damaged, or the manifest is not one.</exception>
    public static async Task<ModelPackage> OpenAsync(string folder, CancellationToken cancellationToken)
    {
        string manifestPath = Path.Combine(folder, ModelManifest.FileName);
        if (!File.Exists(manifestPath))
        {
            throw new ModelPackageException(
                $"{folder} is not a model package: {ModelManifest.FileName} is missing; give the folder that holds it");
        }

        byte[] bytes = await File.ReadAllBytesAsync(manifestPath, cancellationToken);
        if (!ModelManifest.TryDecode(bytes, out ModelManifest? manifest, out string fault))
        {
            throw new ModelPackageException($"{manifestPath} {fault}; {Remedy}");
        }

        foreach (PackageFile file in manifest!.Files)
        {
            await CheckAsync(folder, file, cancellationToken);
        }

        foreach (string needed in new[] { GraphFile, TokenizerFile })
        {
            if (manifest.Files.All(file => file.Path != needed))
            {
                throw new ModelPackageException($"{manifestPath} lists no {needed}; {Remedy}");
            }
        }

        Hash256 root = ModelRoot.Compute(bytes, manifest.Files.Select(file => file.ToModelFile()));
        return new ModelPackage(folder, manifest, root);
    }

    /// <summary>The same package after its folder was renamed.</summary>
    internal ModelPackage In(string folder) => new(folder, Manifest, Root);

    /// <summary>The full path of a file of the package.</summary>
    internal string PathOf(string file) => Path.Combine(Folder, file);

    private static async Task CheckAsync(string folder, PackageFile file, CancellationToken cancellationToken)
    {
        string path = Path.Combine(folder, file.Path);
        if (!File.Exists(path))
        {
            throw new ModelPackageException($"model file {file.Path} is missing in {folder}; {Remedy}");
        }

        using SafeFileHandle handle = File.OpenHandle(path);
        long bytes = RandomAccess.GetLength(handle);
        if (bytes != file.Bytes)
        {
            throw new ModelPackageException(
                $"model file {file.Path} has {bytes} bytes, its manifest says {file.Bytes}; {Remedy}");
        }

        IReadOnlyList<Hash256> leaves = file.Leaves();
        int damaged = leaves.Count;
        ParallelOptions parallel = new() { CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, leaves.Count, parallel, (index, _) =>
        {
            if (!IsIntact(handle, file, index, leaves[index]))
            {
                InterlockedMin(ref damaged, index);
            }

            return ValueTask.CompletedTask;
        });
        if (damaged < leaves.Count)
        {
            long start = (long)damaged * ChunkTree.ChunkBytes;
            throw new ModelPackageException(
                $"model file {file.Path} is damaged: chunk {damaged} of {leaves.Count} (bytes {start} to "
                + $"{start + ChunkTree.ChunkLength(file.Bytes, damaged) - 1}) does not have the hash of the manifest; "
                + Remedy);
        }
    }

    private static bool IsIntact(SafeFileHandle handle, PackageFile file, int index, Hash256 leaf)
    {
        int length = ChunkTree.ChunkLength(file.Bytes, index);
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkTree.ChunkBytes);
        int read = 0;
        for (int more = 1; read < length && more > 0; read += more)
        {
            more = RandomAccess.Read(
                handle, chunk.AsSpan(read, length - read), ((long)index * ChunkTree.ChunkBytes) + read);
        }

        bool isIntact = read == length && ChunkTree.Leaf(chunk.AsSpan(0, length)) == leaf;
        ArrayPool<byte>.Shared.Return(chunk);
        return isIntact;
    }

    private static void InterlockedMin(ref int least, int value)
    {
        for (int known = Volatile.Read(ref least); value < known;)
        {
            known = Interlocked.CompareExchange(ref least, value, known);
        }
    }
}
