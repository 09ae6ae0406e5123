using System.Security.Cryptography;
using Camelid.Protocol;
using Camelid.Protocol.Models;
using Camelid.Protocol.Models.Chunks;

namespace Camelid.ModelRegistry.Distribution.Links;

/// <summary>The body of one frame, in its link's buffer: valid until the next one is received.</summary>
/// <param name="Body">Kind and content.</param>
/// <param name="Leaf">The leaf of a chunk (J-08), where the link hashes them as they come.</param>
internal sealed record ReceivedFrame(ReadOnlyMemory<byte> Body, Hash256? Leaf)
{
    /// <summary>The message; null where it is none.</summary>
    public ChunkMessage? Decode() => ChunkMessage.Decode(Body);
}

/// <summary>
/// Hashes the content of a chunk piece by piece as it is opened, while it still lies in the processor's nearest cache.
/// </summary>
internal sealed class LeafHash : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int done;

    /// <summary>Takes what has come of a body since the last time.</summary>
    public void Take(ReadOnlySpan<byte> body)
    {
        if (body[0] != (byte)ChunkKind.Chunk)
        {
            return;
        }

        if (done == 0)
        {
            int start = ChunkAnswer.ContentStartOf(body);
            if (start == 0 || start > body.Length)
            {
                return;
            }

            hash.AppendData([HashTree.LeafPrefix]);
            done = start;
        }

        hash.AppendData(body[done..]);
        done = body.Length;
    }

    /// <summary>The leaf; null where the body is no chunk.</summary>
    public Hash256? Finish()
    {
        if (done == 0)
        {
            return null;
        }

        done = 0;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return Hash256.FromBytes(digest);
    }

    /// <inheritdoc/>
    public void Dispose() => hash.Dispose();
}
