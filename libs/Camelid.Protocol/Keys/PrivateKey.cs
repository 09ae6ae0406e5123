namespace Camelid.Protocol.Keys;

/// <summary>A secp256k1 private key: 32 bytes, big-endian. Never printed, never compared.</summary>
public sealed class PrivateKey
{
    /// <summary>Bytes in a private key.</summary>
    public const int Bytes = 32;

    private readonly byte[] bytes;

    private PrivateKey(byte[] bytes) => this.bytes = bytes;

    /// <summary>The 32 bytes.</summary>
    public ReadOnlySpan<byte> Span => bytes;

    /// <summary>A key, or null where the bytes are not in 1 … n − 1.</summary>
    public static PrivateKey? FromBytes(ReadOnlySpan<byte> bytes, ISecp256k1 curve) =>
        bytes.Length == Bytes && curve.IsPrivateKey(bytes) ? new PrivateKey(bytes.ToArray()) : null;

    /// <summary>Says only that it is a key: no log can leak one.</summary>
    public override string ToString() => "private key";
}
