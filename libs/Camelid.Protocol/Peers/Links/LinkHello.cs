using System.Buffers.Binary;
using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Peers.Links;

/// <summary>
/// Rule P-22: the first bytes of each side of an encrypted link: the network's magic with every bit turned, and a
/// one-time key. A link that is not encrypted begins with the magic itself, so four bytes tell which one it is.
/// </summary>
public static class LinkHello
{
    /// <summary>Bytes that tell an encrypted link from a plain one.</summary>
    public const int MarkBytes = 4;

    /// <summary>Bytes of a greeting.</summary>
    public const int Bytes = MarkBytes + PublicKey.Bytes;

    /// <summary>True where the first four bytes are those of an encrypted link of this network.</summary>
    /// <exception cref="ArgumentException">There are less than four bytes.</exception>
    public static bool IsMarked(ReadOnlySpan<byte> bytes, Network network) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bytes) == ~network.Magic;

    /// <summary>The greeting with a one-time key.</summary>
    public static byte[] Encode(PublicKey oneTime, Network network)
    {
        byte[] bytes = new byte[Bytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, ~network.Magic);
        oneTime.Span.CopyTo(bytes.AsSpan(MarkBytes));
        return bytes;
    }

    /// <summary>Reads a greeting; false where it is not one of this network, or its key is not on the curve.</summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, Network network, ISecp256k1 curve, out PublicKey oneTime)
    {
        oneTime = default;
        return bytes.Length == Bytes && IsMarked(bytes, network)
            && PublicKey.TryFromBytes(bytes[MarkBytes..], out oneTime) && curve.IsPublicKey(oneTime.Span);
    }
}
