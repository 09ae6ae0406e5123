using Camelid.Chain.Market;
using Camelid.Chain.Peers.Relay;
using Camelid.Chain.Tests.Peers;
using Camelid.Protocol.Market;
using Microsoft.Extensions.Logging.Abstractions;

namespace Camelid.Chain.Tests.Market;

/// <summary>Rules P-56, P-58 and P-64: messages between nodes, however long and however many.</summary>
public sealed class MessageTests : NetBed
{
    private const byte Kind = 20;

    /// <summary>Fifty jobs that begin at once: three messages each, between two nodes.</summary>
    [Fact]
    [Trait("Rule", "P-58")]
    public void A_burst_of_150_messages_gets_through_within_a_second()
    {
        (NetNode[] line, MessageSubscription reader) = Reading(2);
        for (int i = 0; i < 150; i++)
        {
            Assert.Equal(1, line[0].Engine.Envelopes.SendMessage(line[1].NodeId, Kind, Drawn(6_000, i)));
        }

        Net.Run(1);
        Assert.Equal(
            Enumerable.Range(0, 150).Select(i => Convert.ToHexStringLower(Drawn(6_000, i))).Order(),
            Read(reader).Select(message => Convert.ToHexStringLower(message.Body.Span)).Order());
        Assert.All(line, node => Assert.All(node.Peers, peer => Assert.Equal(0, peer.Score)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(MessageParts.PartBytesMax)]
    [InlineData(MessageParts.PartBytesMax + 1)]
    [InlineData(MessageParts.BytesMax)]
    [Trait("Rule", "P-56")]
    public void A_message_of_any_length_comes_over_a_node_between(int bytes)
    {
        (NetNode[] line, MessageSubscription reader) = Reading(3);
        line[0].Engine.Envelopes.SendMessage(line[2].NodeId, Kind, Drawn(bytes, 1));
        Net.Run(5);
        IncomingMessage message = Assert.Single(Read(reader));
        Assert.Equal(line[0].NodeId, message.Sender);
        Assert.Equal(Drawn(bytes, 1), message.Body.ToArray());
        Assert.Equal(0, line[0].Engine.Envelopes.Outbox.Count);
    }

    /// <summary>What is more than the neighbour takes waits here; nothing is lost and nobody is blamed.</summary>
    [Fact]
    [Trait("Rule", "P-58")]
    public void A_node_sends_no_faster_than_its_neighbour_takes()
    {
        (NetNode[] line, MessageSubscription reader) = Reading(2);
        for (int i = 0; i < EnvelopeOutbox.PeerCountMax; i++)
        {
            Assert.NotNull(line[0].Engine.Envelopes.SendMessage(line[1].NodeId, Kind, BitConverter.GetBytes(i)));
        }

        Assert.True(line[0].Engine.Envelopes.Outbox.Count > 1_000);
        Net.Run(60);
        Assert.Equal(EnvelopeOutbox.PeerCountMax, Read(reader).Count);
        Assert.All(line[1].Peers, peer => Assert.Equal(0, peer.Score));
    }

    /// <summary>The negative control: without its own pace the sender would be ended for what it sends.</summary>
    [Fact]
    [Trait("Rule", "P-55")]
    public void Who_sends_faster_than_the_rate_loses_messages_and_then_the_connection()
    {
        NetNode slow = Node(NetNode.Quick with { EnvelopesPerSecond = 5 });
        NetNode fast = Node(NetNode.Quick with { EnvelopesPerSecond = 500 });
        fast.ConnectTo(slow);
        Net.Run(2);
        for (int i = 0; i < 1_000; i++)
        {
            fast.Engine.Envelopes.SendMessage(slow.NodeId, Kind, BitConverter.GetBytes(i));
        }

        Assert.True(Net.RunUntil(() => slow.ReadyCount == 0, 10));
    }

    [Fact]
    [Trait("Rule", "P-58")]
    public void What_waits_is_bounded_and_more_is_refused_whole()
    {
        (NetNode[] line, MessageSubscription _) = Reading(2);
        byte[] message = Drawn(MessageParts.BytesMax, 1);
        int taken = 0;
        while (taken < 100 && line[0].Engine.Envelopes.SendMessage(line[1].NodeId, Kind, message) is not null)
        {
            taken++;
        }

        Assert.InRange(taken, 10, 20);
        Assert.InRange(line[0].Engine.Envelopes.Outbox.Bytes, 0, EnvelopeOutbox.BytesMax);
        Assert.Null(line[0].Engine.Envelopes.SendMessage(line[1].NodeId, Kind, message));
    }

    [Fact]
    [Trait("Rule", "P-58")]
    public void A_node_without_neighbours_says_so() =>
        Assert.Equal(0, Node().Engine.Envelopes.SendMessage(new RawPeer(Net, 9).Id, Kind, "lost"u8));

    /// <summary>Forwarded envelopes are slowed and bounded too: no stranger can have this node blamed.</summary>
    [Fact]
    [Trait("Rule", "P-58")]
    public void A_flood_over_a_node_does_not_make_it_guilty()
    {
        (NetNode[] line, MessageSubscription reader) = Reading(2);
        NetNode[] senders = Nodes(8);
        foreach (NetNode sender in senders)
        {
            sender.ConnectTo(line[0]);
        }

        Net.Run(3);
        for (int second = 0; second < 20; second++)
        {
            foreach (NetNode sender in senders)
            {
                for (int i = 0; i < 60; i++)
                {
                    byte[] message = BitConverter.GetBytes((second * 60) + i);
                    sender.Engine.Envelopes.SendMessage(line[1].NodeId, Kind, message);
                }
            }

            Net.Run(1);
        }

        int got = Read(reader).Count;
        Assert.InRange(got, 450, 1_400);
        Assert.All(line[1].Peers, peer => Assert.Equal(0, peer.Score));
        Assert.True(line[0].Engine.Envelopes.Outbox.Count <= EnvelopeOutbox.PeerCountMax / 2);

        // This node's own messages are not behind those of others.
        line[0].Engine.Envelopes.SendMessage(line[1].NodeId, Kind, "own"u8);
        Net.Run(0.5);
        Assert.Contains(Read(reader), message => message.Sender == line[0].NodeId);
    }

    [Fact]
    [Trait("Rule", "P-64")]
    public void Of_a_kind_that_nobody_reads_nothing_is_kept()
    {
        (NetNode[] line, MessageSubscription reader) = Reading(2);
        line[0].Engine.Envelopes.SendMessage(line[1].NodeId, Kind + 1, Drawn(100_000, 1));
        Net.Run(2);
        Assert.Empty(Read(reader));
        Assert.Equal(4, hub!.Counts.Unwanted);
        Assert.Equal(0, hub.Counts.Received);
    }

    [Fact]
    [Trait("Rule", "P-64")]
    public void A_reader_that_does_not_read_loses_the_oldest()
    {
        MessageHub own = Hub();
        using MessageSubscription slow = own.TrySubscribe([Kind])!;
        for (int i = 0; i < MessageSubscription.CountMax + 3; i++)
        {
            own.HandleOwn(default, Kind, BitConverter.GetBytes(i));
        }

        Assert.Equal(3, own.Counts.Dropped);
        List<IncomingMessage> read = Read(slow);
        Assert.Equal(MessageSubscription.CountMax, read.Count);
        Assert.Equal(3, BitConverter.ToInt32(read[0].Body.Span));

        byte[] large = new byte[MessageSubscription.BytesMax / 4];
        for (int i = 0; i < 6; i++)
        {
            own.HandleOwn(default, Kind, large);
        }

        Assert.Equal(4, Read(slow).Count);
    }

    [Fact]
    [Trait("Rule", "P-64")]
    public void Each_reader_of_a_kind_gets_each_message_and_there_are_32_at_most()
    {
        MessageHub own = Hub();
        MessageSubscription[] readers =
            [.. Enumerable.Range(0, MessageHub.SubscriptionsMax).Select(_ => own.TrySubscribe([Kind])!)];
        Assert.Null(own.TrySubscribe([Kind]));
        own.HandleOwn(default, Kind, new byte[1]);
        Assert.All(readers, reader => Assert.Single(Read(reader)));
        readers[0].Dispose();
        Assert.NotNull(own.TrySubscribe([Kind]));
    }

    private MessageHub? hub;

    private (NetNode[] Line, MessageSubscription Reader) Reading(int count)
    {
        hub = Hub();
        NetNode[] line =
        [
            .. Enumerable.Range(1, count).Select(i =>
                Node(setting: new NodeSetting { Addressed = i == count ? hub : null })),
        ];
        for (int i = 1; i < count; i++)
        {
            line[i].ConnectTo(line[i - 1]);
        }

        Net.Run(3);
        return (line, hub.TrySubscribe([Kind])!);
    }

    private MessageHub Hub() => new(Net.Time, NullLogger<MessageHub>.Instance);

    private static List<IncomingMessage> Read(MessageSubscription reader)
    {
        List<IncomingMessage> read = [];
        while (reader.TryRead(out IncomingMessage? message))
        {
            read.Add(message);
        }

        return read;
    }

    private static byte[] Drawn(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
