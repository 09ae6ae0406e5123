using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Camelid.Protocol.Peers;

/// <summary>
/// Rule P-08: where a node listens: 16 bytes of IPv6, or IPv4 in its mapped form ::ffff:a.b.c.d, and a port.
/// </summary>
/// <remarks>
/// Port 0 and the empty address (in either family) are no address: they are refused wherever one is read.
/// </remarks>
public readonly record struct PeerAddress
{
    /// <summary>Bytes of an encoded address.</summary>
    public const int Bytes = IpBytes + 2;

    /// <summary>Bytes of the IP address alone.</summary>
    public const int IpBytes = 16;

    private const ulong MappedPrefix = 0xffff_0000_0000;

    private PeerAddress(ulong high, ulong low, ushort port) => (High, Low, Port) = (high, low, port);

    /// <summary>The port, never 0.</summary>
    public ushort Port { get; }

    /// <summary>True where the address is IPv4 in its mapped form.</summary>
    public bool IsIPv4 => High == 0 && Low >> 32 == MappedPrefix >> 32;

    /// <summary>True where anybody could reach it: not private, loopback, link, multicast or documentation.</summary>
    public bool IsRoutable => AddressRange.IsRoutable(this);

    /// <summary>The first eight bytes, big-endian.</summary>
    internal ulong High { get; }

    /// <summary>The last eight bytes, big-endian; of a mapped address the lower half is IPv4.</summary>
    internal ulong Low { get; }

    /// <summary>An address of 16 bytes, or null where the rule refuses it.</summary>
    public static PeerAddress? FromBytes(ReadOnlySpan<byte> ip, ushort port)
    {
        if (ip.Length != IpBytes)
        {
            return null;
        }

        ulong high = BinaryPrimitives.ReadUInt64BigEndian(ip);
        ulong low = BinaryPrimitives.ReadUInt64BigEndian(ip[8..]);
        bool empty = port == 0 || (high == 0 && low is 0 or MappedPrefix);
        return empty ? null : new PeerAddress(high, low, port);
    }

    /// <summary>The address of a socket, or null where the rule refuses it.</summary>
    public static PeerAddress? FromEndPoint(IPEndPoint endPoint) =>
        FromBytes(endPoint.Address.MapToIPv6().GetAddressBytes(), (ushort)endPoint.Port);

    /// <summary>Reads <c>1.2.3.4:8333</c> or <c>[2001:db8::1]:8333</c>.</summary>
    public static bool TryParse(string? text, out PeerAddress address)
    {
        // Of IPv4 only the form with four numbers: "1:80" is no address here, though the platform reads one.
        PeerAddress? read = text is not null && IPEndPoint.TryParse(text, out IPEndPoint? endPoint)
            && (endPoint.AddressFamily == AddressFamily.InterNetworkV6 || endPoint.ToString() == text)
            ? FromEndPoint(endPoint)
            : null;
        address = read ?? default;
        return read is not null;
    }

    /// <summary>The address as a socket wants it; IPv4 where it is mapped.</summary>
    public IPEndPoint ToEndPoint()
    {
        IPAddress address = new(IpToBytes());
        return new IPEndPoint(IsIPv4 ? address.MapToIPv4() : address, Port);
    }

    /// <summary>The 16 bytes of the IP address, in a new array.</summary>
    public byte[] IpToBytes()
    {
        byte[] bytes = new byte[IpBytes];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), Low);
        return bytes;
    }

    /// <summary>The same host at another port; null for port 0.</summary>
    public PeerAddress? WithPort(ushort port) => port == 0 ? null : new PeerAddress(High, Low, port);

    /// <summary>The form that <see cref="TryParse"/> reads.</summary>
    public override string ToString() => this == default ? "none" : ToEndPoint().ToString();

    internal static PeerAddress Read(ref CanonicalReader reader)
    {
        ReadOnlySpan<byte> ip = reader.Raw(IpBytes);
        if (FromBytes(ip, reader.UInt16()) is { } address)
        {
            return address;
        }

        reader.Fail();
        return default;
    }

    internal void Write(CanonicalWriter writer) => writer.Raw(IpToBytes()).UInt16(Port);
}
