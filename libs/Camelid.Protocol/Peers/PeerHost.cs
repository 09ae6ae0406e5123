using System.Buffers.Binary;
using System.Net;

namespace Camelid.Protocol.Peers;

/// <summary>An IP address without a port: 16 bytes, IPv4 in its mapped form. <c>default</c> says nothing.</summary>
public readonly record struct PeerHost
{
    private readonly ulong high;
    private readonly ulong low;

    private PeerHost(ulong high, ulong low) => (this.high, this.low) = (high, low);

    /// <summary>The host of an address.</summary>
    public static PeerHost Of(PeerAddress address) => new(address.High, address.Low);

    /// <summary>The host at a port; null where that is no address.</summary>
    public PeerAddress? At(ushort port)
    {
        Span<byte> ip = stackalloc byte[PeerAddress.IpBytes];
        CopyTo(ip);
        return PeerAddress.FromBytes(ip, port);
    }

    /// <summary>The address in text, <c>::</c> where nothing is said.</summary>
    public override string ToString()
    {
        Span<byte> ip = stackalloc byte[PeerAddress.IpBytes];
        CopyTo(ip);
        IPAddress address = new(ip);
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    internal static PeerHost Read(ref CanonicalReader reader) =>
        reader.Raw(PeerAddress.IpBytes) is { Length: PeerAddress.IpBytes } ip
            ? new PeerHost(BinaryPrimitives.ReadUInt64BigEndian(ip), BinaryPrimitives.ReadUInt64BigEndian(ip[8..]))
            : default;

    internal void Write(CanonicalWriter writer)
    {
        Span<byte> ip = stackalloc byte[PeerAddress.IpBytes];
        CopyTo(ip);
        writer.Raw(ip);
    }

    private void CopyTo(Span<byte> ip)
    {
        BinaryPrimitives.WriteUInt64BigEndian(ip, high);
        BinaryPrimitives.WriteUInt64BigEndian(ip[8..], low);
    }
}
