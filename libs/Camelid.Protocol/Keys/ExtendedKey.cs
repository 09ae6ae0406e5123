using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace Camelid.Protocol.Keys;

/// <summary>A private key from which others are derived (BIP32).</summary>
public sealed class ExtendedKey
{
    /// <summary>Indices from here on are hardened: the parent's public key does not lead to the child.</summary>
    public const uint Hardened = 0x8000_0000;

    /// <summary>Deepest path.</summary>
    public const int DepthMax = byte.MaxValue;

    private const int SeedBytesMin = 16;
    private const int SeedBytesMax = 64;

    private readonly byte[] chainCode;
    private readonly byte depth;
    private readonly uint parentFingerprint;
    private readonly uint childIndex;

    private ExtendedKey(PrivateKey key, byte[] chainCode, byte depth, uint parentFingerprint, uint childIndex)
    {
        Key = key;
        this.chainCode = chainCode;
        this.depth = depth;
        this.parentFingerprint = parentFingerprint;
        this.childIndex = childIndex;
    }

    /// <summary>The private key.</summary>
    public PrivateKey Key { get; }

    /// <summary>The master key of a seed of 16 … 64 bytes.</summary>
    /// <exception cref="ArgumentException">
    /// The seed has another length, or is the one in 2^127 without a key.
    /// </exception>
    public static ExtendedKey FromSeed(ReadOnlySpan<byte> seed, ISecp256k1 curve)
    {
        if (seed.Length is < SeedBytesMin or > SeedBytesMax)
        {
            throw new ArgumentException("a seed has 16 to 64 bytes", nameof(seed));
        }

        byte[] digest = HMACSHA512.HashData("Bitcoin seed"u8, seed);
        PrivateKey key = PrivateKey.FromBytes(digest.AsSpan(0, PrivateKey.Bytes), curve)
            ?? throw new ArgumentException("this seed has no master key; take another one", nameof(seed));
        return new ExtendedKey(key, digest[PrivateKey.Bytes..], 0, 0, 0);
    }

    /// <summary>The child of an index; add <see cref="Hardened"/> for a hardened one.</summary>
    /// <exception cref="ArgumentException">
    /// It is the one child in 2^127 that does not exist, or the path is too deep.
    /// </exception>
    public ExtendedKey Derive(uint index, ISecp256k1 curve)
    {
        byte[] publicKey = curve.PublicKeyOf(Key).Span.ToArray();
        byte[] number = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(number, index);
        byte[] data = index >= Hardened ? [0, .. Key.Span, .. number] : [.. publicKey, .. number];
        byte[] digest = HMACSHA512.HashData(chainCode, data);
        PrivateKey? child = curve.AddTweak(Key, Hash256.FromBytes(digest.AsSpan(0, Hash256.Bytes)));
        if (child is null || depth == DepthMax)
        {
            throw new ArgumentException("no such child; take the next index", nameof(index));
        }

        uint fingerprint = BinaryPrimitives.ReadUInt32BigEndian(Hash160.Of(publicKey).ToBytes());
        return new ExtendedKey(child, digest[Hash256.Bytes..], (byte)(depth + 1), fingerprint, index);
    }

    /// <summary>The key at a path such as <c>m/44'/1'/0'/0/0</c>.</summary>
    /// <exception cref="FormatException">The text is not such a path.</exception>
    public ExtendedKey DerivePath(string path, ISecp256k1 curve)
    {
        string[] parts = path.Split('/');
        ExtendedKey key = parts[0] == "m" ? this : throw new FormatException($"'{path}' does not begin with m");
        foreach (string part in parts[1..])
        {
            bool hardened = part.EndsWith('\'');
            string digits = hardened ? part[..^1] : part;
            if (!uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out uint index)
                || index >= Hardened)
            {
                throw new FormatException($"'{part}' in '{path}' is not an index such as 0 or 44'");
            }

            key = key.Derive(hardened ? index + Hardened : index, curve);
        }

        return key;
    }

    /// <summary>
    /// Rule W-04: reads an <c>xprv</c> or <c>tprv</c> of a network; refuses what <see cref="ToText"/> would not write.
    /// </summary>
    public static bool TryParse(
        string? text, Network network, ISecp256k1 curve, [NotNullWhen(true)] out ExtendedKey? key)
    {
        ExtendedText? parts = ExtendedText.TryDecode(text, network.ExtendedPrivateVersion);
        PrivateKey? secret = parts is not null && parts.Key[0] == 0
            ? PrivateKey.FromBytes(parts.Key.AsSpan(1), curve)
            : null;
        key = parts is null || secret is null
            ? null
            : new ExtendedKey(secret, parts.ChainCode, parts.Depth, parts.ParentFingerprint, parts.ChildIndex);
        return key is not null;
    }

    /// <summary>The public side: it leads to all children that are not hardened, and to no private key.</summary>
    public ExtendedPublicKey ToPublic(ISecp256k1 curve) =>
        new(curve.PublicKeyOf(Key), chainCode, depth, parentFingerprint, childIndex);

    /// <summary>The <c>xprv</c> or <c>tprv</c> text. It is a secret.</summary>
    public string ToText(Network network) => new ExtendedText
    {
        Depth = depth,
        ParentFingerprint = parentFingerprint,
        ChildIndex = childIndex,
        ChainCode = chainCode,
        Key = [0, .. Key.Span],
    }.Encode(network.ExtendedPrivateVersion);

    /// <summary>The <c>xprv</c> text. It is a secret.</summary>
    public string ToXprv() => ToText(Network.Main);

    /// <summary>The <c>xpub</c> text.</summary>
    public string ToXpub(ISecp256k1 curve) => ToPublic(curve).ToText(Network.Main);

    /// <summary>Says only that it is a key: no log can leak one.</summary>
    public override string ToString() => "extended private key";
}
