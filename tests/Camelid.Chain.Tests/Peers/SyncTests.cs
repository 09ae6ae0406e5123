using Camelid.Chain.Blocks;
using Camelid.Chain.Tests.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;

namespace Camelid.Chain.Tests.Peers;

/// <summary>Rules P-35, P-38 and P-41: nodes find the best chain and tell each other of it.</summary>
public sealed class SyncTests : NetBed
{
    [Fact]
    public void A_node_without_blocks_gets_them_all_from_its_peer()
    {
        NetNode[] pair = Nodes(2);
        pair[0].Mine(120);
        pair[1].ConnectTo(pair[0]);
        Assert.True(Net.RunUntil(() => pair[1].Height == 120, 20), $"{pair[1].Height}");
        Assert.Equal(pair[0].Tip.Hash, pair[1].Tip.Hash);
    }

    /// <summary>Rule C-36: what a disk lost below the tip is no reason to reorganise, and comes from peers.</summary>
    [Fact]
    public void Blocks_that_the_disk_has_lost_are_fetched_again()
    {
        NetNode[] pair = Line(2);
        pair[0].Mine(20);
        Assert.True(Net.RunUntil(() => pair[1].Height == 20, 20));
        BlockEntry[] entries = pair[1].State.Read(reading => new[] { reading.Active[7], reading.Active[12] });
        foreach (BlockEntry entry in entries)
        {
            pair[1].Disk.FlipBit("blocks-000000.log", entry.Stored!.Position.Offset + 90, 3);
            Assert.Null(pair[1].State.TryReadBlock(entry));
        }

        Assert.Equal(2, pair[1].State.Read(reading => reading.Lost.Count));
        Assert.True(Net.RunUntil(() => pair[1].State.Read(reading => reading.Lost.Count) == 0, 60));
        Assert.All(entries, entry => Assert.Equal(entry.Hash, pair[1].State.ReadBlock(entry).Hash));
        Assert.Equal(1, pair[1].ReadyCount);
    }

    /// <summary>Rule C-37: a full disk is no fault of the peer, and not asked again without end.</summary>
    [Fact]
    public void A_node_with_a_full_disk_keeps_its_peers_and_goes_on_when_there_is_room()
    {
        NetNode[] pair = Line(2);
        pair[0].Mine(3);
        Assert.True(Net.RunUntil(() => pair[1].Height == 3, 20));
        pair[1].Disk.Faults = new DiskFaults { CapacityBytes = pair[1].Disk.UsedBytes + 1_000 };
        pair[0].Mine(40);
        Net.Run(20);
        long before = pair[1].Engine.View.Counts().ReceivedBytes;
        Net.Run(60);
        Assert.InRange(pair[1].Height, 3, 20);
        Assert.Equal(1, pair[1].ReadyCount);
        Assert.Equal(0, pair[1].Peers.Single().Score);
        Assert.InRange(pair[1].Engine.View.Counts().ReceivedBytes - before, 0, 50_000);
        pair[1].Disk.Faults = DiskFaults.None;
        Assert.True(Net.RunUntil(() => pair[1].Height == 43, 90), $"{pair[1].Height}");
    }

    [Fact]
    public void A_new_block_reaches_everybody_in_a_line_of_five()
    {
        NetNode[] line = Nodes(5);
        for (int i = 1; i < line.Length; i++)
        {
            line[i].ConnectTo(line[i - 1]);
        }

        Assert.True(Net.RunUntil(() => line.All(node => node.ReadyCount >= 1), 10));
        for (int i = 0; i < 3; i++)
        {
            Block mined = line[0].Mine()[0];
            Assert.True(Net.RunUntil(() => line.All(node => node.Tip.Hash == mined.Hash), 10));
        }
    }

    [Fact]
    public void Two_sides_of_a_cut_mine_and_converge_on_the_longer_chain_when_it_heals()
    {
        NetNode[] nodes = Nodes(3);
        nodes[1].ConnectTo(nodes[0]);
        nodes[2].ConnectTo(nodes[1]);
        nodes[0].Mine(5);
        Assert.True(Net.RunUntil(() => nodes.All(node => node.Height == 5), 20));
        Net.Cut(nodes[1].Address, nodes[2].Address);
        nodes[0].Mine(3);
        nodes[2].Mine(6);
        Net.Run(5);
        Assert.Equal([8, 8, 11], nodes.Select(node => node.Height));
        Net.Cut(nodes[1].Address, nodes[2].Address, isCut: false);
        Assert.True(Net.RunUntil(() => nodes.All(node => node.Tip.Hash == nodes[2].Tip.Hash), 60));
        Assert.Equal(11, nodes[0].Height);
    }

    /// <summary>
    /// Rule P-42: the commonest fork: two blocks at one height, and the next one on the other. The one that is missing
    /// comes as a compact block, and has no more work than our own tip.
    /// </summary>
    [Fact]
    public void A_node_leaves_its_tip_for_the_block_beside_it_once_another_builds_on_that_one()
    {
        NetNode[] pair = Line(2);
        pair[0].Mine(3);
        Assert.True(Net.RunUntil(() => pair[1].Height == 3, 10));
        Block left = pair[0].Mine()[0];
        Assert.True(Net.RunUntil(() => pair[1].Tip.Hash == left.Hash, 10));
        pair[0].Core.Invalidate(left.Hash);
        pair[0].Mine(payee: new P2pkhScript(Hash160.Of("other"u8)).Build());
        Net.Run(2);
        Block right = pair[0].Mine()[0];
        Assert.True(Net.RunUntil(() => pair[1].Tip.Hash == right.Hash, 10), $"{pair[1].Height}");
        long before = pair[1].Engine.View.Counts().ReceivedBytes;
        Net.Run(5);
        Assert.InRange(pair[1].Engine.View.Counts().ReceivedBytes - before, 0, 2_000);
    }
}
