namespace Camelid.Protocol.Trade;

/// <summary>Rule J-22: canonical bytes and their author's signature, as they travel: both with their lengths.</summary>
public sealed record SignedBody
{
    /// <summary>Most bytes of what is signed; larger things are signed by their hash.</summary>
    public const int BodyBytesMax = 1024;

    /// <summary>What is signed. Never written to.</summary>
    public required byte[] Body { get; init; }

    /// <summary>DER. Never written to.</summary>
    public required byte[] Signature { get; init; }

    /// <summary>The canonical bytes.</summary>
    public byte[] Encode() => new CanonicalWriter().Bytes(Body).Bytes(Signature).ToArray();

    /// <summary>Reads canonical bytes; refuses an empty body or signature.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out SignedBody? signed)
    {
        CanonicalReader reader = new(bytes);
        SignedBody read = new()
        {
            Body = reader.Bytes(BodyBytesMax),
            Signature = reader.Bytes(JobOrder.SignatureBytesMax),
        };
        bool good = reader.AtEnd && read.Body.Length > 0 && read.Signature.Length > 0;
        signed = good ? read : null;
        return good;
    }

    /// <summary>Equal bytes.</summary>
    public bool Equals(SignedBody? other) => other is not null && Body.AsSpan().SequenceEqual(other.Body)
        && Signature.AsSpan().SequenceEqual(other.Signature);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Body.Length, Signature.Length);
}
