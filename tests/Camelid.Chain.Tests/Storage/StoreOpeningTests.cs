using Camelid.Chain.Blocks;
using Camelid.Chain.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Tests.Storage;

/// <summary>
/// Rules C-36 to C-38: what a start makes of a folder: damage is named with file and offset and healed, a full disk
/// is survived, old files are removed, and folders of older versions are read.
/// </summary>
public sealed class StoreOpeningTests
{
    private static readonly TestForest Forest = new(20, 60);

    private static readonly ChainStoreOptions Small = new() { SegmentBytesMax = 4_000 };

    private readonly SimulatedDisk disk = new(1);

    private static Block[] Longest
    {
        get
        {
            List<Block> chain = [];
            Block tip = Forest.Blocks.MaxBy(block => Forest.HeightOf(block.Hash))!;
            for (BlockHash at = tip.Hash; at != Network.Regtest.GenesisHash; at = Forest.ParentOf(at))
            {
                chain.Insert(0, Forest.Blocks.Single(block => block.Hash == at));
            }

            return [.. chain];
        }
    }

    [Fact]
    public void A_start_behind_a_snapshot_needs_neither_scripts_nor_the_blocks_before_it()
    {
        Fill(snapshotAt: 30);
        using ChainState state = Open();
        Assert.Equal(Longest.Length, state.Read(reading => reading.Tip.Height));
        Forest.CheckOutputs(state);
        Assert.Empty(state.Store.Damage);
    }

    [Fact]
    public void A_damaged_block_is_named_and_fetched_again_from_peers()
    {
        Fill(snapshotAt: 0);
        long offset = 40 + Frames.HeadBytes + 100;
        disk.FlipBit("blocks-000000.log", offset, 2);
        using (ChainState state = Open())
        {
            StorageDamage damage = Assert.Single(state.Store.Damage);
            Assert.Equal(("disk/blocks-000000.log", 40L), (damage.File, damage.Offset));
            Assert.Equal(0, state.Read(reading => reading.Tip.Height));
            BlockEntry lost = state.Read(reading => reading.Find(Longest[0].Hash))!;
            Assert.False(lost.HasBlock);
            Assert.Equal(RuleCode.Accepted, state.Submit(Longest[0]).Code);
            Assert.Equal(Longest.Length, state.Read(reading => reading.Tip.Height));
            Forest.CheckOutputs(state);
        }

        using ChainState again = Open();
        Assert.Equal(Longest.Length, again.Read(reading => reading.Tip.Height));
    }

    [Fact]
    public void A_damaged_block_below_a_snapshot_costs_that_block_and_not_the_chain()
    {
        Fill(snapshotAt: 30);
        disk.FlipBit("blocks-000000.log", 40 + Frames.HeadBytes + 100, 2);
        using ChainState state = Open();
        Assert.Equal(Longest.Length, state.Read(reading => reading.Tip.Height));
        BlockEntry lost = state.Read(reading => reading.Active[1]);
        Assert.Null(state.TryReadBlock(lost));
        Assert.Throws<BlockUnavailableException>(() => state.ReadBlock(lost));
        Assert.Equal(RuleCode.Accepted, state.Submit(Longest[0]).Code);
        Assert.Equal(Longest[0].Hash, state.ReadBlock(lost).Hash);
    }

    [Theory]
    [InlineData("index")]
    [InlineData("undo")]
    [InlineData("outputs")]
    public void What_can_be_made_again_from_blocks_is_whether_a_bit_changed_or_all_is_lost(string name)
    {
        Fill(snapshotAt: 30);
        Hash256 outputs = OutputsHash();
        string[] files = [.. disk.List().Where(file => file.StartsWith(name, StringComparison.Ordinal))];
        foreach (string file in files)
        {
            for (int at = 0; at < disk.Contents(file).Length; at += 97)
            {
                SimulatedDisk other = Copy();
                other.FlipBit(file, at, at % 8);
                using ChainState state = Open(other);
                Assert.True(state.Store.Damage.Count > 0 || state.Store.DroppedBytes > 0 || name == "index");
                Assert.Equal(outputs, state.Read(reading => reading.Outputs.ContentHash()));
                Assert.Equal(Longest.Length, state.Read(reading => reading.Tip.Height));
            }
        }

        Array.ForEach(files, disk.Delete);
        disk.Flush();
        Assert.Equal(outputs, OutputsHash());
        using ChainState rebuilt = Open();
        Assert.Equal(RuleCode.Accepted, rebuilt.Invalidate(Longest[20].Hash).Code);
        Forest.CheckOutputs(rebuilt);
    }

    [Fact]
    public void A_full_disk_takes_no_block_and_the_node_goes_on_when_there_is_room()
    {
        using ChainState state = Open();
        Assert.Equal(RuleCode.Accepted, state.Submit(Longest[0]).Code);
        disk.Faults = new DiskFaults { CapacityBytes = disk.UsedBytes };
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(RuleCode.BlockNotStored, state.Submit(Longest[1]).Code);
            Assert.Contains("No space", state.Store.Problem, StringComparison.Ordinal);
            Assert.Equal(1, state.Read(reading => reading.Tip.Height));
            Forest.CheckOutputs(state);
        }

