using Camelid.Protocol;
using Camelid.Protocol.Models;

namespace Camelid.ModelRuntime.Packages;

/// <summary>Where the files of a model come from: another folder, another service, later a peer. Not trusted.</summary>
public interface IModelSource
{
    /// <summary>The bytes of a file from <paramref name="offset"/> to its end, in pieces of any size.</summary>
    /// <param name="path">Path inside the package; <see cref="ModelManifest.FileName"/> is the manifest.</param>
    /// <param name="offset">First byte wanted.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string path, long offset, CancellationToken cancellationToken);
}

/// <summary>
/// Puts model packages into a folder, each under its root: <c>MODELS/ROOT/</c> is there whole and checked, or not at
/// all.
/// </summary>
/// <remarks>
/// Files arrive in <c>MODELS/ROOT.partial</c>. Each chunk is checked before it is written, and the folder is renamed
/// only
/// when all of them lie on disk. What an interrupted run left there is checked and used by the next one.
/// </remarks>
public sealed class ModelInstallation(string modelsFolder)
{
    /// <summary>The folder of a model.</summary>
    public string FolderOf(Hash256 root) => Path.Combine(modelsFolder, root.ToString());

    /// <summary>Brings a model here and opens it. A damaged copy that lies there already is replaced.</summary>
    /// <exception cref="ModelPackageException">The source gives something else than the model of that root.</exception>
    /// <exception cref="IOException">The disk refuses, or another process is installing the same model.</exception>
    public async Task<ModelPackage> InstallAsync(Hash256 root, IModelSource source, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(modelsFolder);
        string folder = FolderOf(root);
        string partial = folder + ".partial";
        await using FileStream onlyOne = new(
            folder + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1,
            FileOptions.DeleteOnClose);
        Directory.CreateDirectory(partial);

        byte[] manifestBytes = await ReadManifestAsync(source, cancellationToken);
        ModelManifest manifest = CheckedManifest(root, manifestBytes);
        foreach (PackageFile file in manifest.Files)
        {
            await ReceiveAsync(partial, file, source, cancellationToken);
        }

        await using (FileStream stream = File.Create(Path.Combine(partial, ModelManifest.FileName)))
        {
            await stream.WriteAsync(manifestBytes, cancellationToken);
            stream.Flush(flushToDisk: true);
        }

        Replace(folder, partial);
        return await ModelPackage.OpenAsync(folder, cancellationToken);
    }

    /// <summary>
    /// Puts a whole package that lies in another folder of the same disk into its place, by a rename, and opens it.
    /// </summary>
    /// <exception cref="ModelPackageException">The folder does not hold the model of that root.</exception>
    /// <exception cref="IOException">The disk refuses, or another process is installing the same model.</exception>
    public async Task<ModelPackage> AdoptAsync(Hash256 root, string wholeFolder, CancellationToken cancellationToken)
    {
        string folder = FolderOf(root);
        await using FileStream onlyOne = new(
            folder + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1,
            FileOptions.DeleteOnClose);
        ModelPackage whole = await ModelPackage.OpenAsync(wholeFolder, cancellationToken);
        if (whole.Root != root)
        {
            throw new ModelPackageException($"{wholeFolder} holds model {whole.Root}, not {root}");
        }

        Replace(folder, wholeFolder);
        string abandoned = folder + ".partial";
        if (Directory.Exists(abandoned))
        {
            Directory.Delete(abandoned, recursive: true);
        }

        return whole.In(folder);
    }

    private static async Task<byte[]> ReadManifestAsync(IModelSource source, CancellationToken cancellationToken)
    {
        using MemoryStream received = new();
        await foreach (ReadOnlyMemory<byte> piece in source.ReadAsync(ModelManifest.FileName, 0, cancellationToken))
        {
            if (received.Length + piece.Length > ModelRoot.ManifestBytesMax)
            {
                throw new ModelPackageException($"the manifest is longer than {ModelRoot.ManifestBytesMax} bytes");
            }

            received.Write(piece.Span);
        }

        return received.ToArray();
    }

