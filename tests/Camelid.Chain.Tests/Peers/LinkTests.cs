using System.Net;
using System.Net.Sockets;
using Camelid.Chain.Peers.Host;
using Camelid.Protocol;
using Camelid.Protocol.Peers.Links;
using Camelid.Secp256k1;

namespace Camelid.Chain.Tests.Peers;

/// <summary>Rules P-22 and P-23 over sockets: who encrypts, who need not, and who is not taken.</summary>
public sealed class LinkTests : IDisposable
{
    private static readonly LinkTerms Encrypted = new(Network.Regtest, Secp256k1Provider.Create());
    private static readonly LinkTerms Plain = Encrypted with { Encrypts = false };
    private static readonly LinkTerms EncryptedOnly = Encrypted with { TakesEncryptedOnly = true };
    private static readonly LinkTerms OtherNetwork = Encrypted with { Network = Network.Test };

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Socket caller = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket answerer;

    public LinkTests()
    {
        listener.Start();
        caller.Connect(listener.LocalEndpoint);
        answerer = listener.AcceptSocket();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        caller.Dispose();
        answerer.Dispose();
        listener.Dispose();
    }

    [Fact]
    public async Task Two_nodes_that_encrypt_share_a_link_that_carries_both_ways()
    {
        (PeerLink? near, PeerLink? far) = await AgreeAsync(Encrypted, Encrypted);
        Assert.Equal(near!.Id, far!.Id);
        Assert.NotEqual(default, near.Id);
        Assert.Equal("there"u8, Pass(near, far, "there"u8));
        Assert.Equal("back"u8, Pass(far, near, "back"u8));
    }

    [Fact]
    public async Task A_caller_that_does_not_encrypt_is_taken_and_its_first_bytes_are_kept()
    {
        byte[] magic = BitConverter.GetBytes(Network.Regtest.Magic);
        Task<PeerLink?> answer = PeerLink.AnswerAsync(answerer, Encrypted, Cancellation);
        PeerLink near = (await PeerLink.CallAsync(caller, Plain, TimeProvider.System))!;
        await caller.SendAsync(magic, Cancellation);
        PeerLink far = (await answer)!;
        Assert.Null(near.Sealer);
        Assert.Null(far.Opener);
        Assert.Equal(default, far.Id);
        Assert.Equal(magic, far.First);
    }

    [Fact]
    public async Task A_node_that_takes_encrypted_links_only_takes_no_other()
    {
        Task<PeerLink?> answer = PeerLink.AnswerAsync(answerer, EncryptedOnly, Cancellation);
        await caller.SendAsync(BitConverter.GetBytes(Network.Regtest.Magic), Cancellation);
        Assert.Null(await answer);
    }

    /// <summary>The negative control of the one above.</summary>
    [Fact]
    public async Task A_node_that_takes_encrypted_links_only_takes_them()
    {
        (PeerLink? near, PeerLink? far) = await AgreeAsync(Encrypted, EncryptedOnly);
        Assert.Equal(near!.Id, far!.Id);
    }

    [Fact]
    public async Task A_caller_that_encrypts_does_not_go_on_with_a_node_that_does_not()
    {
        Task<PeerLink?> call = PeerLink.CallAsync(caller, Encrypted, TimeProvider.System);
        await answerer.SendAsync(new byte[LinkHello.Bytes], Cancellation);
        Assert.Null(await call);
    }

    [Fact]
    public async Task A_greeting_of_another_network_is_a_plain_beginning_that_the_engine_refuses()
    {
        Task<PeerLink?> answer = PeerLink.AnswerAsync(answerer, Encrypted, Cancellation);
        Task<PeerLink?> call = PeerLink.CallAsync(caller, OtherNetwork, TimeProvider.System);
        PeerLink far = (await answer)!;
        Assert.Null(far.Opener);
        Assert.NotEqual(Network.Regtest.Magic, BitConverter.ToUInt32(far.First));
        answerer.Close();
        Assert.True(await Record.ExceptionAsync(() => call) is SocketException || await call is null);
    }

    private static byte[] Pass(PeerLink from, PeerLink to, ReadOnlySpan<byte> content)
    {
        byte[] packet = new byte[LinkPacket.BytesMax];
        ReadOnlySpan<byte> left = packet.AsSpan(0, from.Sealer!.Seal(content, packet));
        Assert.True(to.Opener!.TryTake(ref left, out ReadOnlySpan<byte> opened));
        return opened.ToArray();
    }

    private async Task<(PeerLink? Near, PeerLink? Far)> AgreeAsync(LinkTerms near, LinkTerms far)
    {
        Task<PeerLink?> answer = PeerLink.AnswerAsync(answerer, far, Cancellation);
        PeerLink? called = await PeerLink.CallAsync(caller, near, TimeProvider.System);
        return (called, await answer);
    }
}
