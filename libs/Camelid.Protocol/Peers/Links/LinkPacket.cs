using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Camelid.Protocol.Peers.Links;

/// <summary>
/// Rule P-24: a packet of an encrypted link: the length of its content (2, little-endian) and the content, each sealed
/// by AES-256-GCM with a tag (16) behind it. The nonce counts the seals of a direction from zero, so that none can be
/// left out, doubled or moved.
/// </summary>
public static class LinkPacket
{
    /// <summary>Most bytes of content; at least one.</summary>
    public const int ContentBytesMax = 16_384;

    /// <summary>Bytes of the sealed length.</summary>
    public const int HeadBytes = 2 + TagBytes;

    /// <summary>Bytes of a packet besides its content.</summary>
    public const int OverheadBytes = HeadBytes + TagBytes;

    /// <summary>Most bytes of a packet.</summary>
    public const int BytesMax = OverheadBytes + ContentBytesMax;

    /// <summary>Most seals under one key, far below what AES-GCM bears; then the link ends.</summary>
    public const ulong SealsMax = 1UL << 32;

    /// <summary>Bytes of a tag.</summary>
    internal const int TagBytes = 16;

    private const int NonceBytes = 12;

    /// <summary>The nonce of a seal.</summary>
    internal static byte[] Nonce(ulong count)
    {
        byte[] nonce = new byte[NonceBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(nonce.AsSpan(NonceBytes - sizeof(ulong)), count);
        return nonce;
    }
}

/// <summary>Rule P-24: seals what one side of a link sends. Not for several threads at once.</summary>
/// <param name="key">The key of this direction.</param>
public sealed class LinkSealer(ReadOnlySpan<byte> key) : IDisposable
{
    private readonly AesGcm cipher = new(key, LinkPacket.TagBytes);
    private ulong count;

    /// <summary>True once no more can be sealed: the link must end.</summary>
    public bool IsSpent => count >= LinkPacket.SealsMax;

    /// <summary>Writes a packet.</summary>
    /// <param name="content">1 … <see cref="LinkPacket.ContentBytesMax"/> bytes.</param>
    /// <param name="packet">Room for <see cref="LinkPacket.OverheadBytes"/> more.</param>
    /// <returns>Bytes of the packet.</returns>
    /// <exception cref="InvalidOperationException">The link is spent.</exception>
    public int Seal(ReadOnlySpan<byte> content, Span<byte> packet)
    {
        ArgumentOutOfRangeException.ThrowIfZero(content.Length, nameof(content));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(content.Length, LinkPacket.ContentBytesMax, nameof(content));
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)content.Length);
        SealPart(length, packet[..LinkPacket.HeadBytes]);
        SealPart(content, packet.Slice(LinkPacket.HeadBytes, content.Length + LinkPacket.TagBytes));
        return LinkPacket.OverheadBytes + content.Length;
    }

    /// <inheritdoc/>
    public void Dispose() => cipher.Dispose();

    private void SealPart(ReadOnlySpan<byte> plain, Span<byte> part)
    {
        if (IsSpent)
        {
            throw new InvalidOperationException("a link's key has sealed as much as it may");
        }

        cipher.Encrypt(LinkPacket.Nonce(count), plain, part[..plain.Length], part[plain.Length..]);
        count++;
    }
}

/// <summary>Rule P-24: opens what the other side of a link sends, in whatever pieces it comes.</summary>
/// <remarks>Holds at most one packet. What was changed on the way ends the link: nothing behind it is read.</remarks>
/// <param name="key">The key of this direction.</param>
public sealed class LinkOpener(ReadOnlySpan<byte> key) : IDisposable
{
    private readonly AesGcm cipher = new(key, LinkPacket.TagBytes);
    private readonly byte[] part = new byte[LinkPacket.ContentBytesMax + LinkPacket.TagBytes];
    private readonly byte[] plain = new byte[LinkPacket.ContentBytesMax];
    private ulong count;
    private int have;
    private int contentBytes;
    private bool isBroken;

    /// <summary>Takes bytes until a packet is whole, or there are none left.</summary>
    /// <param name="bytes">What came; what was taken is cut off.</param>
    /// <param name="content">The content of a packet, valid until the next call; empty where none is whole yet.</param>
    /// <returns>False where the bytes are not what the other side sealed next: the link is broken for good.</returns>
    public bool TryTake(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> content)
    {
        content = default;
        while (!isBroken)
        {
            int plainBytes = contentBytes == 0 ? LinkPacket.HeadBytes - LinkPacket.TagBytes : contentBytes;
            int taken = Math.Min(plainBytes + LinkPacket.TagBytes - have, bytes.Length);
            bytes[..taken].CopyTo(part.AsSpan(have));
            bytes = bytes[taken..];
            have += taken;
            if (have < plainBytes + LinkPacket.TagBytes)
            {
                return true;
            }

            have = 0;
            isBroken = !TryOpenPart(plainBytes);
            if (isBroken)
            {
                break;
            }

            if (contentBytes > 0)
            {
                contentBytes = 0;
                content = plain.AsSpan(0, plainBytes);
                return true;
            }

            contentBytes = BinaryPrimitives.ReadUInt16LittleEndian(plain);
            isBroken = contentBytes is 0 or > LinkPacket.ContentBytesMax;
        }

        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => cipher.Dispose();

    private bool TryOpenPart(int plainBytes)
    {
        if (count >= LinkPacket.SealsMax)
        {
            return false;
        }

        try
        {
            cipher.Decrypt(
                LinkPacket.Nonce(count), part.AsSpan(0, plainBytes), part.AsSpan(plainBytes, LinkPacket.TagBytes),
                plain.AsSpan(0, plainBytes));
            count++;
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }
}
