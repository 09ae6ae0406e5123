using Camelid.Chain.Blocks;
using Camelid.Chain.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Tests.Storage;

/// <summary>
/// One chain state on one simulated disk through many ends: blocks come in any order, with reorgs, snapshots, pruning
/// and refused writes, until the power is cut or the process killed in the middle of something.
/// </summary>
internal sealed class CrashRun(TestForest forest, int seed)
{
    private readonly Random random = new(seed);
    private readonly SimulatedDisk disk = new(seed);
    private readonly HashSet<BlockHash> acknowledged = [];
    private readonly bool prunes = seed % 4 == 0;

    /// <summary>The chance that a flush is a lie.</summary>
    public double LyingFlush { get; init; }

    /// <summary>True asks that nothing acknowledged is lost; false only that what is left is consistent.</summary>
    public bool IsStrict { get; init; } = true;

    /// <summary>Ends that were survived.</summary>
    public int Crashes { get; private set; }

    /// <summary>Runs until an end, and checks what is left.</summary>
    public void Step()
    {
        bool isFull = random.Next(4) == 0;
        disk.Faults = new DiskFaults
        {
            LyingFlush = LyingFlush,
            ShortRead = 0.05,
            NoRoom = isFull ? 0.05 : 0,
            FailedFlush = isFull ? 0.05 : 0,
        };
        disk.CutPowerAfter(random.Next(150));
        try
        {
            Use();
        }
        catch (PowerCutException)
        {
            // The end that was asked for.
        }
        catch (IOException) when (isFull)
        {
            // A start on a disk that does not even flush is refused.
        }

        if (random.Next(3) == 0)
        {
            disk.Kill();
        }
        else
        {
            disk.CutPower();
        }

        Crashes++;
        disk.Faults = DiskFaults.None;
        using ChainState state = Open();
        Check(state);
    }

    private ChainState Open() => ChainState.Open(
        new FileChainStore(disk, Network.Regtest.GenesisHash, new ChainStoreOptions
        {
            SegmentBytesMax = 3_000,
            CheckAllAtStart = seed % 3 != 0,
        }),
        forest.Identity,
        new ChainStateOptions
        {
            SnapshotBlocks = 1 + random.Next(8),
            PruneBytes = prunes ? 9_000 : 0,
            KeptBlocks = 8,
        });

    private void Use()
    {
        using ChainState state = Open();
        Check(state);
        for (int i = random.Next(60); i > 0; i--)
        {
            Block block = forest.Blocks[random.Next(forest.Blocks.Count)];
            int height = state.Read(reading => reading.Tip.Height);
            if (Math.Abs(forest.HeightOf(block.Hash) - height) > 6)
            {
                continue;
            }

            bool now = random.Next(4) > 0;
            RuleCode code = state.Submit(block, now ? Durability.Now : Durability.AtFlush).Code;
            Assert.Contains(code, new[]
            {
                RuleCode.Accepted, RuleCode.WrongPreviousBlock, RuleCode.BlockNotStored,
            });
            if (now && code == RuleCode.Accepted)
            {
                acknowledged.Add(block.Hash);
            }

            if (random.Next(20) == 0)
            {
                state.SaveSnapshot();
            }

            forest.CheckOutputs(state);
        }
    }

    private void Check(ChainState state)
    {
        forest.CheckOutputs(state);
        if (!IsStrict)
        {
            return;
        }

        Assert.DoesNotContain(state.Store.Damage, damage => !damage.IsExpected);
        foreach (BlockHash hash in acknowledged)
        {
            BlockEntry? entry = state.Read(reading => reading.Find(hash));
            bool mayBePruned = prunes && entry is not null && !entry.HasBlock;
            Assert.True(entry is not null && (mayBePruned || state.TryReadBlock(entry)?.Hash == hash),
                $"block {hash} of height {forest.HeightOf(hash)} is lost: {Describe(entry, state)}");
        }

        if (prunes)
        {
            return;
        }

        BlockHash[] whole = [.. acknowledged.Where(hash => IsWhole(hash))];
        int best = whole.Length == 0 ? 0 : whole.Max(forest.HeightOf);
        Assert.True(
            state.Read(reading => reading.Tip.Height) >= best,
            $"the tip is below {best}: " + string.Join("; ", whole.Where(hash => forest.HeightOf(hash) == best)
                .Select(hash => state.Read(reading => reading.Find(hash))).Select(entry => Describe(entry, state))));
    }

    private string Describe(BlockEntry? entry, ChainState state) => entry is null
        ? "its header too"
        : $"refused {entry.IsRefused}, stored {entry.Stored}, undo {entry.Undo}, active "
            + state.Read(reading => $"{reading.IsActive(entry)} of {reading.Tip.Height}; ")
            + string.Join(", ", disk.List().Select(name => $"{name} {disk.Contents(name).Length}"));

    private bool IsWhole(BlockHash hash) => hash == Network.Regtest.GenesisHash
        || (acknowledged.Contains(hash) && IsWhole(forest.ParentOf(hash)));
}
