using Camelid.Chain.Peers;
using Camelid.Protocol;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Peers;

/// <summary>Rules P-31 to P-34: bytes of peers, whatever they are, cost a bounded amount of anything.</summary>
public sealed class BoundTests : NetBed
{
    [Fact]
    public void A_frame_may_come_byte_by_byte()
    {
        NetNode node = Node();
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        byte[] frame = FrameOf(peer, new PingMessage(42));
        foreach (byte one in frame)
        {
            peer.SendRaw([one]);
        }

        Assert.True(Net.RunUntil(() => peer.Got.OfType<PongMessage>().Any(pong => pong.Nonce == 42), 5));
    }

    [Fact]
    public void Many_frames_may_come_at_once()
    {
        NetNode node = Node();
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        peer.SendRaw([.. Enumerable.Range(1, 50).SelectMany(i => FrameOf(peer, new PingMessage((ulong)i)))]);
        Assert.True(Net.RunUntil(() => peer.Got.OfType<PongMessage>().Count() == 50, 5));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(16)]
    [InlineData(20)]
    [InlineData(30)]
    public void A_frame_with_a_wrong_byte_in_head_or_body_ends_the_connection(int at)
    {
        NetNode node = Node();
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        byte[] frame = FrameOf(peer, new PingMessage(42));
        frame[at] ^= 0xff;
        peer.SendRaw(frame);
        Net.Run(1);
        Assert.True(peer.WasClosed);
        Assert.DoesNotContain(peer.Got.OfType<PongMessage>(), pong => pong.Nonce == 42);
    }

    [Fact]
    public void A_frame_that_announces_too_much_ends_the_connection_before_its_body_comes()
    {
        NetNode node = Node();
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        byte[] frame = FrameOf(peer, new PingMessage(1));
        frame[16] = 0xff;
        peer.SendRaw(frame[..PeerFrame.HeaderBytes]);
        Net.Run(1);
        Assert.True(peer.WasClosed);
    }

    [Fact]
    public void A_message_recorded_on_another_network_is_refused()
    {
        NetNode node = Node();
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        peer.SendRaw(PeerFrame.Encode(PeerPacket.ToNeighbour(peer.Id, new PingMessage(1)), Network.Test));
        Net.Run(1);
        Assert.True(peer.WasClosed);
    }

    [Fact]
    public void A_message_in_somebody_elses_name_is_refused()
    {
        NetNode node = Node();
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        RawPeer other = new(Net, 10);
        peer.SendRaw(FrameOf(other, new PingMessage(77)));
        Net.Run(1);
        Assert.DoesNotContain(peer.Got.OfType<PongMessage>(), pong => pong.Nonce == 77);
    }

    [Fact]
    public void Random_bytes_end_the_connection_and_nothing_else()
    {
        NetNode node = Node();
        Random random = new(5);
        for (int i = 0; i < 50; i++)
        {
            RawPeer peer = new(Net, 20 + i, greets: false);
            peer.Dial(node);
            byte[] garbage = new byte[random.Next(1, 5_000)];
            random.NextBytes(garbage);
            peer.SendRaw(garbage);
        }

        Net.Run(15);
        Assert.Empty(node.Peers);
    }

    [Theory]
    [InlineData(29, false)]
    [InlineData(40, true)]
    public void A_frame_that_drips_is_given_its_time_and_no_more(double seconds, bool isClosed)
    {
        NetNode node = Node();
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        byte[] frame = FrameOf(peer, new InvMessage(new InventoryList(
            Enumerable.Range(0, 100).Select(i => InventoryEntry.Of(new Txid(Hashes.Sha256([(byte)i])))))));
        Net.Run(1);
        peer.SendRaw(frame[..50]);
        for (double at = 0; at < seconds && peer.IsOpen; at++)
        {
            Net.Run(1);
            peer.SendRaw([frame[50 + (int)at]]);
        }

        Net.Run(0.5);
        Assert.Equal(isClosed, peer.WasClosed);
    }

