using System.Net;
using Camelid.Gateway.Hosting;

namespace Camelid.Gateway.Tests.Hosting;

public sealed class HostCheckTests
{
    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.8.8.8", true)]
    [InlineData("[::1]", true)]
    [InlineData("camel.lan", true)]
    [InlineData("evil.example", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("8.8.8.8", false)]
    [InlineData("", false)]
    public void A_loopback_listener_answers_to_loopback_names_and_to_those_it_was_told(string host, bool accepted)
    {
        Assert.Equal(accepted, HostCheck.Accepts(IPAddress.Loopback, host, ["camel.lan"]));
        Assert.Equal(accepted, HostCheck.Accepts(IPAddress.IPv6Loopback, host, ["camel.lan"]));
    }

    [Fact]
    public void Other_listeners_and_the_Unix_socket_answer_to_every_name()
    {
        Assert.True(HostCheck.Accepts(IPAddress.Parse("10.0.0.5"), "evil.example", []));
        Assert.True(HostCheck.Accepts(null, "evil.example", []));
    }
}
