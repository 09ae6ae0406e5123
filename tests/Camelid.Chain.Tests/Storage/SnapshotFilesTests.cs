using Camelid.Chain.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Storage;

/// <summary>Rule C-35: a snapshot is whole and as it was written, or it is none.</summary>
public sealed class SnapshotFilesTests
{
    private static readonly BlockHash Genesis = Network.Regtest.GenesisHash;
    private static readonly BlockHash Tip = new(Hashes.Sha256("tip"u8));

    private readonly List<StorageDamage> damage = [];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(30_000)]
    public void A_snapshot_gives_the_outputs_back(int count)
    {
        SimulatedDisk disk = new(1);
        CompactOutputs outputs = Outputs(count);
        SnapshotFiles files = new(disk, Genesis);
        files.Save(Tip, 7, outputs);
        disk.CutPower();
        StoredSnapshot snapshot = Assert.Single(files.List(damage));
        Assert.Equal((Tip, 7), (snapshot.Tip, snapshot.Height));
        CompactOutputs? read = files.Load(snapshot, 99, damage);
        Assert.NotNull(read);
        Assert.Equal((count, outputs.ContentHash()), (read.Count, read.ContentHash()));
        Assert.Empty(damage);
    }

    [Fact]
    public void Any_bit_that_changed_is_found_and_the_older_snapshot_serves()
    {
        SimulatedDisk disk = new(1);
        SnapshotFiles files = new(disk, Genesis);
        files.Save(Tip, 7, Outputs(3));
        files.Save(Tip, 8, Outputs(4));
        string newest = files.List(damage)[0].Name;
        byte[] bytes = disk.Contents(newest);
        for (int at = 0; at < bytes.Length; at++)
        {
            SimulatedDisk other = new(1);
            disk.List().ToList().ForEach(name => other.Put(name, disk.Contents(name)));
            other.FlipBit(newest, at, at % 8);
            SnapshotFiles again = new(other, Genesis);
            List<StorageDamage> found = [];
            CompactOutputs?[] loaded = [.. again.List(found).Select(snapshot => again.Load(snapshot, 1, found))];
            Assert.Equal(3, Assert.Single(loaded, outputs => outputs is not null)!.Count);
            Assert.Equal(other.PathOf(newest), Assert.Single(found).File);
            Assert.False(other.Exists(newest));
        }
    }

    [Fact]
    public void A_snapshot_cut_at_any_byte_is_none()
    {
        SimulatedDisk disk = new(1);
        SnapshotFiles files = new(disk, Genesis);
        files.Save(Tip, 7, Outputs(3));
        string name = files.List(damage)[0].Name;
        byte[] bytes = disk.Contents(name);
        for (int cut = 0; cut < bytes.Length; cut++)
        {
            disk.Put(name, bytes.AsSpan(0, cut));
            Assert.DoesNotContain(files.List(damage), snapshot => files.Load(snapshot, 1, damage) is not null);
        }
    }

    [Fact]
    public void The_last_two_are_kept_and_a_full_disk_takes_none_of_them()
    {
        SimulatedDisk disk = new(1);
        SnapshotFiles files = new(disk, Genesis);
        for (int height = 1; height <= 4; height++)
        {
            files.Save(Tip, height, Outputs(height));
        }

        Assert.Equal([4, 3], files.List(damage).Select(snapshot => snapshot.Height));
        disk.Faults = new DiskFaults { CapacityBytes = disk.UsedBytes + 100 };
        Assert.Throws<IOException>(() => files.Save(Tip, 5, Outputs(5)));
        Assert.Equal([4, 3], files.List(damage).Select(snapshot => snapshot.Height));
        Assert.Equal(2, disk.List().Count);
    }

    [Fact]
    public void A_power_cut_at_any_moment_leaves_a_good_snapshot()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            SimulatedDisk disk = new(seed);
            SnapshotFiles files = new(disk, Genesis);
            files.Save(Tip, 1, Outputs(1));
            disk.CutPowerAfter(seed % 25);
            int saved = 1;
            Assert.Throws<PowerCutException>(() =>
            {
                for (int height = 2; height <= 8; height++)
                {
                    files.Save(Tip, height, Outputs(height));
                    saved = height;
                }
            });
            disk.CutPower();
            StoredSnapshot newest = files.List(damage)[0];
            Assert.InRange(newest.Height, saved, saved + 1);
            Assert.Equal(newest.Height, files.Load(newest, 1, damage)?.Count);
            Assert.Empty(damage);
        }
    }

    private static CompactOutputs Outputs(int count)
    {
        CompactOutputs outputs = new(5);
        for (int i = 0; i < count; i++)
        {
            OutPoint outPoint = new(new Txid(Hashes.Sha256(BitConverter.GetBytes(i))), (uint)i);
            Script script = i % 3 == 0 ? new Script(new byte[i % 200]) : new P2pkhScript(Hash160.Of([1])).Build();
            outputs.TryAdd(outPoint, new Utxo(new TxOutput(Amount.Grain(i), script), i, false, 5, default));
        }

        return outputs;
    }
}
