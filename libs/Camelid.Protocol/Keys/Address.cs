using Camelid.Protocol.Scripts;

namespace Camelid.Protocol.Keys;

/// <summary>
/// Rule C-02: where coin is sent: Base58Check(version ‖ RIPEMD160(SHA256(public key))), whitepaper 2.2.2.
/// </summary>
/// <param name="Version">0x00 on main, 0x6f on test and regtest.</param>
/// <param name="KeyHash">The hash of the public key.</param>
public readonly record struct Address(byte Version, Hash160 KeyHash)
{
    /// <summary>The address of a public key.</summary>
    public static Address Of(PublicKey key, Network network) => new(network.AddressVersion, Hash160.Of(key.Span));

    /// <summary>The locking script that pays to this address.</summary>
    public Script ToScript() => new P2pkhScript(KeyHash).Build();

    /// <summary>Reads an address of <paramref name="network"/>; refuses those of another version.</summary>
    public static bool TryParse(string? text, Network network, out Address address)
    {
        bool good = Base58Check.TryDecode(text, out byte[] payload)
            && payload.Length == 1 + Hash160.Bytes && payload[0] == network.AddressVersion;
        address = good ? new Address(payload[0], Hash160.FromBytes(payload.AsSpan(1))) : default;
        return good;
    }

    /// <summary>The text, 26 to 34 characters.</summary>
    public override string ToString() => Base58Check.Encode([Version, .. KeyHash.ToBytes()]);
}

/// <summary>Private keys in wallet import form: Base58Check(version ‖ key ‖ 0x01), compressed keys only.</summary>
public static class Wif
{
    private const byte Compressed = 0x01;

    /// <summary>The text of a key. It is a secret.</summary>
    public static string Encode(PrivateKey key, Network network) =>
        Base58Check.Encode([network.WifVersion, .. key.Span, Compressed]);

    /// <summary>Reads a compressed key of <paramref name="network"/>.</summary>
    public static bool TryDecode(
        string? text,
        Network network,
        ISecp256k1 curve,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PrivateKey? key)
    {
        key = Base58Check.TryDecode(text, out byte[] payload)
            && payload.Length == 1 + PrivateKey.Bytes + 1
            && payload[0] == network.WifVersion && payload[^1] == Compressed
            ? PrivateKey.FromBytes(payload.AsSpan(1, PrivateKey.Bytes), curve)
            : null;
        return key is not null;
    }
}
