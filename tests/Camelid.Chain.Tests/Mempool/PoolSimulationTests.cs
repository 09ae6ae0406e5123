using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Mempool;

/// <summary>
/// Rules M-06 to M-17 together: random transactions, jobs, blocks, reorgs and waiting, from one seed. After each step
/// the pool holds nothing that contradicts itself or the chain, keeps its limits, and its block connects.
/// </summary>
public sealed class PoolSimulationTests(ITestOutputHelper output)
{
    private const int Steps = 250;

    private readonly Dictionary<Txid, PoolEntry> told = [];
    private readonly Dictionary<RuleCode, int> verdicts = [];
    private PoolBed bed = null!;
    private Random random = null!;
    private int jobs;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(0)]
    public async Task A_random_history_keeps_the_pool_sound(int seed)
    {
        seed = seed == 0 ? Environment.TickCount : seed;
        output.WriteLine($"seed {seed}");
        random = new Random(seed);
        (bed, _) = await PoolBed.OpenAsync(60, "Chain:MempoolMegabytes=1", "Chain:MempoolExpiryHours=1");
        await using (bed)
        {
            bed.Pool.Changed += Hear;
            for (int step = 0; step < Steps; step++)
            {
                Step(step);
                Check();
            }

            output.WriteLine(string.Join(", ", verdicts.Select(pair => $"{pair.Key} {pair.Value}")));
            output.WriteLine(string.Join(
                ", ", bed.Pool.Statistics().Departures.Select(pair => $"{pair.Key} {pair.Value}")));
            Assert.True(verdicts.Count >= 8, "a history that meets few rules proves little");
        }
    }

    private void Step(int step)
    {
        // Busy times, in which the pool runs full, and calm ones.
        int what = step / 50 % 2 == 1 ? random.Next(85) : random.Next(100);
        if (what < 70)
        {
            Enter(Ordinary());
        }
        else if (what < 80)
        {
            Enter(Job());
        }
        else if (what < 85)
        {
            bed.Time.Advance(random.Next(5) == 0 ? 3_000 : random.Next(40));
        }
        else if (what < 86)
        {
            bed.MineSelected();
        }
        else if (what < 89)
        {
            bed.Mine([.. Prefix()]);
        }
        else if (what < 92)
        {
            bed.Mine([.. Rival()]);
        }
        else if (what < 95 && step > 20)
        {
            bed.Core.Invalidate(bed.State.Read(reading => reading.Active[^random.Next(1, 4)]).Hash);
        }
        else if (step > 20)
        {
            BlockEntry fork = bed.State.Read(reading => reading.Active[^random.Next(2, 4)]);
            bed.MineBeside(fork, bed.Tip.Height - fork.Height + 1, [.. Prefix(fork)]);
        }
    }

    /// <summary>A transaction of some other miner that spends what a waiting one spends.</summary>
    private List<Transaction> Rival()
    {
        HashSet<OutPoint> spent = [.. bed.Pool.List().SelectMany(entry => entry.Transaction.Inputs)
            .Select(input => input.Previous)];
        return bed.State.Read(reading => Coins(script => script == PoolBed.Own, false)
            .Where(coin => spent.Contains(coin.OutPoint) && reading.Outputs.TryGet(coin.OutPoint, out Utxo? utxo)
                && !utxo.IsCoinbase)
            .Take(1).Select(coin => PoolBed.Pass(coin, 1)).ToList());
    }

    private void Enter(Transaction? transaction)
    {
        if (transaction is not null)
        {
            RuleCode code = bed.Accept(transaction).Code;
            verdicts[code] = verdicts.GetValueOrDefault(code) + 1;
        }
    }

    /// <summary>Coins of the key by script: of the chain, and of what waits, spent there or not.</summary>
    private List<TestCoin> Coins(Func<Script, bool> isWanted, bool withWaiting = true)
    {
        List<TestCoin> found = bed.State.Read(reading => reading.Outputs.All()
            .Where(pair => isWanted(pair.Value.Output.Script))
            .Select(pair => new TestCoin(pair.Key, pair.Value.Output)).ToList());
        foreach (PoolEntry entry in withWaiting ? bed.Pool.List() : [])
        {
            found.AddRange(Enumerable.Range(0, entry.Transaction.Outputs.Count)
                .Select(index => PoolBed.CoinOf(entry.Transaction, index))
                .Where(coin => isWanted(coin.Output.Script)));
        }

        return [.. found.OrderBy(coin => coin.OutPoint.Txid).ThenBy(coin => coin.OutPoint.Index)];
    }

    private Transaction? Ordinary()
    {
        List<TestCoin> own = Coins(script => script == PoolBed.Own);
        List<TestCoin> waiting = [.. own.Where(coin => bed.Pool.Has(coin.OutPoint.Txid))];
        HashSet<TestCoin> inputs = random.Next(2) == 0 ? [] : [.. own.OrderByDescending(coin => coin.Output.Value)
            .Take(20).Skip(random.Next(20)).Take(1)];
        for (int i = random.Next(1, 4); i > 0 && own.Count > 0; i--)
        {
            List<TestCoin> from = waiting.Count > 0 && random.Next(2) == 0 ? waiting : own;
            inputs.Add(from[random.Next(from.Count)]);
        }

        int outputs = random.Next(3) == 0 ? random.Next(50, 900) : random.Next(1, 4);
        int fee = outputs > 4 || random.Next(2) == 0 ? random.Next(200_000) : random.Next(200);
        long rest = inputs.Sum(coin => coin.Output.Value.Grains) - fee;
        if (inputs.Count == 0 || rest < outputs * 100L)
        {
            return null;
        }

        Script deposit = bed.Deposit();
        TxOutput[] made = [.. Enumerable.Range(0, outputs).Select(_ => new TxOutput(
            Amount.Grain(rest / outputs), random.Next(6) == 0 ? deposit : PoolBed.Own))];
        uint lockTime = random.Next(6) == 0 ? bed.Time.UnixSeconds - (uint)random.Next(3) : 0;
        uint sequence = random.Next(6) == 0 ? (uint)random.Next(3) : TxInput.SequenceLocked;
        return PoolBed.Spend([.. inputs], made, lockTime, sequence);
    }

    private Transaction? Job()
    {
        List<TestCoin> payments = Coins(script => PaymentScript.TryParse(script, out PaymentScript _));
        if (payments.Count > 0 && random.Next(3) == 0)
        {
            TestCoin payment = payments[random.Next(payments.Count)];
            Assert.True(PaymentScript.TryParse(payment.Output.Script, out PaymentScript script));
            return PoolBed.Redeem(payment, random.Next(1_000), random.Next(2) == 0 ? script.RefundTime : 0);
        }

        List<TestCoin> deposits = [.. Coins(script => DepositScript.TryParse(script, out DepositScript _))
            .Where(coin => coin.Output.Value.Grains > 3_000)];
        if (deposits.Count == 0)
        {
            return null;
        }

        TestCoin deposit = deposits[random.Next(deposits.Count)];
        uint due = bed.Time.UnixSeconds + (uint)random.Next(30) - 5;
        JobId job = PoolBed.JobOf(random.Next(4) == 0 ? ++jobs : 0);
        long fee = random.Next(50, 1_000);
        return random.Next(2) == 0
            ? PoolBed.Job(deposit, job, due, fee)
            : PoolBed.Job(deposit, job, due, fee, PoolBed.Payment(deposit.Output.Value.Grains / 3, due));
    }

    /// <summary>The beginning of a good block that some other miner chooses on the tip or on a fork.</summary>
    private IEnumerable<Transaction> Prefix(BlockEntry? fork = null)
    {
        IReadOnlyList<TransactionWithFee> chosen = bed.Pool.Select(bed.NextTime(bed.Tip));
        if (fork is null)
        {
            return chosen.Take(random.Next(chosen.Count + 1)).Select(item => item.Transaction);
        }

        // On a fork: only what spends coins that are older than all that a reorg here can reach.
        int oldest = fork.Height;
        return bed.State.Read(reading => chosen
            .Where(item => item.Transaction.LockTime == 0 && item.Transaction.Inputs.All(input =>
                input.Sequence == TxInput.SequenceLocked && reading.Outputs.TryGet(input.Previous, out Utxo? utxo)
                && utxo.Height <= oldest && !utxo.IsCoinbase))
            .Select(item => item.Transaction).Take(random.Next(5)).ToList());
    }

    private void Hear(PoolChange change)
    {
        if (change.Departure is null)
        {
            told.Add(change.Entry.Txid, change.Entry);
        }
        else
        {
            Assert.True(told.Remove(change.Entry.Txid), "something left that nobody was told of");
        }
    }

    private void Check()
    {
        IReadOnlyList<PoolEntry> all = bed.Pool.List();
        Assert.Equal(told.Values.OrderBy(entry => entry.Sequence), all);
        HashSet<OutPoint> spent = [];
        Dictionary<Txid, PoolEntry> byId = all.ToDictionary(entry => entry.Txid);
        bed.State.Read(reading =>
        {
            foreach (TxInput input in all.SelectMany(entry => entry.Transaction.Inputs))
            {
                Assert.True(spent.Add(input.Previous), "two spend the same");
                Assert.True(byId.TryGetValue(input.Previous.Txid, out PoolEntry? parent)
                    ? input.Previous.Index < parent.Transaction.Outputs.Count && !parent.IsJob
                    : reading.Outputs.TryGet(input.Previous, out Utxo? _), "an input is nowhere, or of a job");
            }

            return true;
        });

        PoolStatistics numbers = bed.Pool.Statistics();
        Assert.Equal(
            (all.Count, all.Sum(entry => (long)entry.Transaction.ByteCount), all.Sum(entry => (long)entry.MemoryBytes)),
            (numbers.Count, numbers.Bytes, numbers.MemoryBytes));
        Assert.True(numbers.MemoryBytes <= bed.Pool.Policy.MemoryBytesMax);
        foreach (PoolEntry entry in all)
        {
            List<PoolEntry> family = Family(entry, byId);
            Assert.True(family.Count <= PoolPolicy.UnconfirmedMax);
            Assert.True(family.Sum(member => member.Transaction.ByteCount) <= PoolPolicy.UnconfirmedBytesMax);
        }

        (RuleCode code, Block block) = bed.Judge(bed.NextTime(bed.Tip));
        Assert.Equal(RuleCode.Accepted, code);
        Assert.True(block.Transactions.Skip(1).All(transaction => byId.ContainsKey(transaction.Txid)));
    }

    private static List<PoolEntry> Family(PoolEntry entry, Dictionary<Txid, PoolEntry> byId)
    {
        List<PoolEntry> found = [entry];
        for (int i = 0; i < found.Count; i++)
        {
            foreach (TxInput input in found[i].Transaction.Inputs)
            {
                if (byId.TryGetValue(input.Previous.Txid, out PoolEntry? parent) && !found.Contains(parent))
                {
                    found.Add(parent);
                }
            }
        }

        return found;
    }
}
