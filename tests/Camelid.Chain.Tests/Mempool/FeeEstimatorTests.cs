using Camelid.Chain.Mempool;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Grpc.Core;

namespace Camelid.Chain.Tests.Mempool;

/// <summary>Rules M-18 and M-19: what to pay, out of what was seen.</summary>
public sealed class FeeEstimatorTests
{
    private static readonly FeeRate Least = new(100);
    private static readonly BlockHash Genesis = Network.Regtest.GenesisHash;

    private readonly FeeEstimator estimator = new();
    private int number;

    /// <summary>Rule M-19.</summary>
    [Fact]
    public void Without_data_the_answer_is_the_floor_and_says_so() =>
        Assert.Equal(new FeeEstimate(new FeeRate(250), false), estimator.Estimate(1, new FeeRate(250)));

    /// <summary>Rule M-19: where all prices did well the price is known, and the floor stays the floor.</summary>
    [Fact]
    public void No_answer_is_below_the_floor()
    {
        Live(1, 30, 20, (300, 1));
        FeeEstimate estimate = estimator.Estimate(1, Least);
        Assert.True(estimate.IsFromData);
        Assert.InRange(estimate.Rate.GrainsPerKilobyte, 290, 310);
        Assert.Equal(new FeeRate(5_000), estimator.Estimate(1, new FeeRate(5_000)).Rate);
    }

    /// <summary>Rule M-18: dear ones go at once, middle ones in five blocks, cheap ones in thirty.</summary>
    [Theory]
    [InlineData(1, 10_000)]
    [InlineData(4, 10_000)]
    [InlineData(5, 3_000)]
    [InlineData(29, 3_000)]
    [InlineData(30, 500)]
    [InlineData(144, 500)]
    public void The_price_is_the_one_that_was_held_in_time(int target, long rate)
    {
        Live(1, 200, 3, (10_000, 1), (3_000, 5), (500, 30));
        Assert.InRange(estimator.Estimate(target, Least).Rate.GrainsPerKilobyte, rate * 97 / 100, rate * 103 / 100);
    }

    /// <summary>Rule M-18.</summary>
    [Fact]
    public void More_blocks_never_cost_more()
    {
        Random random = new(7);
        for (int height = 1; height < 120; height++)
        {
            Live(height, 1, 5, (random.Next(100, 20_000), random.Next(1, 40)));
        }

        long[] prices = [.. Enumerable.Range(1, 144).Select(
            target => estimator.Estimate(target, Least).Rate.GrainsPerKilobyte)];
        Assert.Equal(prices.OrderDescending(), prices);
    }

    /// <summary>
    /// Rule M-19: where only longer waits are known, their price is a floor, and is not called a price for this wait.
    /// </summary>
    [Fact]
    public void For_fewer_blocks_than_anything_was_held_in_the_answer_is_the_price_of_more()
    {
        Live(1, 200, 3, (4_000, 12));
        FeeEstimate known = estimator.Estimate(12, Least);
        Assert.True(known.IsFromData);
        Assert.InRange(known.Rate.GrainsPerKilobyte, 3_900, 4_100);
        Assert.Equal(new FeeEstimate(known.Rate, false), estimator.Estimate(11, Least));
    }

    /// <summary>Rule M-18: what waits in vain speaks against its price, though no block ever held it.</summary>
    [Fact]
    public void What_still_waits_or_was_pushed_out_is_not_in_time()
    {
        Live(1, 60, 5, (500, 2));
        Assert.InRange(estimator.Estimate(2, Least).Rate.GrainsPerKilobyte, 450, 550);
        List<PoolEntry> stuck = [.. Enumerable.Range(0, 200).Select(_ => Entry(500, 60))];
        stuck.ForEach(estimator.Entered);
        for (int height = 61; height < 66; height++)
        {
            estimator.Connected(height, []);
        }

        Assert.False(estimator.Estimate(2, Least).IsFromData);
        stuck.ForEach(entry => estimator.Left(entry, PoolDeparture.Evicted, 65));
        Assert.False(estimator.Estimate(2, Least).IsFromData);
    }

    /// <summary>Rule M-18, the control of the one above: what was replaced says nothing.</summary>
    [Theory]
    [InlineData((int)PoolDeparture.Replaced)]
    [InlineData((int)PoolDeparture.Conflict)]
    [InlineData((int)PoolDeparture.Reorganised)]
    public void What_was_replaced_or_lost_its_inputs_says_nothing(int why)
    {
        Live(1, 60, 5, (500, 2));
        FeeEstimate before = estimator.Estimate(2, Least);
        List<PoolEntry> gone = [.. Enumerable.Range(0, 200).Select(_ => Entry(500, 55))];
        gone.ForEach(estimator.Entered);
        gone.ForEach(entry => estimator.Left(entry, (PoolDeparture)why, 61));
        Assert.Equal(before, estimator.Estimate(2, Least));
    }

    /// <summary>Rule M-18: old prices fade, and new ones take their place.</summary>
    [Fact]
    public void What_was_long_ago_fades()
    {
        Live(1, 50, 5, (20_000, 1));
        Live(51, 1_200, 5, (200, 1));
        Assert.InRange(estimator.Estimate(1, Least).Rate.GrainsPerKilobyte, 190, 210);
        estimator.Connected(1_251 + FeeEstimator.GapMax + 1, []);
        Assert.False(estimator.Estimate(144, Least).IsFromData);
    }

