using Camelid.Chain.Peers;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Tests.Peers;

/// <summary>Rule P-55: envelopes reach their receiver over others, once.</summary>
public sealed class EnvelopeTests : NetBed
{
    private static readonly byte[] Body = [1, 2, 3];

    [Fact]
    public void An_envelope_reaches_a_node_that_is_no_neighbour_once()
    {
        Letterbox box = new();
        NetNode[] line = [Node(), Node(), Node(), Node(setting: new NodeSetting { Addressed = box })];
        for (int i = 1; i < line.Length; i++)
        {
            line[i].ConnectTo(line[i - 1]);
        }

        // A second way: what comes over both is delivered once.
        line[3].ConnectTo(line[1]);
        Net.Run(3);
        Assert.Equal(1, line[0].Engine.Envelopes.Send(line[3].NodeId, 7, Body));
        Net.Run(2);
        (NodeId sender, RelayMessage message) = Assert.Single(box.Got);
        Assert.Equal(line[0].NodeId, sender);
        Assert.Equal(Body, message.Body.ToArray());
        Assert.Equal(1, line[3].Engine.View.Counts().EnvelopesDelivered);
    }

    [Fact]
    public void An_envelope_goes_at_most_eight_links_far()
    {
        Letterbox near = new();
        Letterbox far = new();
        NetNode[] line = [.. Enumerable.Range(0, 10).Select(i => Node(setting: new NodeSetting
        {
            Addressed = i == 8 ? near : i == 9 ? far : null,
        }))];
        for (int i = 1; i < line.Length; i++)
        {
            line[i].ConnectTo(line[i - 1]);
        }

        Net.Run(3);
        line[0].Engine.Envelopes.Send(line[8].NodeId, 7, Body);
        line[0].Engine.Envelopes.Send(line[9].NodeId, 7, Body);
        Net.Run(3);
        Assert.Single(near.Got);
        Assert.Empty(far.Got);
    }

    [Fact]
    public void An_envelope_that_its_sender_did_not_sign_goes_no_further_and_costs_who_brought_it()
    {
        Letterbox box = new();
        NetNode[] line = [Node(), Node(setting: new NodeSetting { Addressed = box })];
        line[1].ConnectTo(line[0]);
        RawPeer forger = new RawPeer(Net, 9).Dial(line[0]);
        Net.Run(2);
        RelayMessage message = new()
        {
            Kind = 7, Time = (uint)Net.Time.GetUtcNow().ToUnixTimeSeconds(), SenderKey = forger.Ours.NodeKey,
            Body = Body, Signature = new byte[70],
        };
        PeerPacket packet = new(forger.Id, line[1].NodeId, PeerPacket.HopsMax, message);
        forger.SendRaw(PeerFrame.Encode(packet, line[0].State.Network));
        Net.Run(2);
        Assert.Empty(box.Got);
        Assert.True(forger.WasClosed || line[0].Peers.Any(peer => peer.Score > 0));
    }

    [Fact]
    public void A_flood_of_envelopes_is_cut_down_to_its_rate()
    {
        PeerOptions options = NetNode.Quick with { EnvelopesPerSecond = 2 };
        Letterbox box = new();
        NetNode[] line = [Node(), Node(options, new NodeSetting { Addressed = box })];
        line[1].ConnectTo(line[0]);
        Net.Run(2);
        for (int i = 0; i < 100; i++)
        {
            line[0].Engine.Envelopes.Send(line[1].NodeId, 7, new byte[] { (byte)i });
        }

        Net.Run(2);
        Assert.InRange(box.Got.Count, 20, 26);
    }

    private sealed class Letterbox : IAddressedMessageHandler
    {
        public List<(NodeId Sender, RelayMessage Message)> Got { get; } = [];

        public void Handle(NodeId sender, RelayMessage message) => Got.Add((sender, message));
    }
}
