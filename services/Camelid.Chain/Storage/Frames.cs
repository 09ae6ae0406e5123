using System.Buffers.Binary;
using System.Security.Cryptography;
using Camelid.Protocol;

namespace Camelid.Chain.Storage;

/// <summary>Where a payload lies in a <see cref="FrameLog"/>.</summary>
/// <param name="Segment">The number of the file.</param>
/// <param name="Offset">The first byte of the payload.</param>
/// <param name="Length">Bytes of the payload; 0 is no place at all.</param>
internal readonly record struct FramePosition(int Segment, long Offset, int Length)
{
    /// <summary>True for <c>default</c>.</summary>
    public bool IsNone => Length == 0;

    /// <summary>The first byte of the frame.</summary>
    public long Start => Offset - Frames.HeadBytes;

    /// <summary>The byte behind the frame.</summary>
    public long End => Offset + Length;
}

/// <summary>A part of a file that is not as it was written.</summary>
/// <param name="File">The file, as an operator finds it.</param>
/// <param name="Offset">The first bad byte, or the first of the frame that is bad.</param>
/// <param name="What">What is wrong, in words.</param>
internal sealed record StorageDamage(string File, long Offset, string What)
{
    /// <summary>True where a power cut explains it: the part was not waited for, and is made again.</summary>
    public bool IsExpected { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{File}, offset {Offset}: {What}";
}

/// <summary>The folder cannot be used, and nothing that a node can do by itself helps.</summary>
/// <param name="message">Names the file, and says what a person can do.</param>
internal sealed class StorageRefusedException(string message) : IOException(message);

/// <summary>
/// Rule C-31: a frame is magic (4), length (4), SHA-256 of the payload (32), payload; integers little-endian.
/// </summary>
internal static class Frames
{
    /// <summary>Bytes before a payload.</summary>
    public const int HeadBytes = 4 + 4 + Hash256.Bytes;

    private const uint Magic = 0x4b4c4243;

    /// <summary>The four bytes with which a frame begins.</summary>
    public static ReadOnlySpan<byte> MagicBytes => "CBLK"u8;

    /// <summary>Writes a frame.</summary>
    public static void Write(Span<byte> destination, ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], payload.Length);
        SHA256.HashData(payload, destination[8..]);
        payload.CopyTo(destination[HeadBytes..]);
    }

    /// <summary>Reads the length out of a head.</summary>
    /// <returns>Bytes of the payload, or 0 where it is no head, or one of more bytes than allowed.</returns>
    public static int LengthOf(ReadOnlySpan<byte> head, int payloadBytesMax)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(head[4..]);
        return BinaryPrimitives.ReadUInt32LittleEndian(head) == Magic && length > 0 && length <= payloadBytesMax
            ? length
            : 0;
    }

    /// <summary>True where the payload is the one that was written under this head.</summary>
    public static bool Matches(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        Span<byte> digest = stackalloc byte[Hash256.Bytes];
        SHA256.HashData(payload, digest);
        return digest.SequenceEqual(head[8..HeadBytes]);
    }
}
