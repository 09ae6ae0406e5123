using System.Runtime.CompilerServices;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Verifier.Models;

/// <summary>
/// The files of a model as ModelRegistry sends them; <see cref="ModelInstallation"/> checks each chunk.
/// </summary>
internal sealed class RegistryModelSource(ModelRegistryRpc.ModelRegistryRpcClient registry, Hash256 root) : IModelSource
{
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        string path, long offset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        FetchFileRequest request = new() { Root = ByteString.CopyFrom(root.ToBytes()), Path = path, Offset = offset };
        using AsyncServerStreamingCall<FileChunk> call =
            registry.FetchFile(request, cancellationToken: cancellationToken);
        await foreach (FileChunk chunk in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            if (chunk.Offset != offset)
            {
                throw new ModelPackageException($"model file {path}: asked for byte {offset}, got byte {chunk.Offset}");
            }

            offset += chunk.Data.Length;
            yield return chunk.Data.Memory;
        }
    }
}
