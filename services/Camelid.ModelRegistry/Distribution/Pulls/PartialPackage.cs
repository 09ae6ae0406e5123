using System.Collections.Concurrent;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;
using Camelid.Protocol.Models;
using Camelid.Protocol.Models.Chunks;
using Microsoft.Win32.SafeHandles;

namespace Camelid.ModelRegistry.Distribution.Pulls;

/// <summary>
/// A model of which chunks are still fetched, in <c>MODELS/.partial-ROOT/</c>: its files as they grow, the head, and
/// the progress (rule J-38).
/// </summary>
/// <remarks>
/// Progress is only where to look: whatever it says, a chunk counts after a start once its bytes were read back and
/// have the leaf of the manifest. So nothing need be forced to disk before the end, and a torn file costs only time.
/// </remarks>
internal sealed class PartialPackage : IDisposable
{
    /// <summary>What the folder of a partial model is called, before its root.</summary>
    public const string FolderPrefix = ".partial-";

    /// <summary>No file of a model begins with a dot (J-09).</summary>
    private const string HeadFile = ".head", ProgressFile = ".progress";

    /// <summary>Files that are kept open; those of a model with more are opened for each chunk.</summary>
    private const int HandlesMax = 64;

    /// <summary>So many bytes of a file are brought to the disk at a time, while others still come.</summary>
    private const int FlushBytes = 1 << 25;

    private readonly ConcurrentDictionary<int, SafeFileHandle> handles = [];
    private readonly ConcurrentDictionary<int, int> unflushed = [];
    private Task flushing = Task.CompletedTask;

    private PartialPackage(string modelsFolder, Hash256 root, ModelHead head, ModelManifest manifest)
    {
        (Folder, Root, Head, Manifest) = (FolderOf(modelsFolder, root), root, head, manifest);
        Have = new ChunkBits(head.Layout.ChunksCount);
    }

    /// <summary>The model root.</summary>
    public Hash256 Root { get; }

    /// <summary>The head.</summary>
    public ModelHead Head { get; }

    /// <summary>The manifest in it.</summary>
    public ModelManifest Manifest { get; }

    /// <summary>Where the files grow.</summary>
    public string Folder { get; }

    /// <summary>Which chunks were there when it was opened.</summary>
    public ChunkBits Have { get; private set; }

    /// <summary>Bytes of all files.</summary>
    public long BytesCount => Head.Layout.BytesCount;

    /// <summary>Begins a model, or goes on with what lies there, every chunk of it read back.</summary>
    /// <exception cref="ModelPackageException">The head holds no manifest of this version.</exception>
    public static async Task<PartialPackage> OpenAsync(
        string modelsFolder, ModelHead head, CancellationToken cancellation)
    {
        if (!ModelManifest.TryDecode(head.Manifest.Span, out ModelManifest? manifest, out string fault)
            || !manifest!.Files.Select(file => file.ToModelFile()).SequenceEqual(head.Layout.Files))
        {
            throw new ModelPackageException(
                $"the manifest of model {head.Root} {(fault.Length > 0 ? fault : "lists other files than its head")}");
        }

        PartialPackage package = new(modelsFolder, head.Root, head, manifest);
        Directory.CreateDirectory(package.Folder);
        string headPath = Path.Combine(package.Folder, HeadFile);
        await File.WriteAllBytesAsync(headPath + ".new", head.Encode(), cancellation);
        File.Move(headPath + ".new", headPath, overwrite: true);
        await package.RecheckAsync(cancellation);
        return package;
    }

    /// <summary>The head that an interrupted download left; null where there is none that is whole.</summary>
    public static ModelHead? FindHead(string modelsFolder, Hash256 root)
    {
        FileInfo file = new(Path.Combine(FolderOf(modelsFolder, root), HeadFile));
        return file is { Exists: true, Length: <= ModelHead.BytesMax }
            ? ModelHead.Decode(File.ReadAllBytes(file.FullName), root)
            : null;
    }

    /// <summary>Removes what lies there.</summary>
    public static void Delete(string modelsFolder, Hash256 root)
    {
        string folder = FolderOf(modelsFolder, root);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Writes a chunk that was proven. Safe from several threads, for different chunks.</summary>
    public void Write(ChunkPlace place, ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length > 0)
        {
            SafeFileHandle handle = HandleOf(place.File);
            RandomAccess.Write(handle, chunk, (long)place.Index * ChunkTree.ChunkBytes);
            CloseUncached(handle);
            FlushBeside(place.File, chunk.Length);
        }
    }

    /// <summary>Everything that was written, to the disk.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public async Task FlushAsync()
    {
        await flushing;
        for (int file = 0; file < Head.Layout.Files.Count; file++)
        {
            SafeFileHandle handle = HandleOf(file);
            RandomAccess.FlushToDisk(handle);
            CloseUncached(handle);
        }
    }