    private static ModelManifest CheckedManifest(Hash256 root, byte[] bytes)
    {
        if (!ModelManifest.TryDecode(bytes, out ModelManifest? manifest, out string fault))
        {
            throw new ModelPackageException($"the manifest of model {root} {fault}; ask another source");
        }

        Hash256 found = ModelRoot.Compute(bytes, manifest!.Files.Select(file => file.ToModelFile()));
        return found == root
            ? manifest
            : throw new ModelPackageException(
                $"asked for model {root}, got the manifest of {found}; ask another source");
    }

    private static async Task ReceiveAsync(
        string partial, PackageFile file, IModelSource source, CancellationToken cancellationToken)
    {
        string path = Path.Combine(partial, file.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using FileStream stream = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        int next = await CountGoodChunksAsync(stream, file, cancellationToken);
        stream.SetLength(Math.Min((long)next * ChunkTree.ChunkBytes, file.Bytes));
        stream.Position = stream.Length;
        if (next < file.Chunks.Count)
        {
            await AppendAsync(stream, file, source, cancellationToken);
        }

        stream.Flush(flushToDisk: true);
    }

    private static async Task<int> CountGoodChunksAsync(
        FileStream stream, PackageFile file, CancellationToken cancellationToken)
    {
        byte[] chunk = new byte[ChunkTree.ChunkBytes];
        for (int i = 0; i < file.Chunks.Count; i++)
        {
            Memory<byte> bytes = chunk.AsMemory(0, ChunkTree.ChunkLength(file.Bytes, i));
            int read = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
            if (read < bytes.Length || !IsChunk(file, i, bytes.Span))
            {
                return i;
            }
        }

        return file.Chunks.Count;
    }

    private static async Task AppendAsync(
        FileStream stream, PackageFile file, IModelSource source, CancellationToken cancellationToken)
    {
        int index = (int)(stream.Length / ChunkTree.ChunkBytes);
        byte[] chunk = new byte[ChunkTree.ChunkBytes];
        int filled = 0;
        await foreach (ReadOnlyMemory<byte> received in source.ReadAsync(file.Path, stream.Length, cancellationToken))
        {
            for (ReadOnlyMemory<byte> rest = received; rest.Length > 0;)
            {
                if (index == file.Chunks.Count)
                {
                    throw new ModelPackageException($"model file {file.Path} is longer than its {file.Bytes} bytes");
                }

                int length = ChunkTree.ChunkLength(file.Bytes, index);
                int taken = Math.Min(length - filled, rest.Length);
                rest[..taken].CopyTo(chunk.AsMemory(filled));
                rest = rest[taken..];
                filled += taken;
                if (filled == length)
                {
                    await WriteChunkAsync(stream, file, index, chunk.AsMemory(0, length), cancellationToken);
                    (index, filled) = (index + 1, 0);
                }
            }
        }

        if (index < file.Chunks.Count && file.Bytes > 0)
        {
            throw new ModelPackageException($"model file {file.Path} ended in chunk {index} of {file.Chunks.Count}");
        }
    }

    private static async Task WriteChunkAsync(
        FileStream stream, PackageFile file, int index, ReadOnlyMemory<byte> chunk, CancellationToken cancellationToken)
    {
        if (!IsChunk(file, index, chunk.Span))
        {
            throw new ModelPackageException(
                $"model file {file.Path}: chunk {index} of {file.Chunks.Count} arrived damaged; ask another source");
        }

        await stream.WriteAsync(chunk, cancellationToken);
    }

    private static bool IsChunk(PackageFile file, int index, ReadOnlySpan<byte> chunk) =>
        ChunkTree.Leaf(chunk).ToString() == file.Chunks[index];

    /// <summary>Puts a whole package into its place; what lay there is gone.</summary>
    internal static void Replace(string folder, string partial)
    {
        string damaged = folder + ".damaged";
        if (Directory.Exists(damaged))
        {
            Directory.Delete(damaged, recursive: true);
        }

        if (Directory.Exists(folder))
        {
            Directory.Move(folder, damaged);
        }

        Directory.Move(partial, folder);
        if (Directory.Exists(damaged))
        {
            Directory.Delete(damaged, recursive: true);
        }
    }
}
