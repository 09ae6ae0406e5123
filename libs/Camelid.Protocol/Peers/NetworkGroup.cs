using System.Buffers.Binary;

namespace Camelid.Protocol.Peers;

/// <summary>
/// Rule P-16: whose addresses are probably one's: those of one IPv4 /16, of one IPv6 /32, and all local ones together.
/// </summary>
/// <remarks>
/// Addresses inside a group are cheap, groups are not: outbound slots and buckets are shared out by group, so that who
/// has many addresses has few places. An IPv6 address that stands for an IPv4 one is of that one's group.
/// </remarks>
public readonly record struct NetworkGroup
{
    /// <summary>Bytes of an encoded group.</summary>
    internal const int Bytes = 8;

    private readonly ulong value;

    private NetworkGroup(ulong value) => this.value = value;

    private NetworkGroup(Family family, ulong place) => value = ((ulong)family << 56) | (place & 0xff_ffff_ffff_ffff);

    private enum Family : byte
    {
        Local = 0,
        IPv4 = 1,
        IPv6 = 2,
        LocalApart = 3,
    }

    /// <summary>The eight bytes that name the group, for hashing.</summary>
    public ReadOnlySpan<byte> Span
    {
        get
        {
            byte[] bytes = new byte[Bytes];
            BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
            return bytes;
        }
    }

    /// <summary>The group of an address.</summary>
    public static NetworkGroup Of(PeerAddress address)
    {
        if (!address.IsRoutable)
        {
            return new NetworkGroup(Family.Local, 0);
        }

        return AddressRange.LinkedIPv4(address) is { } ipv4
            ? new NetworkGroup(Family.IPv4, ipv4 >> 16)
            : new NetworkGroup(Family.IPv6, address.High >> 32);
    }

    /// <summary>
    /// The group of an address on a network: on regtest, where all nodes may live on one machine, each local address
    /// and port is a group of its own.
    /// </summary>
    public static NetworkGroup Of(PeerAddress address, Network network) =>
        network == Network.Regtest && !address.IsRoutable
            ? new NetworkGroup(Family.LocalApart, unchecked(address.High ^ address.Low ^ ((ulong)address.Port << 40)))
            : Of(address);

    internal static NetworkGroup Read(ref CanonicalReader reader) => reader.Raw(Bytes) is { Length: Bytes } span
        ? new NetworkGroup(BinaryPrimitives.ReadUInt64BigEndian(span))
        : default;
}
