using Camelid.Protocol.Peers;

namespace Camelid.Protocol.Tests.Peers;

/// <summary>Rule P-16: which addresses count as one's.</summary>
public sealed class NetworkGroupTests
{
    [Theory]
    [InlineData("1.2.3.4:1", "1.2.200.4:9", true)]
    [InlineData("1.2.3.4:1", "1.3.3.4:1", false)]
    [InlineData("[2a00:1:2::1]:1", "[2a00:1:3::1]:1", true)]
    [InlineData("[2a00:1:2::1]:1", "[2a00:2:2::1]:1", false)]
    [InlineData("10.0.0.1:1", "192.168.7.7:1", true)]
    [InlineData("127.0.0.1:1", "[::1]:1", true)]
    [InlineData("127.0.0.1:1", "1.2.3.4:1", false)]
    [InlineData("1.2.3.4:1", "[2002:102:304::1]:1", true)]
    [InlineData("1.2.3.4:1", "[64:ff9b::102:505]:1", true)]
    [InlineData("1.2.3.4:1", "[::ffff:0:102:505]:1", true)]
    [InlineData("1.2.3.4:1", "[2001:0:1::fefd:fcfb]:1", true)]
    public void P_16_a_group_is_a_16th_of_ipv4_or_a_32nd_of_ipv6_and_all_local_ones(string one, string two, bool same)
    {
        NetworkGroup first = NetworkGroup.Of(PeerSamples.Address(one));
        NetworkGroup second = NetworkGroup.Of(PeerSamples.Address(two));
        Assert.Equal(same, first == second);
        Assert.Equal(same, first.Span.SequenceEqual(second.Span));
    }

    [Fact]
    public void P_16_on_regtest_alone_local_addresses_are_apart()
    {
        PeerAddress one = PeerSamples.Address("127.0.0.1:18001");
        PeerAddress two = PeerSamples.Address("127.0.0.1:18002");
        Assert.NotEqual(NetworkGroup.Of(one, Network.Regtest), NetworkGroup.Of(two, Network.Regtest));
        Assert.Equal(NetworkGroup.Of(one, Network.Test), NetworkGroup.Of(two, Network.Test));
        PeerAddress far = PeerSamples.Address("1.2.3.4:1");
        Assert.Equal(NetworkGroup.Of(far), NetworkGroup.Of(far, Network.Regtest));
    }

    /// <summary>Each range at its ends and one beside them.</summary>
    [Theory]
    [InlineData("0.255.255.255", false)]
    [InlineData("1.0.0.0", true)]
    [InlineData("9.255.255.255", true)]
    [InlineData("10.0.0.0", false)]
    [InlineData("11.0.0.0", true)]
    [InlineData("100.63.255.255", true)]
    [InlineData("100.64.0.0", false)]
    [InlineData("100.127.255.255", false)]
    [InlineData("100.128.0.0", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("169.254.1.1", false)]
    [InlineData("172.15.255.255", true)]
    [InlineData("172.16.0.0", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("172.32.0.0", true)]
    [InlineData("192.168.0.1", false)]
    [InlineData("198.18.0.1", false)]
    [InlineData("198.20.0.1", true)]
    [InlineData("203.0.113.5", false)]
    [InlineData("223.255.255.255", true)]
    [InlineData("224.0.0.0", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("[::1]", false)]
    [InlineData("[2001:db8::1]", false)]
    [InlineData("[2001:db9::1]", true)]
    [InlineData("[2001:10::1]", false)]
    [InlineData("[2001:470::1]", true)]
    [InlineData("[fc00::1]", false)]
    [InlineData("[fdff::1]", false)]
    [InlineData("[fe80::1]", false)]
    [InlineData("[ff02::1]", false)]
    [InlineData("[2002:a00:1::1]", false)]
    [InlineData("[64:ff9b::7f00:1]", false)]
    public void P_16_what_nobody_outside_can_reach_is_local(string host, bool isRoutable) =>
        Assert.Equal(isRoutable, PeerSamples.Address($"{host}:1").IsRoutable);
}
