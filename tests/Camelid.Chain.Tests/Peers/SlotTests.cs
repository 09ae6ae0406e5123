using Camelid.Chain.Peers;
using Camelid.Chain.Peers.Slots;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Tests.Peers;

/// <summary>Rules P-48 to P-54: whom a node connects to, whom it lets in, and what it hears of others.</summary>
public sealed class SlotTests : NetBed
{
    private static readonly PeerOptions Searching = NetNode.Quick with
    {
        Discovers = true, FeelerInterval = TimeSpan.FromSeconds(5), AdvertiseInterval = TimeSpan.FromMinutes(10),
    };

    [Fact]
    public void A_node_finds_others_through_a_seed_node_and_fills_its_slots()
    {
        NetNode[] others = [.. Enumerable.Range(0, 12).Select(_ => Advertised())];
        foreach (NetNode other in others[1..])
        {
            other.ConnectTo(others[0]);
        }

        Net.Run(240);
        NetNode late = Node(Searching);
        late.Engine.Slots.SetSeeds([others[0].Address]);
        Assert.True(
            Net.RunUntil(() => CountOf(late, PeerKind.Full) + CountOf(late, PeerKind.BlocksOnly) >= 4, 300),
            $"{late.Peers.Count} peers, {late.Engine.View.Counts().Addresses} addresses");
    }

    /// <summary>Rule P-36 holds for every connection: a seed node's headers once ended the engine's loop.</summary>
    [Fact]
    public void A_seed_node_that_tells_of_a_branch_is_heard_like_any_other()
    {
        NetNode node = Node(Searching with { SideHeadersMax = 2 });
        node.Mine(5);
        RawPeer seed = new RawPeer(Net, 150).Listen();
        node.Engine.Slots.SetSeeds([seed.Address]);
        Assert.True(Net.RunUntil(() => seed.IsReady, 60));
        Assert.Equal(PeerKind.Seed, node.Peers[0].Kind);
        int before = node.State.Read(reading => reading.HeaderCount);
        for (int i = 0; i < 5; i++)
        {
            uint time = node.Tip.Header.Time + (uint)i;
            seed.Send(new HeadersMessage([node.Build(node.Tip.Ancestor(2), time: time).Header]));
        }

        Net.Run(1);
        Assert.Equal(before + 3, node.State.Read(reading => reading.HeaderCount));
    }

    [Fact]
    public void No_two_peers_of_our_choice_share_a_network_group()
    {
        NetNode node = Node(Searching);
        RawPeer teller = new(Net, 150);
        teller.Dial(node);
        byte[] ip = NetNode.AddressOf(60).IpToBytes();
        List<AddressEntry> entries = [];
        for (int i = 0; i < 10; i++)
        {
            ip[15] = (byte)(50 + i);
            PeerAddress address = PeerAddress.FromBytes(ip, 8633)!.Value;
            new RawPeer(Net, 60 + i, address: address).Listen();
            entries.Add(Entry(address));
        }

        teller.Send(new AddrMessage(entries));
        Net.Run(60);
        Assert.Equal(1, node.Peers.Count(peer => peer.Kind is PeerKind.Full or PeerKind.BlocksOnly));
        RawPeer elsewhere = new RawPeer(Net, 90).Listen();
        teller.Send(new AddrMessage([Entry(elsewhere.Address)]));
        Assert.True(Net.RunUntil(() => elsewhere.IsReady, 60));
    }

    [Fact]
    public void A_node_of_the_operators_choice_is_called_again_after_ever_longer_pauses()
    {
        NetNode node = Node();
        PeerAddress nobody = NetNode.AddressOf(77);
        node.ConnectTo(nobody);
        List<double> calls = [];
        long last = 0;
        Net.RunUntil(
            () =>
            {
                if (node.Peers is [PeerInfo peer] && peer.Number != last)
                {
                    last = peer.Number;
                    calls.Add(Net.Time.Elapsed.TotalSeconds);
                }

                return false;
            },
            40);
        double[] pauses = [.. calls.Zip(calls.Skip(1), (first, second) => second - first)];
        Assert.InRange(pauses[0], 0.9, 1.3);
        Assert.InRange(pauses[1], 1.9, 2.3);
        Assert.InRange(pauses[^1], 4.9, 5.3);
    }

    [Fact]
    public void A_disconnected_node_is_not_called_again()
    {
        NetNode[] pair = Line(2);
        Assert.Equal(1, pair[1].Engine.Operator.Disconnect(null, pair[0].Address));
        Net.Run(30);
        Assert.Empty(pair[1].Peers);
        Assert.Empty(pair[0].Peers);
        pair[1].ConnectTo(pair[0]);
        Assert.True(Net.RunUntil(() => pair[1].ReadyCount == 1, 5));
    }

