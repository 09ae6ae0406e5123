using Camelid.Chain.Keys;
using Camelid.Chain.Mempool;
using Camelid.Chain.Wallet;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using FsCheck;
using FsCheck.Fluent;

namespace Camelid.Chain.Tests.Wallet;

/// <summary>Rule W-11: which coins a payment takes.</summary>
public sealed class CoinSelectionTests
{
    private const long Dust = 55;
    private const long Kilo = 1_000;

    private static readonly Script Own = new P2pkhScript(Hash160.Of("own"u8)).Build();

    /// <summary>Whatever the coins, the amount and the price are.</summary>
    [Fact]
    [Trait("Rule", "W-11")]
    public void A_plan_pays_exactly_its_change_is_no_dust_and_its_fee_is_what_was_asked() =>
        Prop.ForAll<int>(seed =>
        {
            Random random = new(seed);
            SpendQuestion question = Draw(random);
            SpendPlan? plan = CoinSelection.Choose(question);
            long each = question.Rate.FeeFor(CoinSelection.InputBytes);
            long[] worthy = [.. question.Coins.Select(coin => coin.Grains).Where(grains => grains > each)
                .OrderDescending().Take(CoinSelection.InputsMax)];
            if (plan is null)
            {
                // Refused only where all coins together would not do.
                Assert.True(worthy.Sum() < question.AmountGrains
                    + question.Rate.FeeFor(CoinSelection.BytesOf(worthy.Length, 1)));
                return;
            }

            int outputs = plan.ChangeGrains > 0 ? 2 : 1;
            Assert.Equal(
                plan.Coins.Sum(coin => coin.Grains), question.AmountGrains + plan.FeeGrains + plan.ChangeGrains);
            Assert.True(plan.ChangeGrains == 0 || plan.ChangeGrains >= question.DustGrains);
            Assert.True(plan.FeeGrains >= question.Rate.FeeFor(CoinSelection.BytesOf(plan.Coins.Count, outputs)));
            Assert.Equal(plan.Coins.Count, plan.Coins.DistinctBy(coin => coin.OutPoint).Count());
            Assert.Subset(
                question.Coins.Select(coin => coin.OutPoint).ToHashSet(),
                plan.Coins.Select(coin => coin.OutPoint).ToHashSet());
            Assert.InRange(plan.Coins.Count, 1, CoinSelection.InputsMax);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    /// <summary>The fee without change is at most what change would have cost, now and when it is spent.</summary>
    [Fact]
    [Trait("Rule", "W-11")]
    public void Without_change_little_more_than_the_fee_is_left_to_the_miner() => Prop.ForAll<int>(seed =>
    {
        SpendQuestion question = Draw(new Random(seed));
        if (CoinSelection.Choose(question) is { ChangeGrains: 0 } plan
            && plan.Coins.Count < question.Coins.Count)
        {
            long due = question.Rate.FeeFor(CoinSelection.BytesOf(plan.Coins.Count, 1));
            long change = question.Rate.FeeFor(CoinSelection.OutputBytes)
                + question.Rate.FeeFor(CoinSelection.InputBytes);

            // One grain for each input: each is rounded up by itself in the search.
            Assert.True(plan.FeeGrains - due <= change + plan.Coins.Count + Math.Max(Dust, change));
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    /// <summary>At 1,000 grains/kB an input costs 148, the frame 78 with one output and 112 with two.</summary>
    [Theory]
    [Trait("Rule", "W-11")]
    [InlineData("1000 2000 3000", 4_626, "2000 3000", 0)]
    [InlineData("1000 2000 3000", 4_627, "1000 2000 3000", 817)]
    [InlineData("1000 2000 3000", 5_478, "1000 2000 3000", 0)]
    [InlineData("1000 2000 3000", 5_479, "", 0)]
    [InlineData("9000 5000 7000", 4_000, "5000", 740)]
    [InlineData("5000 4000 700 50000", 4_600, "5000", 0)]
    [InlineData("148", 1, "", 0)]
    public void Coins_that_fit_are_taken_before_change_is_made(
        string coins, long amount, string chosen, long change)
    {
        SpendPlan? plan = CoinSelection.Choose(Question(
            [.. coins.Split(' ').Select(text => long.Parse(text, null))], amount, Kilo));
        Assert.Equal(chosen, plan is null ? "" : string.Join(' ', plan.Coins.Select(coin => coin.Grains).Order()));
        Assert.Equal(change, plan?.ChangeGrains ?? 0);
    }

    /// <summary>Powers of two and an odd target have no exact sum: all subsets would be 2^200.</summary>
    [Fact]
    [Trait("Rule", "W-11")]
    public void A_search_that_can_not_succeed_ends()
    {
        long[] values = [.. Enumerable.Range(0, 200).Select(i => 1_000_000L + (2 * i)).OrderDescending()];
        Assert.Null(new ExactSearch(values, 100_000_001, 100_000_001).Run());
    }

    /// <summary>The search against all subsets.</summary>
    [Fact]
    [Trait("Rule", "W-11")]
    public void The_search_finds_the_nearest_sum() => Prop.ForAll<int>(seed =>
    {
        Random random = new(seed);
        long[] values = [.. Enumerable.Range(0, random.Next(1, 11)).Select(_ => random.NextInt64(1, 40))
            .OrderDescending()];
        long target = random.NextInt64(1, 150);
        long bound = target + random.NextInt64(0, 5);
        long[] sums = [.. Enumerable.Range(1, (1 << values.Length) - 1)
            .Select(set => values.Where((_, i) => (set & (1 << i)) != 0).Sum())
            .Where(sum => sum >= target && sum <= bound)];
        int[]? found = new ExactSearch(values, target, bound).Run();
        Assert.Equal(sums.Length == 0 ? null : sums.Min(), found?.Sum(index => values[index]));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static SpendQuestion Draw(Random random)
    {
        int size = random.Next(3) switch { 0 => 5, 1 => 40, _ => 700 };
        long scale = random.Next(2) == 0 ? 2_000 : Amount.GrainsPerCoin;
        long[] coins = [.. Enumerable.Range(0, random.Next(size)).Select(_ => random.NextInt64(1, scale))];
        long most = Math.Max(Dust + 1, coins.Sum() * 11 / 10);
        return Question(coins, random.NextInt64(Dust, most), random.NextInt64(1, 5_000));
    }

    private static SpendQuestion Question(long[] coins, long amount, long rate) => new()
    {
        AmountGrains = amount,
        Rate = new FeeRate(rate),
        DustGrains = Dust,
        Coins = [.. coins.Select((grains, index) => new WalletCoin
        {
            OutPoint = new OutPoint(default, (uint)index),
            Output = new TxOutput(Amount.Grain(grains), Own),
            Place = KeyPlace.Fixed(KeyRole.Client),
            Height = 1,
        })],
    };
}
