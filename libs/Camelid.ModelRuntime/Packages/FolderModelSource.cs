using System.Runtime.CompilerServices;
using Camelid.Protocol.Models;

namespace Camelid.ModelRuntime.Packages;

/// <summary>A model package in a folder of this machine, such as the embedded one.</summary>
public sealed class FolderModelSource(string folder) : IModelSource
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        string path, long offset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!ModelFile.IsPath(path))
        {
            throw new ModelPackageException($"'{path}' is not the path of a file in a model package");
        }

        await using FileStream stream = File.OpenRead(Path.Combine(folder, path));
        stream.Position = offset;
        byte[] piece = new byte[ChunkTree.ChunkBytes];
        for (int read; (read = await stream.ReadAtLeastAsync(piece, piece.Length, false, cancellationToken)) > 0;)
        {
            yield return piece.AsMemory(0, read);
        }
    }
}
