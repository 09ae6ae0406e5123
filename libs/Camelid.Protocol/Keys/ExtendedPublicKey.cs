using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Camelid.Protocol.Keys;

/// <summary>
/// Rule W-04: a public key from which others are derived (BIP32). Whoever has it sees all addresses below it and can
/// spend from none.
/// </summary>
public sealed class ExtendedPublicKey
{
    private readonly byte[] chainCode;
    private readonly byte depth;
    private readonly uint parentFingerprint;
    private readonly uint childIndex;

    internal ExtendedPublicKey(
        PublicKey key, byte[] chainCode, byte depth, uint parentFingerprint, uint childIndex)
    {
        Key = key;
        this.chainCode = chainCode;
        this.depth = depth;
        this.parentFingerprint = parentFingerprint;
        this.childIndex = childIndex;
    }

    /// <summary>The public key.</summary>
    public PublicKey Key { get; }

    /// <summary>Reads an <c>xpub</c> or <c>tpub</c> of a network; refuses what would not be written so.</summary>
    public static bool TryParse(
        string? text, Network network, ISecp256k1 curve, [NotNullWhen(true)] out ExtendedPublicKey? key)
    {
        ExtendedText? parts = ExtendedText.TryDecode(text, network.ExtendedPublicVersion);
        key = parts is not null && curve.IsPublicKey(parts.Key) && PublicKey.TryFromBytes(parts.Key, out PublicKey at)
            ? new ExtendedPublicKey(at, parts.ChainCode, parts.Depth, parts.ParentFingerprint, parts.ChildIndex)
            : null;
        return key is not null;
    }

    /// <summary>The child of an index below <see cref="ExtendedKey.Hardened"/>.</summary>
    /// <exception cref="ArgumentException">The index is hardened, or there is no such child.</exception>
    public ExtendedPublicKey Derive(uint index, ISecp256k1 curve)
    {
        byte[] data = new byte[PublicKey.Bytes + 4];
        Key.Span.CopyTo(data);
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(PublicKey.Bytes), index);
        byte[] digest = HMACSHA512.HashData(chainCode, data);
        PublicKey? child = index < ExtendedKey.Hardened && depth < ExtendedKey.DepthMax
            ? curve.AddTweak(Key, Hash256.FromBytes(digest.AsSpan(0, Hash256.Bytes)))
            : null;
        uint fingerprint = BinaryPrimitives.ReadUInt32BigEndian(Hash160.Of(Key.Span).ToBytes());
        return child is { } key
            ? new ExtendedPublicKey(key, digest[Hash256.Bytes..], (byte)(depth + 1), fingerprint, index)
            : throw new ArgumentException("no such child of a public key", nameof(index));
    }

    /// <summary>The <c>xpub</c> or <c>tpub</c> text.</summary>
    public string ToText(Network network) => new ExtendedText
    {
        Depth = depth,
        ParentFingerprint = parentFingerprint,
        ChildIndex = childIndex,
        ChainCode = chainCode,
        Key = Key.Span.ToArray(),
    }.Encode(network.ExtendedPublicVersion);
}

/// <summary>The 78 bytes of an extended key, private or public.</summary>
internal sealed record ExtendedText
{
    private const int EncodedBytes = 78;
    private const int ChainCodeAt = 13;
    private const int KeyAt = 45;

    public required byte Depth { get; init; }

    public required uint ParentFingerprint { get; init; }

    public required uint ChildIndex { get; init; }

    public required byte[] ChainCode { get; init; }

    /// <summary>33 bytes: a compressed public key, or 0 and a private one.</summary>
    public required byte[] Key { get; init; }

    public string Encode(uint version)
    {
        Span<byte> bytes = stackalloc byte[EncodedBytes];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, version);
        bytes[4] = Depth;
        BinaryPrimitives.WriteUInt32BigEndian(bytes[5..], ParentFingerprint);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[9..], ChildIndex);
        ChainCode.CopyTo(bytes[ChainCodeAt..]);
        Key.CopyTo(bytes[KeyAt..]);
        return Base58Check.Encode(bytes);
    }

    public static ExtendedText? TryDecode(string? text, uint version)
    {
        if (!Base58Check.TryDecode(text, out byte[] bytes) || bytes.Length != EncodedBytes
            || BinaryPrimitives.ReadUInt32BigEndian(bytes) != version)
        {
            return null;
        }

        ExtendedText parts = new()
        {
            Depth = bytes[4],
            ParentFingerprint = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(5)),
            ChildIndex = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(9)),
            ChainCode = bytes[ChainCodeAt..KeyAt],
            Key = bytes[KeyAt..],
        };
        return parts.Depth == 0 && (parts.ParentFingerprint != 0 || parts.ChildIndex != 0) ? null : parts;
    }
}
