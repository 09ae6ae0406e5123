using System.Buffers.Binary;
using System.Security.Cryptography;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Microsoft.Win32.SafeHandles;

namespace Camelid.Chain.Blocks;

/// <summary>Where a block lies in the log.</summary>
/// <param name="Offset">The first byte of the payload.</param>
/// <param name="Length">Bytes of the payload.</param>
internal readonly record struct BlockPosition(long Offset, int Length);

/// <summary>
/// Rule C-31: the blocks, in the order in which they came, in one append-only file. A block counts only once its
/// frame is on the disk: magic (4), length (4), SHA-256 of the payload (32), payload. The file begins with a mark and
/// the genesis hash.
/// </summary>
/// <remarks>
/// A frame that a crash cut off is dropped when the file is opened. A frame that is wrong while good ones follow is
/// not a crash but a damaged disk, and is refused aloud: dropping it would silently drop the rest.
/// </remarks>
internal sealed class BlockLog : IDisposable
{
    /// <summary>Bytes before a payload.</summary>
    internal const int FrameBytes = 4 + 4 + Hash256.Bytes;

    /// <summary>Bytes before the first frame.</summary>
    internal const int HeadBytes = 8 + Hash256.Bytes;

    private const uint FrameMagic = 0x4b4c4243;

    private static readonly byte[] Mark = "CAMELID1"u8.ToArray();

    private readonly SafeFileHandle file;
    private readonly string path;
    private long length;

    private BlockLog(string path, SafeFileHandle file)
    {
        this.path = path;
        this.file = file;
        length = RandomAccess.GetLength(file);
    }

    /// <summary>Bytes that opening dropped from the end of the file: a frame that a crash had cut off.</summary>
    public long DroppedBytes { get; private set; }

    /// <summary>Opens or makes the log, and checks every frame.</summary>
    /// <param name="path">The file; its folder is made.</param>
    /// <param name="genesis">The network's first block, which the file names.</param>
    /// <param name="frames">Where the frames lie, in order.</param>
    /// <exception cref="BlockLogDamagedException">The file is damaged or of another network.</exception>
    public static BlockLog Open(string path, BlockHash genesis, out IReadOnlyList<BlockPosition> frames)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        SafeFileHandle file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        BlockLog log = new(path, file);
        try
        {
            log.CheckHead(genesis);
            frames = log.CheckFrames();
            return log;
        }
        catch (IOException)
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Writes a frame and waits until it is on the disk.</summary>
    public BlockPosition Append(ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[FrameBytes + payload.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, FrameMagic);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), payload.Length);
        SHA256.HashData(payload, frame.AsSpan(8));
        payload.CopyTo(frame.AsSpan(FrameBytes));
        BlockPosition position = new(length + FrameBytes, payload.Length);
        RandomAccess.Write(file, frame, length);
        RandomAccess.FlushToDisk(file);
        length += frame.Length;
        return position;
    }

    /// <summary>The payload of a frame.</summary>
    public byte[] Read(BlockPosition position)
    {
        byte[] payload = new byte[position.Length];
        ReadFully(payload, position.Offset);
        return payload;
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private void CheckHead(BlockHash genesis)
    {
        byte[] head = [.. Mark, .. genesis.Value.ToBytes()];
        if (length < HeadBytes)
        {
            // A crash while the file was being made: no block was in it yet.
            RandomAccess.SetLength(file, 0);
            RandomAccess.Write(file, head, 0);
            RandomAccess.FlushToDisk(file);
            length = HeadBytes;
            return;
        }

        byte[] found = new byte[HeadBytes];
        ReadFully(found, 0);
        if (!found.AsSpan().SequenceEqual(head))
        {
            throw new BlockLogDamagedException(
                $"{path}: not the block log of this network (offset 0). Use another data folder, or move the file "
                + "away: the node then starts a new chain.");
        }
    }

    private List<BlockPosition> CheckFrames()
    {
        List<BlockPosition> frames = [];
        long offset = HeadBytes;
        while (offset < length)
        {
            if (!TryCheckFrame(offset, out BlockPosition position))
            {
                DropTail(offset);
                break;
            }

            frames.Add(position);
            offset = position.Offset + position.Length;
        }

        return frames;
    }

    private bool TryCheckFrame(long offset, out BlockPosition position)
    {
        position = default;
        if (length - offset < FrameBytes)
        {
            return false;
        }

        byte[] head = new byte[FrameBytes];
        ReadFully(head, offset);
        int bytes = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(4));
        if (BinaryPrimitives.ReadUInt32LittleEndian(head) != FrameMagic || bytes is <= 0 or > Block.BytesMax
            || length - offset - FrameBytes < bytes)
        {
            return false;
        }

        position = new BlockPosition(offset + FrameBytes, bytes);
        return SHA256.HashData(Read(position)).AsSpan().SequenceEqual(head.AsSpan(8));
    }

    private void DropTail(long offset)
    {
        for (long at = offset + 1; at <= length - FrameBytes; at++)
        {
            if (IsMagic(at) && TryCheckFrame(at, out BlockPosition _))
            {
                throw new BlockLogDamagedException(
                    $"{path}: the block at offset {offset} is damaged, and good blocks follow at {at}. Restore the "
                    + "file from a backup, or move it away and let the node fetch or mine the chain again.");
            }
        }

        DroppedBytes = length - offset;
        RandomAccess.SetLength(file, offset);
        RandomAccess.FlushToDisk(file);
        length = offset;
    }

    private bool IsMagic(long offset)
    {
        Span<byte> magic = stackalloc byte[4];
        ReadFully(magic, offset);
        return BinaryPrimitives.ReadUInt32LittleEndian(magic) == FrameMagic;
    }

    private void ReadFully(Span<byte> destination, long offset)
    {
        while (destination.Length > 0)
        {
            int read = RandomAccess.Read(file, destination, offset);
            if (read == 0)
            {
                throw new BlockLogDamagedException(
                    $"{path}: the file ends at offset {offset}, in the middle of a block");
            }

            destination = destination[read..];
            offset += read;
        }
    }
}

/// <summary>The block log cannot be used; the message names file, offset and what to do.</summary>
internal sealed class BlockLogDamagedException(string message) : IOException(message);