    /// <summary>Notes which chunks are there: a new file in the place of the old one.</summary>
    public void SaveProgress(ChunkBits have)
    {
        string path = Path.Combine(Folder, ProgressFile);
        File.WriteAllBytes(path + ".new", PullProgress.Encode(Root, have));
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>
    /// Once every chunk is there: all of it to the disk, read back and checked, and into its place by a rename.
    /// </summary>
    public async Task<ModelPackage> InstallAsync(ModelInstallation installation, CancellationToken cancellation)
    {
        await FlushAsync();
        Dispose();
        await using (FileStream stream = File.Create(Path.Combine(Folder, ModelManifest.FileName)))
        {
            await stream.WriteAsync(Head.Manifest, cancellation);
            stream.Flush(flushToDisk: true);
        }

        File.Delete(Path.Combine(Folder, ProgressFile));
        File.Delete(Path.Combine(Folder, HeadFile));
        return await installation.AdoptAsync(Root, Folder, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (int file in handles.Keys)
        {
            if (handles.TryRemove(file, out SafeFileHandle? handle))
            {
                handle.Dispose();
            }
        }
    }

    private static string FolderOf(string modelsFolder, Hash256 root) =>
        Path.Combine(modelsFolder, FolderPrefix + root);

    private SafeFileHandle HandleOf(int file) => handles.TryGetValue(file, out SafeFileHandle? known)
        ? known
        : Head.Layout.Files.Count <= HandlesMax ? handles.GetOrAdd(file, Open) : Open(file);

    private SafeFileHandle Open(int file)
    {
        string path = Path.Combine(Folder, Head.Layout.Files[file].Path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return File.OpenHandle(
            path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
    }

    /// <summary>Starts to bring a file to the disk where enough of it waits: the end has less to do.</summary>
    private void FlushBeside(int file, int bytes)
    {
        if (unflushed.AddOrUpdate(file, bytes, (_, before) => before + bytes) < FlushBytes)
        {
            return;
        }

        lock (unflushed)
        {
            if (flushing.IsCompletedSuccessfully)
            {
                unflushed[file] = 0;
                flushing = Task.Run(() =>
                {
                    SafeFileHandle handle = HandleOf(file);
                    RandomAccess.FlushToDisk(handle);
                    CloseUncached(handle);
                });
            }
        }
    }

    private void CloseUncached(SafeFileHandle handle)
    {
        if (Head.Layout.Files.Count > HandlesMax)
        {
            handle.Dispose();
        }
    }

    private async Task RecheckAsync(CancellationToken cancellation)
    {
        ChunkBits? noted = ReadProgress();
        ChunkBits found = new(Have.Count);
        for (int file = 0; file < Head.Layout.Files.Count; file++)
        {
            string path = Path.Combine(Folder, Head.Layout.Files[file].Path);
            long wanted = Head.Layout.Files[file].Bytes;
            FileInfo there = new(path);
            if (there.Exists && there.Length > wanted)
            {
                File.Delete(path);
            }

            if (there.Exists || wanted == 0)
            {
                await RecheckFileAsync(file, noted, found, cancellation);
            }
        }

        Have = found;
    }

    private async Task RecheckFileAsync(int file, ChunkBits? noted, ChunkBits found, CancellationToken cancellation)
    {
        IReadOnlyList<Hash256> leaves = Manifest.Files[file].Leaves();
        SafeFileHandle handle = HandleOf(file);
        int[] candidates = [.. Enumerable.Range(0, leaves.Count).Where(index =>
            noted is null || noted[Head.Layout.NumberOf(new ChunkPlace(file, index))!.Value])];
        ParallelOptions parallel = new() { CancellationToken = cancellation };
        await Parallel.ForEachAsync(candidates, parallel, (index, _) =>
        {
            ChunkPlace place = new(file, index);
            byte[] chunk = new byte[Head.Layout.LengthOf(place)];
            int read = RandomAccess.Read(handle, chunk, (long)index * ChunkTree.ChunkBytes);
            if (read == chunk.Length && ChunkTree.Leaf(chunk) == leaves[index])
            {
                lock (found)
                {
                    found.Set(Head.Layout.NumberOf(place)!.Value);
                }
            }

            return ValueTask.CompletedTask;
        });
        CloseUncached(handle);
    }

    private ChunkBits? ReadProgress()
    {
        FileInfo file = new(Path.Combine(Folder, ProgressFile));
        return file is { Exists: true, Length: <= PullProgress.BytesMax }
            ? PullProgress.Decode(File.ReadAllBytes(file.FullName), Root, Have.Count)
            : null;
    }
}
