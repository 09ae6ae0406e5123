using System.Buffers.Binary;

namespace Camelid.Protocol.Peers.Addresses;

/// <summary>
/// Rule P-18: which bucket and which place an address gets, by a secret key: nobody else can tell which addresses
/// share a bucket, so nobody can choose whom to push out.
/// </summary>
/// <remarks>
/// New table: one of 64 buckets that belong to the source's group, chosen by both groups. Tried table: one of 8 buckets
/// that belong to the address's group. So one source group reaches 64 of 1,024 new buckets, one address group told by
/// one source group a single one, and one address group 8 of 256 tried buckets.
/// </remarks>
internal sealed class AddressBuckets(ReadOnlySpan<byte> secret)
{
    /// <summary>Buckets of the new table.</summary>
    internal const int NewCount = 1_024;

    /// <summary>Buckets of the tried table.</summary>
    internal const int TriedCount = 256;

    /// <summary>Buckets of the new table that one source group reaches.</summary>
    internal const int NewPerSourceGroup = 64;

    /// <summary>Buckets of the tried table that one address group reaches.</summary>
    internal const int TriedPerGroup = 8;

    private const byte NewGroups = 1;
    private const byte NewBucketOf = 2;
    private const byte TriedAddress = 3;
    private const byte TriedBucketOf = 4;
    private const byte NewPlaceOf = 5;
    private const byte TriedPlaceOf = 6;
    private const byte HashCode = 7;

    private readonly SipHash hash = SipHash.WithKey(secret);

    internal int NewBucket(NetworkGroup group, NetworkGroup source)
    {
        ulong choice = Hash(NewGroups, group.Span, source.Span) % NewPerSourceGroup;
        return (int)(Hash(NewBucketOf, source.Span, Bytes(choice)) % NewCount);
    }

    internal int TriedBucket(PeerAddress address, NetworkGroup group)
    {
        ulong choice = Hash(TriedAddress, AddressBytes(address), []) % TriedPerGroup;
        return (int)(Hash(TriedBucketOf, group.Span, Bytes(choice)) % TriedCount);
    }

    internal int NewPlace(PeerAddress address, int bucket) => Place(NewPlaceOf, address, bucket);

    internal int TriedPlace(PeerAddress address, int bucket) => Place(TriedPlaceOf, address, bucket);

    /// <summary>A hash code that a stranger can't choose: he picks the lower half of an IPv6 address at will.</summary>
    internal int CodeOf(PeerAddress address) => unchecked((int)Hash(HashCode, AddressBytes(address), []));

    private int Place(byte purpose, PeerAddress address, int bucket) =>
        (int)(Hash(purpose, AddressBytes(address), Bytes((ulong)bucket)) % AddressTable.BucketPlaces);

    private ulong Hash(byte purpose, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        Span<byte> data = stackalloc byte[1 + PeerAddress.Bytes + sizeof(ulong)];
        data[0] = purpose;
        first.CopyTo(data[1..]);
        second.CopyTo(data[(1 + first.Length)..]);
        return hash.Hash(data[..(1 + first.Length + second.Length)]);
    }

    private static byte[] AddressBytes(PeerAddress address)
    {
        byte[] bytes = new byte[PeerAddress.Bytes];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, address.High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), address.Low);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(16), address.Port);
        return bytes;
    }

    private static byte[] Bytes(ulong value)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }
}
