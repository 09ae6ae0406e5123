using Camelid.Contracts.ModelRegistry.V1;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol.Models;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.ModelRegistry.Rpc;

/// <summary>Sends one file of a package, each whole chunk checked before it leaves.</summary>
internal static class PackageReading
{
    /// <exception cref="ModelPackageException">A chunk does not have the hash of the manifest.</exception>
    public static async Task SendAsync(
        ModelPackage package, FetchFileRequest request, IServerStreamWriter<FileChunk> stream,
        CancellationToken cancellation)
    {
        bool isManifest = request.Path is "" or ModelManifest.FileName;
        PackageFile? file = package.Manifest.Files.FirstOrDefault(listed => listed.Path == request.Path);
        if (file is null && !isManifest)
        {
            throw new RpcException(new Status(
                StatusCode.NotFound, $"path: model '{package.Name}' has no file '{request.Path}'"));
        }

        string path = Path.Combine(package.Folder, file?.Path ?? ModelManifest.FileName);
        await using FileStream input = File.OpenRead(path);
        if (request.Offset < 0 || request.Offset > input.Length)
        {
            throw new RpcException(new Status(
                StatusCode.OutOfRange, $"offset: {request.Offset} is outside the {input.Length} bytes of the file"));
        }

        input.Position = request.Offset;
        byte[] bytes = new byte[ChunkTree.ChunkBytes];
        for (long offset = request.Offset; offset < input.Length;)
        {
            // Up to the next chunk's start: whoever resumes inside a chunk gets whole, checked chunks from there on.
            int wanted = ChunkTree.ChunkBytes - (int)(offset % ChunkTree.ChunkBytes);
            int read = await input.ReadAtLeastAsync(bytes.AsMemory(0, wanted), wanted, false, cancellation);
            if (file is not null && offset % ChunkTree.ChunkBytes == 0)
            {
                CheckChunk(file, (int)(offset / ChunkTree.ChunkBytes), bytes.AsSpan(0, read));
            }

            FileChunk chunk = new() { Offset = offset, Data = ByteString.CopyFrom(bytes.AsSpan(0, read)) };
            await stream.WriteAsync(chunk, cancellation);
            offset += read;
        }
    }

    private static void CheckChunk(PackageFile file, int index, ReadOnlySpan<byte> chunk)
    {
        if (index >= file.Chunks.Count || ChunkTree.Leaf(chunk).ToString() != file.Chunks[index])
        {
            throw new ModelPackageException(
                $"model file {file.Path} is damaged: chunk {index} of {file.Chunks.Count} does not have "
                + "the hash of the manifest");
        }
    }
}
