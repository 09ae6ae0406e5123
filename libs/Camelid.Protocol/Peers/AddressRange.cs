namespace Camelid.Protocol.Peers;

/// <summary>Which addresses can be reached from anywhere, and which IPv4 address hides in an IPv6 one.</summary>
internal static class AddressRange
{
    /// <summary>
    /// IPv4 networks that nobody outside can reach (RFC 6890 and those it names), as value and length.
    /// </summary>
    private static readonly (uint Value, int Bits)[] LocalIPv4 =
    [
        (0x0000_0000, 8),   // this network
        (0x0a00_0000, 8),   // private
        (0x6440_0000, 10),  // carriers' address translation
        (0x7f00_0000, 8),   // loopback
        (0xa9fe_0000, 16),  // link
        (0xac10_0000, 12),  // private
        (0xc000_0000, 24),  // protocol assignments
        (0xc000_0200, 24),  // documentation
        (0xc0a8_0000, 16),  // private
        (0xc612_0000, 15),  // benchmarks
        (0xc633_6400, 24),  // documentation
        (0xcb00_7100, 24),  // documentation
        (0xe000_0000, 3),   // multicast, reserved, broadcast
    ];

    /// <summary>The same for IPv6, by the first eight bytes.</summary>
    private static readonly (ulong Value, int Bits)[] LocalIPv6 =
    [
        (0x0000_0000_0000_0000, 64),  // loopback and all that is embedded in it
        (0x0100_0000_0000_0000, 64),  // discard
        (0x2001_0010_0000_0000, 28),  // hashes, not addresses
        (0x2001_0020_0000_0000, 28),  // the same, second form
        (0x2001_0db8_0000_0000, 32),  // documentation
        (0xfc00_0000_0000_0000, 7),   // private
        (0xfe80_0000_0000_0000, 10),  // link
        (0xff00_0000_0000_0000, 8),   // multicast
    ];

    internal static bool IsRoutable(PeerAddress address)
    {
        if (address == default)
        {
            return false;
        }

        return LinkedIPv4(address) is { } ipv4
            ? !LocalIPv4.Any(range => (ipv4 ^ range.Value) >> (32 - range.Bits) == 0)
            : !LocalIPv6.Any(range => (address.High ^ range.Value) >> (64 - range.Bits) == 0);
    }

    /// <summary>
    /// The IPv4 address behind an address: mapped, translated (RFC 6145, RFC 6052), 6to4 (RFC 3964) or Teredo (RFC
    /// 4380); null where there is none. Whoever owns one IPv4 address owns all these.
    /// </summary>
    internal static uint? LinkedIPv4(PeerAddress address)
    {
        uint low = unchecked((uint)address.Low);
        if (address.IsIPv4 || (address.High == 0 && address.Low >> 32 == 0xffff_0000))
        {
            return low;
        }

        if (address.High == 0x0064_ff9b_0000_0000 && address.Low >> 32 == 0)
        {
            return low;
        }

        return (address.High >> 48, address.High >> 32) switch
        {
            (0x2002, _) => unchecked((uint)(address.High >> 16)),
            (_, 0x2001_0000) => ~low,
            _ => null,
        };
    }
}