        disk.Faults = DiskFaults.None;
        Assert.All(Longest[1..], block => Assert.Equal(RuleCode.Accepted, state.Submit(block).Code));
        Assert.Empty(state.Store.Problem);
        disk.CutPower();
        using ChainState again = Open();
        Assert.Equal(Longest.Length, again.Read(reading => reading.Tip.Height));
    }

    [Fact]
    public void A_block_that_was_set_aside_is_still_so_after_a_start_until_it_is_reconsidered()
    {
        Fill(snapshotAt: 30);
        int height = Forest.HeightOf(Longest[35].Hash);
        using (ChainState state = Open())
        {
            Assert.Equal(RuleCode.Accepted, state.Invalidate(Longest[35].Hash).Code);
        }

        disk.CutPower();
        using (ChainState state = Open())
        {
            Assert.True(state.Read(reading => reading.Find(Longest[35].Hash)!.IsRefused));
            Assert.InRange(state.Read(reading => reading.Tip.Height), height - 1, Longest.Length);
            Forest.CheckOutputs(state);
            Assert.Equal(RuleCode.Accepted, state.Reconsider(Longest[35].Hash).Code);
            Assert.Equal(Longest[^1].Hash, state.Read(reading => reading.Tip.Hash));
        }

        disk.CutPower();
        using ChainState again = Open();
        Assert.Equal(Longest[^1].Hash, again.Read(reading => reading.Tip.Hash));
    }

    [Fact]
    public void Pruning_keeps_the_blocks_of_a_reorg_and_the_chain_opens_without_the_others()
    {
        ChainStateOptions options = new() { SnapshotBlocks = 5, PruneBytes = 12_000, KeptBlocks = 10 };
        using (ChainState state = Open(disk, options))
        {
            Assert.All(Longest, block => Assert.Equal(RuleCode.Accepted, state.Submit(block).Code));
        }

        Assert.DoesNotContain("blocks-000000.log", disk.List());
        using ChainState again = Open(disk, options);
        Assert.Equal(Longest.Length, again.Read(reading => reading.Tip.Height));
        Assert.True(again.Read(reading => reading.Active[1].IsPruned));
        Assert.All(
            again.Read(reading => reading.Active.TakeLast(10).ToArray()),
            entry => Assert.True(entry.CanDisconnect));
        Assert.Equal(RuleCode.BlockDataMissing, again.Invalidate(Longest[0].Hash).Code);
        Assert.Equal(RuleCode.Accepted, again.Invalidate(Longest[^5].Hash).Code);
        Forest.CheckOutputs(again);
    }

    [Fact]
    public void A_folder_of_an_older_version_is_taken_over()
    {
        FrameLogForm old = new StoreForms(Network.Regtest.GenesisHash, new ChainStoreOptions()).Blocks;
        FrameLog log = new(disk, old);
        Array.ForEach(Longest, block => log.Append(block.Encode()));
        log.Flush();
        disk.Rename(old.FileName(0), StoreForms.OldBlockLog);
        using ChainState state = Open();
        Assert.Equal(Longest[^1].Hash, state.Read(reading => reading.Tip.Hash));
        Assert.False(disk.Exists(StoreForms.OldBlockLog));
    }

    [Fact]
    public void A_batch_waits_for_the_disk_once()
    {
        using ChainState state = Open(disk, new ChainStateOptions(), new ChainStoreOptions());
        state.Submit(Longest[0]);
        long before = disk.FileFlushes;
        Assert.All(Longest[1..], block =>
            Assert.Equal(RuleCode.Accepted, state.Submit(block, Durability.AtFlush).Code));
        Assert.Equal(before, disk.FileFlushes);
        Assert.True(state.Flush());
        Assert.Equal(before + 1, disk.FileFlushes);
        disk.CutPower();
        using ChainState again = Open(disk, new ChainStateOptions(), new ChainStoreOptions());
        Assert.Equal(Longest.Length, again.Read(reading => reading.Tip.Height));
    }

    private static ChainState Open(
        SimulatedDisk disk, ChainStateOptions? options = null, ChainStoreOptions? storeOptions = null) =>
        ChainState.Open(
            new FileChainStore(disk, Network.Regtest.GenesisHash, storeOptions ?? Small), Forest.Identity, options);

    private ChainState Open() => Open(disk);

    private void Fill(int snapshotAt)
    {
        using ChainState state = Open();
        for (int i = 0; i < Longest.Length; i++)
        {
            Assert.Equal(RuleCode.Accepted, state.Submit(Longest[i]).Code);
            if (snapshotAt > 0 && i + 1 == snapshotAt)
            {
                state.SaveSnapshot();
            }
        }

        Assert.True(state.Flush());
    }

    private Hash256 OutputsHash()
    {
        using ChainState state = Open();
        return state.Read(reading => reading.Outputs.ContentHash());
    }

    private SimulatedDisk Copy()
    {
        SimulatedDisk other = new(2);
        disk.List().ToList().ForEach(name => other.Put(name, disk.Contents(name)));
        return other;
    }
}
