using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Trade;

/// <summary>
/// Rule J-20: a message for one stake: stake id ‖ envelope (rule E-26), sealed to the stake's key and bound to its
/// purpose, the network and the stake, so that nothing sealed for one use opens for another.
/// </summary>
public sealed record SealedMessage
{
    /// <summary>Most bytes of what is sealed: the longest job, or the longest output with its job.</summary>
    public const int ContentBytesMax = JobParameters.BytesMax + JobOutput.BytesMax + 4096;

    /// <summary>Most canonical bytes.</summary>
    public const int BytesMax = StakeId.Bytes + 4 + DeliveryEnvelope.OverheadBytes + ContentBytesMax;

    /// <summary>For whom it is.</summary>
    public required StakeId Stake { get; init; }

    /// <summary>The envelope. Never written to.</summary>
    public required byte[] Envelope { get; init; }

    /// <summary>Seals <paramref name="content"/> to the key of a stake.</summary>
    /// <param name="purpose">Which kind of content it is.</param>
    /// <param name="address">The network and the stake.</param>
    /// <param name="keys">The curve and a fresh one-time key.</param>
    /// <param name="stakeKey">The stake's public key.</param>
    /// <param name="content">At most <see cref="ContentBytesMax"/> bytes.</param>
    /// <exception cref="ArgumentException">The key is no point of the curve, or the content is too long.</exception>
    public static SealedMessage Seal(
        TradeMessageKind purpose, SealedAddress address, SealingKeys keys, PublicKey stakeKey,
        ReadOnlySpan<byte> content)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(content.Length, ContentBytesMax, nameof(content));
        byte[] envelope = DeliveryEnvelope.Seal(
            keys.Curve, keys.OneTime, stakeKey, content, Bound(purpose, address));
        return new SealedMessage { Stake = address.Stake, Envelope = envelope };
    }

    /// <summary>
    /// Opens it with the stake's private key; false where it was meant for another use, network or stake.
    /// </summary>
    /// <param name="purpose">The kind of message it came in.</param>
    /// <param name="genesis">The network.</param>
    /// <param name="keys">The curve and the stake's private key.</param>
    /// <param name="content">What was sealed.</param>
    public bool TryOpen(TradeMessageKind purpose, Hash256 genesis, SealingKeys keys, out byte[] content) =>
        DeliveryEnvelope.TryOpen(
            keys.Curve, keys.OneTime, Envelope, Bound(purpose, new SealedAddress(genesis, Stake)), out content);

    /// <summary>The canonical bytes: stake id, then the envelope with its length.</summary>
    public byte[] Encode()
    {
        CanonicalWriter writer = new();
        Stake.Write(writer);
        return writer.Bytes(Envelope).ToArray();
    }

    /// <summary>Reads canonical bytes; refuses the zero stake and an envelope that can hold nothing.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out SealedMessage? message)
    {
        CanonicalReader reader = new(bytes);
        SealedMessage read = new()
        {
            Stake = StakeId.Read(ref reader),
            Envelope = reader.Bytes(DeliveryEnvelope.OverheadBytes + ContentBytesMax),
        };
        bool good = reader.AtEnd && !read.Stake.IsNone && read.Envelope.Length > DeliveryEnvelope.OverheadBytes;
        message = good ? read : null;
        return good;
    }

    /// <summary>Equal stake and envelope.</summary>
    public bool Equals(SealedMessage? other) => other is not null && Stake == other.Stake
        && Envelope.AsSpan().SequenceEqual(other.Envelope);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Stake, Envelope.Length);

    private static byte[] Bound(TradeMessageKind purpose, SealedAddress address)
    {
        CanonicalWriter writer = new();
        address.Stake.Write(writer.Byte((byte)purpose).Hash(address.Genesis));
        return writer.ToArray();
    }
}

/// <summary>Where a sealed message goes.</summary>
/// <param name="Genesis">The hash of the network's first block.</param>
/// <param name="Stake">The stake whose key opens it.</param>
public readonly record struct SealedAddress(Hash256 Genesis, StakeId Stake);

/// <summary>What sealing or opening needs.</summary>
/// <param name="Curve">The curve.</param>
/// <param name="OneTime">To seal: a fresh random key. To open: the stake's private key.</param>
public readonly record struct SealingKeys(ISecp256k1 Curve, PrivateKey OneTime);
