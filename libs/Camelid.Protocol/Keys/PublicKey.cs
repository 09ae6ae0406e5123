namespace Camelid.Protocol.Keys;

/// <summary>A compressed secp256k1 public key: 33 bytes, the first 0x02 or 0x03. Compared by value.</summary>
/// <remarks>
/// The form is checked here; that the point lies on the curve is checked by <see cref="ISecp256k1"/>.
/// </remarks>
public readonly struct PublicKey : IEquatable<PublicKey>
{
    /// <summary>Bytes in a compressed key.</summary>
    public const int Bytes = 33;

    private readonly byte[]? bytes;

    private PublicKey(byte[] bytes) => this.bytes = bytes;

    /// <summary>True for <c>default</c>, which is no key and verifies nothing.</summary>
    public bool IsNone => bytes is null;

    /// <summary>The 33 bytes.</summary>
    public ReadOnlySpan<byte> Span => bytes ?? [];

    /// <summary>Reads 33 bytes that begin with 0x02 or 0x03.</summary>
    public static bool TryFromBytes(ReadOnlySpan<byte> bytes, out PublicKey key)
    {
        bool good = bytes.Length == Bytes && bytes[0] is 0x02 or 0x03;
        key = good ? new PublicKey(bytes.ToArray()) : default;
        return good;
    }

    /// <summary>Reads 66 hexadecimal digits.</summary>
    public static bool TryParse(string? hex, out PublicKey key)
    {
        key = default;
        return hex is { Length: Bytes * 2 } && !hex.AsSpan().ContainsAnyExcept("0123456789abcdef")
            && TryFromBytes(Convert.FromHexString(hex), out key);
    }

    /// <summary>66 hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(Span);

    /// <summary>Equal bytes.</summary>
    public bool Equals(PublicKey other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PublicKey other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(Span);
        return hash.ToHashCode();
    }

    /// <summary>Equal bytes.</summary>
    public static bool operator ==(PublicKey left, PublicKey right) => left.Equals(right);

    /// <summary>Different bytes.</summary>
    public static bool operator !=(PublicKey left, PublicKey right) => !left.Equals(right);
}
