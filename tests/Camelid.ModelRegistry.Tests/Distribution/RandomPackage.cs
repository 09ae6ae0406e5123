using Camelid.ModelRuntime.Packages;
using Camelid.Protocol.Models;

namespace Camelid.ModelRegistry.Tests.Distribution;

/// <summary>A model package of random bytes: camelid-nano with two more files, so that it can be opened.</summary>
internal static class RandomPackage
{
    private const int PartBytes = 1 << 22;

    /// <summary>Writes it into a folder.</summary>
    /// <param name="folder">Where to; it is made.</param>
    /// <param name="bytesCount">Bytes of the random files together.</param>
    /// <param name="seed">What they are drawn from.</param>
    /// <param name="name">What the model is called; empty for <c>random-SEED</c>.</param>
    public static async Task<ModelPackage> WriteAsync(string folder, long bytesCount, int seed, string name = "")
    {
        ModelPackage nano = await ModelPackage.OpenAsync(ModelPackage.EmbeddedFolder, CancellationToken.None);
        Directory.CreateDirectory(folder);
        foreach (PackageFile file in nano.Manifest.Files)
        {
            File.Copy(Path.Combine(nano.Folder, file.Path), Path.Combine(folder, file.Path));
        }

        Random random = new(seed);
        PackageFile[] drawn =
        [
            await WriteFileAsync(folder, "random-0.bin", bytesCount / 3, random),
            await WriteFileAsync(folder, "random-1.bin", bytesCount - (bytesCount / 3), random),
        ];
        ModelManifest manifest = nano.Manifest with
        {
            Name = name.Length > 0 ? name : $"random-{seed}",
            ParentRoot = nano.Root.ToString(),
            Files = [.. nano.Manifest.Files.Concat(drawn).OrderBy(file => file.Path, StringComparer.Ordinal)],
        };
        await File.WriteAllBytesAsync(Path.Combine(folder, ModelManifest.FileName), manifest.Encode());
        return await ModelPackage.OpenAsync(folder, CancellationToken.None);
    }

    /// <summary>A copy in another folder.</summary>
    public static async Task<ModelPackage> CopyAsync(ModelPackage package, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.EnumerateFiles(package.Folder))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        return await ModelPackage.OpenAsync(folder, CancellationToken.None);
    }

    /// <summary>Changes one byte in a share of the chunks of the random files.</summary>
    /// <returns>How many are wrong.</returns>
    public static int Spoil(ModelPackage package, int percent, int seed)
    {
        Random random = new(seed);
        int spoiled = 0;
        foreach (PackageFile file in package.Manifest.Files.Where(file => file.Path.StartsWith("random-",
            StringComparison.Ordinal)))
        {
            using FileStream stream = File.Open(Path.Combine(package.Folder, file.Path), FileMode.Open);
            for (int chunk = 0; chunk < file.Chunks.Count; chunk++)
            {
                if (random.Next(100) < percent)
                {
                    long at = ((long)chunk * ChunkTree.ChunkBytes)
                        + random.Next(ChunkTree.ChunkLength(file.Bytes, chunk));
                    stream.Position = at;
                    int old = stream.ReadByte();
                    stream.Position = at;
                    stream.WriteByte((byte)(old ^ 1));
                    spoiled++;
                }
            }
        }

        return spoiled;
    }

    private static async Task<PackageFile> WriteFileAsync(string folder, string name, long bytesCount, Random random)
    {
        List<string> leaves = [];
        await using FileStream stream = File.Create(Path.Combine(folder, name));
        byte[] part = new byte[PartBytes];
        for (long written = 0; written < bytesCount || leaves.Count == 0;)
        {
            int length = (int)Math.Min(PartBytes, bytesCount - written);
            random.NextBytes(part.AsSpan(0, length));
            leaves.AddRange(ChunkTree.Leaves(part.AsSpan(0, length)).Select(leaf => leaf.ToString()));
            await stream.WriteAsync(part.AsMemory(0, length));
            written += length;
        }

        return new PackageFile { Path = name, Bytes = bytesCount, Chunks = leaves };
    }
}