    [Fact]
    public void A_banned_host_is_not_spoken_to_even_after_a_restart_until_it_is_unbanned()
    {
        NetNode node = Node();
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        node.Engine.Operator.Ban(PeerHost.Of(peer.Address), TimeSpan.FromHours(1));
        Net.Run(1);
        Assert.True(peer.WasClosed);
        Assert.True(new RawPeer(Net, 9).Dial(node).WasClosed);
        NetNode again = Node(setting: new NodeSetting { Files = node.Files });
        Assert.True(new RawPeer(Net, 9).Dial(again).WasClosed);
        Assert.True(again.Engine.Operator.Unban(PeerHost.Of(peer.Address)));
        Assert.True(new RawPeer(Net, 9).Dial(again).IsReady);
    }

    [Fact]
    public void Anchors_of_the_last_run_are_called_first_and_for_blocks_alone()
    {
        NetNode anchor = Node();
        NetNode first = Node(Searching);
        RawPeer teller = new RawPeer(Net, 150).Dial(first);
        teller.Send(new AddrMessage([Entry(anchor.Address)]));
        PeerOptions blocksOnly = Searching with { FullOutboundMax = 0, AnchorsMax = 2 };
        NetNode keeper = Node(blocksOnly, new NodeSetting { Files = first.Files });
        RawPeer again = new RawPeer(Net, 151).Dial(keeper);
        again.Send(new AddrMessage([Entry(anchor.Address)]));
        Assert.True(Net.RunUntil(() => CountOf(keeper, PeerKind.BlocksOnly) == 1, 20));
        Net.Run(1);
        keeper.Stop();
        NodeSetting left = new() { Files = new() { ["anchors"] = keeper.Files["anchors"] } };
        NetNode restarted = Node(Searching, left);
        Assert.True(Net.RunUntil(() => restarted.ReadyCount == 1, 5));
        Assert.Equal(PeerKind.BlocksOnly, restarted.Peers[0].Kind);
    }

    [Theory]
    [InlineData("addresses")]
    [InlineData("anchors")]
    [InlineData("bans")]
    public void A_damaged_file_is_as_good_as_none(string name)
    {
        Random random = new(3);
        for (int i = 0; i < 20; i++)
        {
            byte[] damaged = new byte[random.Next(0, 200)];
            random.NextBytes(damaged);
            if (damaged.Length > 0)
            {
                damaged[0] = 1;
            }

            NetNode node = Node(setting: new NodeSetting { Files = new() { [name] = damaged } });
            Assert.Empty(node.Peers);
            node.Stop();
        }
    }

    [Fact]
    public void Addresses_outlive_a_restart()
    {
        NetNode node = Node();
        RawPeer teller = new RawPeer(Net, 150).Dial(node);
        teller.Send(new AddrMessage([.. Enumerable.Range(60, 5).Select(i => Entry(NetNode.AddressOf(i)))]));
        Net.Run(1);
        int known = node.Engine.View.Counts().Addresses;
        Assert.Equal(5, known);
        node.Stop();
        NetNode again = Node(setting: new NodeSetting { Files = node.Files });
        Assert.Equal(known, again.Engine.View.Counts().Addresses);
    }

    [Fact]
    public void A_flood_of_addresses_is_cut_down_to_its_share()
    {
        NetNode node = Node();
        RawPeer flood = new RawPeer(Net, 150).Dial(node);
        for (int i = 0; i < 20; i++)
        {
            flood.Send(new AddrMessage([.. Enumerable.Range(0, 100).Select(n => Entry(Address(i, n)))]));
        }

        Net.Run(60);
        Assert.InRange(node.Engine.View.Counts().Addresses, 10, 20);
    }

    [Fact]
    public void A_fresh_address_goes_on_to_two_peers_and_repeating_it_to_no_more()
    {
        NetNode node = Node();
        RawPeer[] peers = [.. Enumerable.Range(100, 8).Select(number => new RawPeer(Net, number).Dial(node))];
        AddressEntry news = Entry(NetNode.AddressOf(60));
        for (int i = 0; i < 5; i++)
        {
            peers[0].Send(new AddrMessage([news]));
            Net.Run(60);
        }

        int told = peers.Count(peer => peer.Got.OfType<AddrMessage>().Any(message => message.Entries.Contains(news)));
        Assert.Equal(2, told);
    }

