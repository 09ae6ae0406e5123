using Camelid.Chain.Mempool;
using Camelid.Chain.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Transactions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Camelid.Chain.Tests.Mempool;

/// <summary>Rule M-20: waiting transactions outlive a restart, each judged anew.</summary>
public sealed class MempoolKeeperTests : IAsyncLifetime
{
    private readonly string kept = Directory.CreateTempSubdirectory("camelid-kept").FullName;
    private PoolBed bed = null!;
    private Queue<TestCoin> coins = null!;

    private string PoolPath => Path.Combine(kept, MempoolKeeper.PoolName);

    public async ValueTask InitializeAsync() => (bed, coins) = await PoolBed.OpenAsync(30);

    public async ValueTask DisposeAsync()
    {
        await bed.DisposeAsync();
        Directory.Delete(kept, recursive: true);
    }

    [Fact]
    public void What_waits_waits_again_parents_first_and_no_longer_than_it_would_have()
    {
        Transaction parent = bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        bed.Time.Advance(1_000);
        Transaction child = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 0), 1_000));
        Keeper(bed.Pool).Save();
        bed.Time.Advance(1_000);
        TransactionPool next = Next();
        Assert.Equal([parent.Txid, child.Txid], next.List().Select(entry => entry.Txid));
        Assert.Equal(
            bed.Pool.List().Select(entry => (entry.ArrivedUnix, entry.ExpiresUnix)),
            next.List().Select(entry => (entry.ArrivedUnix, entry.ExpiresUnix)));
    }

    /// <summary>By the production wiring: a stop writes beside the blocks, a start reads there.</summary>
    [Fact]
    public async Task A_stop_of_the_node_keeps_what_waits_and_a_start_takes_it_up()
    {
        Transaction waits = bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        await bed.Host.Keeper.StopAsync(TestContext.Current.CancellationToken);
        Assert.True(File.Exists(Path.Combine(bed.Host.ChainFolder, MempoolKeeper.PoolName)));
        bed.Time.Advance(336 * 3_600);
        bed.Pool.Expire();
        Assert.Equal(0, bed.Pool.Count);
        bed.Time.Advance(-336 * 3_600);
        await bed.Host.Keeper.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal([waits.Txid], bed.Pool.List().Select(entry => entry.Txid));
    }

    [Fact]
    public void After_a_reorg_too_parents_are_written_before_their_children()
    {
        Transaction parent = PoolBed.Pass(coins.Dequeue(), 1_000);
        bed.Mine(parent);
        Transaction child = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 0), 1_000));
        bed.Core.Invalidate(bed.Tip.Hash);
        Assert.Equal([child.Txid, parent.Txid], bed.Pool.List().Select(entry => entry.Txid));
        Keeper(bed.Pool).Save();
        Assert.Equal(2, Next().Count);
    }

    [Fact]
    public void What_a_block_holds_in_the_meantime_or_contradicts_does_not_come_back()
    {
        TestCoin coin = coins.Dequeue();
        Transaction mined = bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        bed.Enter(PoolBed.Pass(coin, 1_000));
        Transaction stays = bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        Keeper(bed.Pool).Save();
        bed.Mine(mined, PoolBed.Pass(coin, 2_000));
        Assert.Equal([stays.Txid], Next().List().Select(entry => entry.Txid));
    }

    [Fact]
    public void A_damaged_file_at_any_byte_is_an_empty_pool()
    {
        bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        Keeper(bed.Pool).Save();
        byte[] whole = File.ReadAllBytes(PoolPath);
        for (int at = 0; at < whole.Length; at += 3)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x04;
            Assert.False(PoolFile.TryDecode(damaged, Network.Regtest.GenesisHash, out _));
            Assert.False(PoolFile.TryDecode(whole.AsSpan(0, at), Network.Regtest.GenesisHash, out _));
        }

        Assert.False(PoolFile.TryDecode(whole, Network.Test.GenesisHash, out _));
        File.WriteAllBytes(PoolPath, whole[..^1]);
        Assert.Equal(0, Next().Count);
        File.WriteAllBytes(PoolPath, whole);
        Assert.Equal(1, Next().Count);
    }

    /// <summary>The start goes on, says which file it passed over, and the next stop writes a good one.</summary>
    [Theory]
    [InlineData(MempoolKeeper.PoolName, 0)]
    [InlineData(MempoolKeeper.PoolName, 60)]
    [InlineData(MempoolKeeper.FeesName, 0)]
    [InlineData(MempoolKeeper.FeesName, 60)]
    public void A_damaged_file_is_named_and_stops_nothing(string name, int length)
    {
        bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        Keeper(bed.Pool).Save();
        string path = Path.Combine(kept, name);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..length]);
        ListLogger log = new();
        TransactionPool next = new(bed.State, bed.Pool.Policy, bed.Time);
        new MempoolKeeper(bed.State, next, new DiskFolder(kept), log).Load();
        Assert.Contains(log.Warnings, warning => warning.Contains(path, StringComparison.Ordinal));
        Assert.Equal(name == MempoolKeeper.PoolName ? 0 : 1, next.Count);
        Keeper(bed.Pool).Save();
        ListLogger quiet = new();
        new MempoolKeeper(bed.State, Next(), new DiskFolder(kept), quiet).Load();
        Assert.Empty(quiet.Warnings);
    }

    /// <summary>A sealed file is not trusted either: its hash proves no rule.</summary>
    [Fact]
    public void A_count_that_promises_more_than_the_file_holds_is_refused()
    {
        CanonicalWriter writer = new();
        writer.UInt32(0x504d_4d43).Hash(Network.Regtest.GenesisHash.Value).UInt32(uint.MaxValue);
        byte[] bytes = writer.Hash(Hashes.Sha256(writer.Written)).ToArray();
        Assert.False(PoolFile.TryDecode(bytes, Network.Regtest.GenesisHash, out _));
    }

    [Fact]
    public void A_start_without_files_is_a_start_with_an_empty_pool() => Assert.Equal(0, Next().Count);

    private MempoolKeeper Keeper(TransactionPool pool) =>
        new(bed.State, pool, new DiskFolder(kept), NullLogger<MempoolKeeper>.Instance);

    private TransactionPool Next()
    {
        TransactionPool next = new(bed.State, bed.Pool.Policy, bed.Time);
        Keeper(next).Load();
        return next;
    }

    /// <summary>Keeps what an operator would read.</summary>
    private sealed class ListLogger : ILogger<MempoolKeeper>
    {
        public List<string> Warnings { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning)
            {
                Warnings.Add(formatter(state, exception));
            }
        }
    }
}