    /// <summary>Rule M-18: a reorg does not count blocks twice.</summary>
    [Fact]
    public void A_block_below_the_highest_teaches_nothing()
    {
        Live(1, 60, 5, (500, 1));
        byte[] before = estimator.Encode(Genesis);
        PoolEntry entry = Entry(90_000, 40);
        estimator.Entered(entry);
        estimator.Connected(41, [entry]);
        Assert.Equal(before, estimator.Encode(Genesis));
    }

    /// <summary>Rule M-19.</summary>
    [Fact]
    public void What_was_learnt_outlives_a_restart_and_nothing_that_is_damaged_does()
    {
        Live(1, 60, 5, (500, 1), (9_000, 1));
        byte[] bytes = estimator.Encode(Genesis);
        Assert.True(FeeHistory.TryDecode(bytes, Genesis, out FeeHistory? history));
        FeeEstimator next = new();
        next.Resume(history, 60);
        Assert.Equal(estimator.Estimate(3, Least), next.Estimate(3, Least));
        Assert.Equal(bytes, next.Encode(Genesis));
        Assert.False(FeeHistory.TryDecode(bytes, Network.Test.GenesisHash, out FeeHistory? _));
        Assert.False(FeeHistory.TryDecode(bytes.AsSpan(1), Genesis, out FeeHistory? _));
        Assert.False(FeeHistory.TryDecode([], Genesis, out FeeHistory? _));
        for (int at = 0; at < bytes.Length; at += 997)
        {
            byte[] damaged = [.. bytes];
            damaged[at] ^= 0x10;
            Assert.False(FeeHistory.TryDecode(damaged, Genesis, out FeeHistory? _));
        }
    }

    /// <summary>Rule M-19: the chain was made anew, and is below what the file speaks of.</summary>
    [Theory]
    [InlineData(59, false)]
    [InlineData(60, true)]
    public void A_history_that_is_ahead_of_the_chain_is_of_no_use(int tipHeight, bool isUsed)
    {
        Live(1, 60, 5, (500, 1));
        Assert.True(FeeHistory.TryDecode(estimator.Encode(Genesis), Genesis, out FeeHistory? history));
        FeeEstimator next = new();
        next.Resume(history, tipHeight);
        Assert.Equal(isUsed, next.Estimate(1, Least).IsFromData);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(145)]
    public void A_target_out_of_range_is_refused(int target) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => estimator.Estimate(target, Least));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(99, 0)]
    [InlineData(100, 1)]
    [InlineData(109, 1)]
    [InlineData(110, 2)]
    public void A_range_of_prices_ends_a_tenth_above_its_beginning(long rate, int bucket)
    {
        Assert.Equal(bucket, FeeBuckets.Of(new FeeRate(rate)));
        Assert.Equal(FeeBuckets.Count - 1, FeeBuckets.Of(new FeeRate(long.MaxValue)));
    }

    /// <summary>Rules M-18 and M-19: through the node, from arrival to block.</summary>
    [Fact]
    public async Task A_node_learns_from_its_blocks_and_answers_the_floor_until_then()
    {
        (PoolBed bed, Queue<TestCoin> coins) = await PoolBed.OpenAsync(60);
        await using PoolBed owned = bed;
        EstimateFeeRequest request = new() { TargetBlocks = 2 };
        FeeReply reply = await bed.Host.Chain.EstimateFee(request, new CallContext());
        Assert.Equal((2, 100, false, 100),
            (reply.TargetBlocks, reply.GrainsPerKilobyte, reply.FromData, reply.MinimumGrainsPerKilobyte));
        for (int i = 0; i < 15; i++)
        {
            Transaction parent = bed.Enter(PoolBed.Pass(coins.Dequeue(), 2_230));
            bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 0), 200_000));
            bed.MineSelected();
        }

        reply = await bed.Host.Chain.EstimateFee(request, new CallContext());
        Assert.True(reply.FromData);
        Assert.InRange(reply.GrainsPerKilobyte, 9_800, 10_300);
        foreach (int target in new[] { 0, 145 })
        {
            RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => bed.Host.Chain.EstimateFee(
                new EstimateFeeRequest { TargetBlocks = target }, new CallContext()));
            Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        }
    }

    /// <summary>Blocks in which so many of each price come, and each is held after its wait.</summary>
    private void Live(int from, int blocks, int each, params (long Rate, int Wait)[] prices)
    {
        SortedDictionary<int, List<PoolEntry>> due = [];
        for (int height = from; height < from + blocks; height++)
        {
            foreach ((long rate, int wait) in prices)
            {
                for (int i = 0; i < each; i++)
                {
                    PoolEntry entry = Entry(rate, height - 1);
                    estimator.Entered(entry);
                    if (!due.TryGetValue(height - 1 + wait, out List<PoolEntry>? list))
                    {
                        due[height - 1 + wait] = list = [];
                    }

                    list.Add(entry);
                }
            }

            estimator.Connected(height, due.GetValueOrDefault(height) ?? []);
        }
    }

    private PoolEntry Entry(long rate, int height)
    {
        Transaction transaction = Transaction.Create(
            1,
            [new TxInput(new OutPoint(new Txid(Hashes.Sha256(BitConverter.GetBytes(++number))), 0), Script.Empty, 0)],
            [new TxOutput(Amount.Grain(1), PoolBed.Own)],
            0,
            default);
        return new PoolEntry
        {
            Transaction = transaction,
            Fee = Amount.Grain(rate),
            Kind = PoolKind.Ordinary,
            PricedBytes = 1_000,
            SignatureOperations = 1,
            SpentSignatureOperations = 1,
            AsksForVerdicts = false,
            Sequence = number,
            ArrivedUnix = 0,
            ArrivedHeight = height,
            ExpiresUnix = long.MaxValue,
        };
    }
}
