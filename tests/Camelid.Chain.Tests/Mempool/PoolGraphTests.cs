using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Mempool;

/// <summary>Rules M-06, M-11 and M-16: the sums and orders of the graph, against counting them anew.</summary>
public sealed class PoolGraphTests(ITestOutputHelper output)
{
    private const int Steps = 1_500;

    private readonly PoolGraph graph = new();
    private readonly List<PoolNode> nodes = [];
    private readonly HashSet<OutPoint> free = [];
    private long sequence;
    private int coin;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(0)]
    public void Sums_and_orders_are_those_of_a_fresh_count_after_any_changes(int seed)
    {
        seed = seed == 0 ? Environment.TickCount : seed;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        List<PoolEntry> gone = [];
        for (int step = 0; step < Steps; step++)
        {
            int what = random.Next(10);
            if (what < 6 || nodes.Count == 0)
            {
                Add(Make(random));
            }
            else if (what < 8)
            {
                PoolNode mined = nodes[random.Next(nodes.Count)];
                while (mined.Parents.Count > 0)
                {
                    mined = mined.Parents[0];
                }

                gone.Add(mined.Entry);
                graph.RemoveMined(mined);
                nodes.Remove(mined);
            }
            else if (what < 9)
            {
                Remove(graph.RemoveWithDescendants([nodes[random.Next(nodes.Count)]]));
            }
            else
            {
                // What was mined comes back under its children, latest first, as nothing of its parents is here.
                PoolEntry? back = gone.LastOrDefault();
                gone.Remove(back!);
                if (back?.Transaction.Inputs.All(input => !graph.TryFindSpender(input.Previous, out _)) == true)
                {
                    Add(back with { Sequence = ++sequence });
                }
            }

            if (step % 50 == 0)
            {
                Check();
            }
        }

        Check();
    }

    [Theory]
    [InlineData(1, 1, 2, 2, 0)]
    [InlineData(1, 3, 1, 2, -1)]
    [InlineData(2, 3, 1, 2, 1)]
    [InlineData(0, 5, 0, 9, 0)]
    [InlineData(10_000_000_000_000_000, 3, 10_000_000_000_000_000, 4, 1)]
    [InlineData(9_999_999_999_999_999, 100_000, 10_000_000_000_000_000, 100_001, 1)]
    public void Prices_are_compared_exactly(long fee, long bytes, long otherFee, long otherBytes, int expected)
    {
        FeeRatio left = new(fee, bytes);
        FeeRatio right = new(otherFee, otherBytes);
        Assert.Equal((expected, -expected), (left.CompareTo(right), right.CompareTo(left)));
    }

    [Theory]
    [InlineData(100, 10, 1)]
    [InlineData(100, 11, 2)]
    [InlineData(100, 1_000, 100)]
    [InlineData(0, 1_000, 0)]
    public void A_part_of_a_grain_is_a_grain(long rate, long bytes, long fee) =>
        Assert.Equal(fee, new FeeRate(rate).FeeFor(bytes));

    private PoolEntry Make(Random random)
    {
        List<OutPoint> inputs = [];
        OutPoint[] spendable = [.. free];
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            OutPoint next = spendable.Length > 0 && random.Next(3) > 0
                ? spendable[random.Next(spendable.Length)]
                : new OutPoint(new Txid(Hashes.Sha256(BitConverter.GetBytes(++coin))), 0);
            if (!inputs.Contains(next) && !graph.TryFindSpender(next, out PoolNode? _))
            {
                inputs.Add(next);
            }
        }

        if (inputs.Count == 0)
        {
            inputs.Add(new OutPoint(new Txid(Hashes.Sha256(BitConverter.GetBytes(++coin))), 0));
        }

        Transaction transaction = Transaction.Create(
            2,
            inputs.Select(input => new TxInput(input, Script.Empty, 0)),
            Enumerable.Range(0, random.Next(1, 4)).Select(_ => new TxOutput(Amount.Grain(1), PoolBed.Own)),
            0,
            default);
        return new PoolEntry
        {
            Transaction = transaction,
            Fee = Amount.Grain(random.Next(1_000)),
            Kind = (PoolKind)random.Next(1, 5),
            PricedBytes = transaction.ByteCount,
            SignatureOperations = random.Next(4),
            SpentSignatureOperations = random.Next(4),
            AsksForVerdicts = false,
            Sequence = ++sequence,
            ArrivedUnix = random.Next(1_000),
            ArrivedHeight = 0,
            ExpiresUnix = random.Next(1_000),
        };
    }

    private void Add(PoolEntry entry)
    {
        nodes.Add(graph.Add(entry));
        for (uint i = 0; i < entry.Transaction.Outputs.Count; i++)
        {
            free.Add(new OutPoint(entry.Txid, i));
        }

        foreach (TxInput input in entry.Transaction.Inputs)
        {
            free.Remove(input.Previous);
        }
    }

    private void Remove(List<PoolNode> gone)
    {
        nodes.RemoveAll(gone.Contains);
        foreach (PoolNode node in gone)
        {
            free.RemoveWhere(outPoint => outPoint.Txid == node.Entry.Txid);
        }
    }

    private void Check()
    {
        Assert.Equal(nodes.Count, graph.Count);
        Assert.Equal(nodes.Sum(node => node.Entry.Transaction.ByteCount), graph.Bytes);
        Assert.Equal(nodes.Sum(node => node.Entry.MemoryBytes), graph.MemoryBytes);
        Assert.Equal(
            nodes.Where(node => node.Entry.IsGuarded).Sum(node => node.Entry.MemoryBytes), graph.GuardedMemoryBytes);
        Dictionary<PoolNode, HashSet<PoolNode>> below = nodes.ToDictionary(node => node, Ancestors);
        foreach (PoolNode node in nodes)
        {
            Assert.Equal(Sum(below[node]), node.Ancestors);
            Assert.Equal(Sum(nodes.Where(other => below[other].Contains(node))), node.Descendants);
        }

        Assert.Equal(nodes.Order(PoolOrder.Mining), graph.ByMining);
        Assert.Equal(nodes.Order(PoolOrder.Arrival), graph.ByArrival);
        Assert.Same(nodes.Order(PoolOrder.Expiry).FirstOrDefault(), graph.NextToExpire);
        Assert.Same(
            nodes.Where(node => !node.Entry.IsGuarded).Order(PoolOrder.Eviction).FirstOrDefault(), graph.WorstOrdinary);
        Assert.Same(
            nodes.Where(node => node.Entry.IsGuarded).Order(PoolOrder.GuardedEviction).FirstOrDefault(),
            graph.WorstGuarded);
    }

    /// <summary>By the transactions alone, without a link of the graph.</summary>
    private HashSet<PoolNode> Ancestors(PoolNode node)
    {
        HashSet<PoolNode> found = [node];
        Stack<PoolNode> open = new([node]);
        while (open.TryPop(out PoolNode? next))
        {
            foreach (TxInput input in next.Entry.Transaction.Inputs)
            {
                if (nodes.Find(other => other.Entry.Txid == input.Previous.Txid) is { } parent && found.Add(parent))
                {
                    open.Push(parent);
                }
            }
        }

        return found;
    }

    private static PoolTotals Sum(IEnumerable<PoolNode> some) =>
        some.Aggregate(default(PoolTotals), (sum, node) => sum + PoolTotals.Of(node.Entry));
}