    [Fact]
    public void A_ping_without_an_answer_ends_the_connection_in_time()
    {
        NetNode node = Node(NetNode.Quick with { PongTimeout = TimeSpan.FromMinutes(3) });
        RawPeer good = new RawPeer(Net, 9).Dial(node);
        RawPeer deaf = new RawPeer(Net, 10, greets: true).Dial(node);
        deaf.Socket.Reads = false;
        Net.Run(400);
        Assert.True(good.IsOpen);
        Assert.True(deaf.WasClosed || !deaf.IsOpen);
        Assert.Equal(1, node.ReadyCount);
    }

    [Fact]
    public void Who_asks_for_blocks_and_does_not_read_them_is_dropped_and_costs_little_memory()
    {
        NetNode node = Node();
        node.Mine(40);
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        RawPeer reader = new RawPeer(Net, 10).Dial(node);
        peer.Socket.Reads = false;
        InventoryEntry[] all = node.State.Read(reading =>
            reading.Active.Skip(1).Select(entry => InventoryEntry.Of(entry.Hash)).ToArray());
        for (int i = 0; i < 150; i++)
        {
            peer.Send(new GetDataMessage(new InventoryList(all)));
        }

        reader.Send(new GetDataMessage(new InventoryList(all)));
        Net.Run(10);
        Assert.InRange(node.Engine.View.Counts().QueuedBytes, 1, NetNode.Quick.SendQueueBytesLow + 100_000);
        Assert.Equal(40, reader.Got.OfType<BlockMessage>().Count());
        Net.Run(NetNode.Quick.SendStallTimeout.TotalSeconds);
        Assert.False(peer.IsOpen);
        Assert.True(reader.IsOpen);
    }

    [Fact]
    public void A_list_of_wishes_has_an_end()
    {
        NetNode node = Node();
        node.Mine(1);
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        peer.Socket.Reads = false;
        InventoryEntry[] wishes =
            [.. Enumerable.Repeat(InventoryEntry.Of(node.Tip.Hash), InventoryList.EntriesMax)];
        for (int i = 0; i < 20 && peer.IsOpen; i++)
        {
            peer.Send(new GetDataMessage(new InventoryList(wishes)));
            Net.Run(0.2);
        }

        Assert.True(!peer.IsOpen || node.Peers[0].Score > 0);
    }

    [Fact]
    public void Questions_come_no_faster_than_they_may_and_an_honest_burst_is_answered()
    {
        NetNode node = Node();
        node.Mine(3);
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        GetHeadersMessage question = new([node.State.Network.GenesisHash], default);
        for (int i = 0; i < 500; i++)
        {
            peer.Send(question);
        }

        Net.Run(1);
        int afterOne = peer.Got.OfType<HeadersMessage>().Count();
        Assert.InRange(afterOne, 40, 80);
        Net.Run(9);
        Assert.InRange(peer.Got.OfType<HeadersMessage>().Count(), afterOne + 60, afterOne + 120);
        Assert.True(peer.IsOpen);
    }

    [Fact]
    public void A_limit_of_bytes_slows_a_peer_down_and_keeps_it()
    {
        NetNode node = Node(NetNode.Quick with { DownloadPerPeer = 10_000 });
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        for (int i = 0; i < 2_000; i++)
        {
            peer.Send(new PongMessage(1));
        }

        Net.Run(5);
        Assert.InRange(node.Peers[0].ReceivedBytes, 40_000, 75_000);
        Assert.True(peer.IsOpen);
    }

    [Fact]
    public void A_limit_of_bytes_served_spreads_blocks_over_time()
    {
        NetNode node = Node(NetNode.Quick with { UploadTotal = 2_000 });
        node.Mine(60);
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        peer.Send(new GetDataMessage(new InventoryList(node.State.Read(reading =>
            reading.Active.Skip(1).Select(entry => InventoryEntry.Of(entry.Hash)).ToArray()))));
        Net.Run(2);
        int early = peer.Got.OfType<BlockMessage>().Count();
        Assert.InRange(early, 5, 40);
        Net.Run(30);
        Assert.Equal(60, peer.Got.OfType<BlockMessage>().Count());
    }

    [Fact]
    public void The_memory_that_peers_can_take_has_a_bound()
    {
        PeerOptions options = new();
        Assert.InRange(options.MemoryBytesMax, 1, 512L << 20);
    }

    private static byte[] FrameOf(RawPeer peer, PeerMessage message) =>
        PeerFrame.Encode(PeerPacket.ToNeighbour(peer.Id, message), Network.Regtest);
}
