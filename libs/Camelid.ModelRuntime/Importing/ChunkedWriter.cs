using System.Security.Cryptography;
using Camelid.Protocol;
using Camelid.Protocol.Models;

namespace Camelid.ModelRuntime.Importing;

/// <summary>
/// Appends to a file, with the leaf hash of every chunk of 1 MiB and a hash of each part on the way: the file is
/// never read again for them.
/// </summary>
internal sealed class ChunkedWriter : IDisposable
{
    private readonly FileStream stream;
    private readonly byte[] chunk = new byte[ChunkTree.ChunkBytes];
    private readonly List<Hash256> leaves = [];
    private readonly IncrementalHash part = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int filled;
    private int flushed;

    /// <summary>Opens a file for appending; what it holds already must be taken over or cut off first.</summary>
    internal ChunkedWriter(string path) => stream = new FileStream(
        path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 1);

    /// <summary>Bytes taken so far.</summary>
    internal long Length => ((long)leaves.Count * ChunkTree.ChunkBytes) + filled;

    /// <summary>Appends bytes.</summary>
    internal void Write(ReadOnlySpan<byte> bytes) => Take(bytes, isThere: false);

    /// <summary>Appends zeros up to a place.</summary>
    internal void PadTo(long offset)
    {
        Span<byte> zeros = stackalloc byte[WeightLayout.AlignmentBytes];
        zeros.Clear();
        while (Length < offset)
        {
            Write(zeros[..(int)Math.Min(zeros.Length, offset - Length)]);
        }
    }

    /// <summary>Ends a part: all bytes are handed to the system, and the next part begins.</summary>
    /// <returns>The hash of the part.</returns>
    internal Hash256 EndPart()
    {
        stream.Write(chunk.AsSpan(flushed, filled - flushed));
        flushed = filled;
        return Hash256.FromBytes(part.GetHashAndReset());
    }

    /// <summary>
    /// Takes over a part that an earlier run wrote, where the file still holds it. Otherwise the file is cut before it.
    /// </summary>
    /// <param name="end">Byte behind the part.</param>
    /// <param name="hash">Its hash.</param>
    /// <returns>False where the file holds something else; nothing behind counts then.</returns>
    internal bool TryTakeOver(long end, Hash256 hash)
    {
        (byte[] before, int beforeFilled, int beforeLeaves) = (chunk[..filled], filled, leaves.Count);
        byte[] read = new byte[ChunkTree.ChunkBytes];
        while (Length < end)
        {
            int wanted = (int)Math.Min(read.Length, end - Length);
            int got = stream.ReadAtLeast(read.AsSpan(0, wanted), wanted, throwOnEndOfStream: false);
            Take(read.AsSpan(0, got), isThere: true);
            if (got < wanted)
            {
                break;
            }
        }

        if (Length == end && Hash256.FromBytes(part.GetHashAndReset()) == hash)
        {
            return true;
        }

        part.GetHashAndReset();
        leaves.RemoveRange(beforeLeaves, leaves.Count - beforeLeaves);
        before.CopyTo(chunk, 0);
        (filled, flushed) = (beforeFilled, beforeFilled);
        return false;
    }

    /// <summary>Cuts off what was not taken over, so that the next bytes follow what was.</summary>
    internal void CutRest()
    {
        stream.SetLength(Length);
        stream.Position = Length;
    }

    /// <summary>Writes everything to the disk itself and returns the leaf of every chunk.</summary>
    internal IReadOnlyList<Hash256> Finish()
    {
        stream.Write(chunk.AsSpan(flushed, filled - flushed));
        if (filled > 0 || leaves.Count == 0)
        {
            leaves.Add(ChunkTree.Leaf(chunk.AsSpan(0, filled)));
        }

        (filled, flushed) = (0, 0);
        stream.Flush(flushToDisk: true);
        return leaves;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        part.Dispose();
        stream.Dispose();
    }

    private void Take(ReadOnlySpan<byte> bytes, bool isThere)
    {
        part.AppendData(bytes);
        while (bytes.Length > 0)
        {
            int taken = Math.Min(bytes.Length, chunk.Length - filled);
            bytes[..taken].CopyTo(chunk.AsSpan(filled));
            bytes = bytes[taken..];
            filled += taken;
            if (filled == chunk.Length)
            {
                leaves.Add(ChunkTree.Leaf(chunk));
                if (!isThere)
                {
                    stream.Write(chunk.AsSpan(flushed));
                }

                (filled, flushed) = (0, 0);
            }
        }

        flushed = isThere ? filled : flushed;
    }
}
