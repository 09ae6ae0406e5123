using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Camelid.Protocol.Keys;

/// <summary>A private key from which others are derived (BIP32), private derivation only.</summary>
public sealed class ExtendedKey
{
    /// <summary>Indices from here on are hardened: the parent's public key does not lead to the child.</summary>
    public const uint Hardened = 0x8000_0000;

    /// <summary>Deepest path.</summary>
    public const int DepthMax = byte.MaxValue;

    private const uint XprvVersion = 0x0488_ade4;
    private const uint XpubVersion = 0x0488_b21e;
    private const int EncodedBytes = 78;
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

    /// <summary>The <c>xprv</c> text. It is a secret.</summary>
    public string ToXprv() => Text(XprvVersion, [0, .. Key.Span]);

    /// <summary>The <c>xpub</c> text.</summary>
    public string ToXpub(ISecp256k1 curve) => Text(XpubVersion, curve.PublicKeyOf(Key).Span);

    /// <summary>Says only that it is a key: no log can leak one.</summary>
    public override string ToString() => "extended private key";

    private string Text(uint version, ReadOnlySpan<byte> key)
    {
        Span<byte> bytes = stackalloc byte[EncodedBytes];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, version);
        bytes[4] = depth;
        BinaryPrimitives.WriteUInt32BigEndian(bytes[5..], parentFingerprint);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[9..], childIndex);
        chainCode.CopyTo(bytes[13..]);
        key.CopyTo(bytes[45..]);
        return Base58Check.Encode(bytes);
    }
}

/// <summary>What a key of one operator is for: each has its own, so that losing one loses only its own.</summary>
public enum KeyRole
{
    /// <summary>Deposits, and signs jobs and payments.</summary>
    Client = 0,

    /// <summary>Stakes, signs testaments and claims payments.</summary>
    Worker = 1,

    /// <summary>Stakes and signs verification answers.</summary>
    Verifier = 2,

    /// <summary>Is the node among its peers.</summary>
    Node = 3,

    /// <summary>Receives subsidy and fees.</summary>
    Miner = 4,
}

/// <summary>The keys of an operator, one seed for all.</summary>
public static class RoleKeys
{
    /// <summary>The key at <c>m/44'/coin'/role'/0/0</c>.</summary>
    public static PrivateKey Derive(ReadOnlySpan<byte> seed, Network network, KeyRole role, ISecp256k1 curve)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"m/44'/{network.CoinType}'/{(int)role}'/0/0");
        return ExtendedKey.FromSeed(seed, curve).DerivePath(path, curve).Key;
    }
}