    [Fact]
    public void Addresses_are_told_once_and_only_to_who_called()
    {
        NetNode node = Node();
        RawPeer teller = new RawPeer(Net, 150).Dial(node);
        teller.Send(new AddrMessage([.. Enumerable.Range(60, 8).Select(i => Entry(NetNode.AddressOf(i)))]));
        RawPeer asker = new RawPeer(Net, 151).Dial(node);
        asker.Send(new GetAddrMessage(), new GetAddrMessage());
        RawPeer called = new RawPeer(Net, 152).Listen();
        node.ConnectTo(called.Address);
        Net.Run(2);
        called.Send(new GetAddrMessage());
        Net.Run(2);
        Assert.Single(asker.Got.OfType<AddrMessage>());
        Assert.Empty(called.Got.OfType<AddrMessage>());
    }

    [Fact]
    public void With_all_slots_taken_one_goes_and_useful_and_near_ones_stay()
    {
        NetNode node = Node(NetNode.Quick with { InboundMax = 30 });
        RawPeer[] peers = [.. Enumerable.Range(20, 30).Select(number => new RawPeer(Net, number).Dial(node))];
        Net.Run(1);
        RawPeer late = new RawPeer(Net, 90).Dial(node);
        Assert.True(late.IsReady);
        Net.Run(1);
        Assert.Equal(30, node.ReadyCount);
        Assert.Equal(1, peers.Count(peer => peer.WasClosed));
        Assert.All(peers[..10], peer => Assert.True(peer.IsOpen));
    }

    [Fact]
    public void Many_callers_of_one_network_push_out_each_other()
    {
        List<EvictionCandidate> candidates = [.. Enumerable.Range(1, 60).Select(i => Candidate(i, group: (ulong)i))];
        candidates.AddRange(Enumerable.Range(100, 60).Select(i => Candidate(i, group: 1_000_000)));
        for (int round = 0; round < 30; round++)
        {
            PeerId evicted = InboundEviction.Choose(candidates)!.Value;
            Assert.InRange(evicted.Number, 100, 159);
            candidates.RemoveAll(candidate => candidate.Peer == evicted);
        }
    }

    [Fact]
    public void Few_connections_are_all_safe() => Assert.Null(InboundEviction.Choose(
        Enumerable.Range(1, InboundEviction.GroupsProtected).Select(i => Candidate(i, (ulong)i))));

    [Fact]
    public void A_peer_of_our_choice_that_stays_behind_is_replaced()
    {
        PeerOptions options = Searching with
        {
            BehindTimeout = TimeSpan.FromSeconds(60), StaleTip = TimeSpan.FromDays(1),
        };
        NetNode node = Node(options);
        node.Mine(3);
        RawPeer behind = new RawPeer(Net, 60).Listen();
        RawPeer teller = new RawPeer(Net, 150).Dial(node);
        teller.Send(new AddrMessage([Entry(behind.Address)]));
        Assert.True(Net.RunUntil(() => behind.IsReady, 30));
        Net.Run(100);
        Assert.True(behind.IsOpen);
        Net.Run(120);
        Assert.True(behind.WasClosed);
    }

    [Fact]
    public void A_stale_tip_asks_everybody_again()
    {
        NetNode node = Node(NetNode.Quick with { StaleTip = TimeSpan.FromSeconds(60) });
        RawPeer peer = new RawPeer(Net, 9).Dial(node);
        Net.Run(5);
        int before = peer.Got.OfType<GetHeadersMessage>().Count();
        Net.Run(70);
        Assert.Equal(before + 1, peer.Got.OfType<GetHeadersMessage>().Count());
    }

    private static EvictionCandidate Candidate(int number, ulong group) => new()
    {
        Peer = new PeerId(number),
        GroupKey = group,
        ConnectedAt = TimeSpan.FromSeconds(number),
        PingMin = TimeSpan.FromMilliseconds(100 + number),
        LastBlockAt = TimeSpan.Zero,
        LastTransactionAt = TimeSpan.Zero,
    };

    private static PeerAddress Address(int high, int low) => PeerAddress.FromBytes(
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 33, (byte)high, (byte)low, 1], 8633)!.Value;

    private static int CountOf(NetNode node, PeerKind kind) =>
        node.Peers.Count(peer => peer.Kind == kind && peer.Stage == PeerStage.Ready);

    private AddressEntry Entry(PeerAddress address) => new(
        address, (uint)Net.Time.GetUtcNow().ToUnixTimeSeconds(), PeerServices.Blocks, PeerStatus.Heard, NodeId.None);

    private NetNode Advertised() => Node(setting: new NodeSetting { IsAdvertised = true });
}
