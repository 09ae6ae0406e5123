using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;

namespace Camelid.Protocol.Market;

/// <summary>What an item of the market is; a byte in messages.</summary>
public enum MarketKind : byte
{
    /// <summary>No kind.</summary>
    Unset = 0,

    /// <summary>What a worker or verifier does, rule J-13.</summary>
    Service = 1,

    /// <summary>Which models a node serves chunks of, rule J-14.</summary>
    Holding = 2,

    /// <summary>A job that is offered, rule J-15.</summary>
    Offer = 3,
}

/// <summary>
/// Something that one operator tells all others: bound to a network, signed, and over at a time that it states itself.
/// </summary>
/// <remarks>
/// Bytes: format (1) ‖ genesis (32) ‖ created (4) ‖ the fields of its kind ‖ signature. The id covers all of them, the
/// signature signs all but itself, under a tag of the kind: an item can't be read as one of another kind or network.
/// </remarks>
public abstract record MarketItem
{
    /// <summary>Earliest created time: from here on lock times are Unix seconds.</summary>
    public const uint CreatedMin = 500_000_000;

    /// <summary>The shortest time that an announcement counts, in seconds.</summary>
    public const uint LifetimeSecondsMin = 10;

    /// <summary>The longest time that an announcement counts, in seconds.</summary>
    public const uint LifetimeSecondsMax = 3_600;

    /// <summary>Most seconds that an item may be dated ahead of the clock that judges it.</summary>
    public const uint AheadSecondsMax = 120;

    /// <summary>Most bytes of a signature.</summary>
    public const int SignatureBytesMax = VerackMessage.SignatureBytesMax;

    /// <summary>Bytes before the fields of the kind.</summary>
    internal const int HeadBytes = 1 + Hash256.Bytes + 4;

    /// <summary>Most bytes behind them.</summary>
    internal const int TailBytesMax = 1 + SignatureBytesMax;

    private const byte Format = 1;

    private readonly byte[] signature = [];

    private protected MarketItem()
    {
    }

    /// <summary>The hash of the network's first block.</summary>
    public required Hash256 Genesis { get; init; }

    /// <summary>When it was written, Unix seconds. Of two about the same thing the later one counts.</summary>
    public required uint Created { get; init; }

    /// <summary>The signature under <see cref="Key"/>, DER; empty before it is signed.</summary>
    /// <exception cref="ArgumentException">It is too long.</exception>
    public ReadOnlyMemory<byte> Signature
    {
        get => signature;
        init => signature = value.Length <= SignatureBytesMax
            ? value.ToArray()
            : throw new ArgumentException($"a signature has at most {SignatureBytesMax} bytes", nameof(value));
    }

    /// <summary>What it is.</summary>
    public abstract MarketKind Kind { get; }

    /// <summary>The key that signs it.</summary>
    public abstract PublicKey Key { get; }

    /// <summary>From this Unix second on it counts no more.</summary>
    public abstract uint Expires { get; }

    /// <summary>True where every field is within its bounds.</summary>
    public abstract bool IsInForm { get; }

    /// <summary>The tag of what is signed; the tag of the id has <c>-id</c> behind it.</summary>
    private protected abstract string Tag { get; }

    /// <summary>What <see cref="Key"/> signs.</summary>
    public Hash256 SigningHash => Hashes.Tagged(Tag, Unsigned().Written);

    /// <summary>The id: it covers the signature too, so nobody can put another item in its place.</summary>
    public Hash256 Id => Hashes.Tagged(Tag + "-id", Encode());

    /// <summary>The canonical bytes.</summary>
    public byte[] Encode() => Unsigned().VarBytes(signature).ToArray();

    /// <summary>Reads the canonical bytes of a kind; refuses what is out of form.</summary>
    public static bool TryDecode(MarketKind kind, ReadOnlySpan<byte> bytes, out MarketItem? item)
    {
        item = kind switch
        {
            MarketKind.Service => ServiceAnnouncement.TryDecode(bytes, out ServiceAnnouncement? read) ? read : null,
            MarketKind.Holding => HoldingAnnouncement.TryDecode(bytes, out HoldingAnnouncement? read) ? read : null,
            MarketKind.Offer => JobOffer.TryDecode(bytes, out JobOffer? read) ? read : null,
            _ => null,
        };
        return item is not null;
    }

    private protected abstract void WriteFields(CanonicalWriter writer);

    /// <summary>True for an item of the same kind with the same bytes.</summary>
    private protected bool HasBytesOf(MarketItem? other) =>
        other is not null && Kind == other.Kind && Encode().AsSpan().SequenceEqual(other.Encode());

    /// <summary>Reads what stands before the fields of the kind.</summary>
    private protected static (Hash256 Genesis, uint Created) ReadHead(ref CanonicalReader reader)
    {
        if (reader.Byte() != Format)
        {
            reader.Fail();
        }

        return (reader.Hash(), reader.UInt32());
    }

    /// <summary>True where an announcement's times are within their bounds and do not leave the clock.</summary>
    private protected bool HasGoodTimes(uint lifetimeSeconds) => Created >= CreatedMin
        && lifetimeSeconds is >= LifetimeSecondsMin and <= LifetimeSecondsMax
        && Created <= uint.MaxValue - lifetimeSeconds;

    private CanonicalWriter Unsigned()
    {
        CanonicalWriter writer = new();
        WriteFields(writer.Byte(Format).Hash(Genesis).UInt32(Created));
        return writer;
    }
}
