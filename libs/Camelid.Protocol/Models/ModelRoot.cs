using System.Text;

namespace Camelid.Protocol.Models;

/// <summary>
/// Rule J-09: the identity of a model: its manifest and all its files. Another precision is another model.
/// </summary>
public static class ModelRoot
{
    /// <summary>The tag of the hash.</summary>
    public const string Tag = "camelid/model";

    /// <summary>Most files in a model.</summary>
    public const int FilesMax = 4096;

    /// <summary>Most bytes of a manifest.</summary>
    public const int ManifestBytesMax = 16 << 20;

    /// <summary>The root, whatever the order of <paramref name="files"/>.</summary>
    /// <param name="manifestBytes">The manifest as it lies in the package, byte for byte.</param>
    /// <param name="files">Every other file of the package.</param>
    /// <exception cref="ArgumentException">
    /// Too much of something, a path twice, or a path that leaves the package.
    /// </exception>
    public static Hash256 Compute(ReadOnlySpan<byte> manifestBytes, IEnumerable<ModelFile> files)
    {
        ModelFile[] sorted = [.. files.OrderBy(file => file.Path, StringComparer.Ordinal)];
        if (sorted.Length > FilesMax || manifestBytes.Length > ManifestBytesMax)
        {
            throw new ArgumentException(
                $"a model has at most {FilesMax} files and {ManifestBytesMax} bytes of manifest", nameof(files));
        }

        CanonicalWriter writer = new();
        writer.Hash(Hashes.Sha256(manifestBytes)).UInt32((uint)sorted.Length);
        for (int i = 0; i < sorted.Length; i++)
        {
            ModelFile file = sorted[i];
            if (!ModelFile.IsPath(file.Path) || (i > 0 && sorted[i - 1].Path == file.Path)
                || file.Bytes is < 0 or > ChunkTree.FileBytesMax)
            {
                throw new ArgumentException($"'{file.Path}' is not a path of a model, stands twice or is too large",
                    nameof(files));
            }

            writer.Text(file.Path).Int64(file.Bytes).Hash(file.Root);
        }

        return Hashes.Tagged(Tag, writer.Written);
    }
}

/// <summary>One file of a model.</summary>
/// <param name="Path">Relative path with <c>/</c>, see <see cref="IsPath"/>.</param>
/// <param name="Bytes">Its size in bytes.</param>
/// <param name="Root">The root of its <see cref="ChunkTree"/>.</param>
public readonly record struct ModelFile(string Path, long Bytes, Hash256 Root)
{
    /// <summary>Most bytes of a path.</summary>
    public const int PathBytesMax = 255;

    /// <summary>A file that lies in memory.</summary>
    public static ModelFile Of(string path, ReadOnlySpan<byte> content) =>
        new(path, content.Length, ChunkTree.Root(ChunkTree.Leaves(content)));

    /// <summary>
    /// True for parts of ASCII letters, digits, <c>. _ -</c>, separated by <c>/</c>, none beginning with a dot: so no
    /// path leaves its folder, hides, or means something else on another system.
    /// </summary>
    public static bool IsPath(string? path) => path is not null
        && Encoding.UTF8.GetByteCount(path) is > 0 and <= PathBytesMax
        && path.Split('/').All(part => part.Length > 0 && part[0] != '.' && part.All(IsPathCharacter));

    private static bool IsPathCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';
}
