using Camelid.Chain.Mempool;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Wallet;

/// <summary>What is to be paid out of which coins.</summary>
internal sealed record SpendQuestion
{
    /// <summary>What the payee gets, in grains; more than dust.</summary>
    public required long AmountGrains { get; init; }

    /// <summary>The least price of the transaction.</summary>
    public required FeeRate Rate { get; init; }

    /// <summary>The least change, in grains: less is left to the miner.</summary>
    public required long DustGrains { get; init; }

    /// <summary>The coins that may be spent.</summary>
    public required IReadOnlyList<WalletCoin> Coins { get; init; }
}

/// <summary>Which coins are spent. What they hold is exactly amount, fee and change.</summary>
/// <param name="Coins">The coins.</param>
/// <param name="FeeGrains">The fee.</param>
/// <param name="ChangeGrains">What comes back; 0 for no such output.</param>
internal sealed record SpendPlan(IReadOnlyList<WalletCoin> Coins, long FeeGrains, long ChangeGrains);

/// <summary>
/// Rule W-11: chooses coins. First branch and bound: coins that fit without change, the excess no more than change
/// would cost now and later. Else the smallest coin that suffices alone, else the largest ones, with change.
/// Deterministic; the work is bounded.
/// </summary>
internal static class CoinSelection
{
    /// <summary>Most coins in a payment: with its outputs it stays far below 100,000 bytes (C-06).</summary>
    public const int InputsMax = 500;

    /// <summary>Steps after which branch and bound gives up.</summary>
    public const int StepsMax = 100_000;

    /// <summary>
    /// Most bytes of an input: outpoint, length, signature of 72 bytes and key with lengths, sequence.
    /// </summary>
    public const int InputBytes = OutPoint.Bytes + 1 + 1 + 72 + 1 + 33 + 4;

    /// <summary>Bytes of an output that pays to an address.</summary>
    public const int OutputBytes = 8 + 1 + 25;

    /// <summary>Version, both counts (that of inputs at its longest), lock time, Job ID.</summary>
    private const int FrameBytes = 4 + 3 + 1 + 4 + 32;

    /// <summary>Chooses; null where the coins do not suffice.</summary>
    public static SpendPlan? Choose(SpendQuestion question)
    {
        long each = question.Rate.FeeFor(InputBytes);
        WalletCoin[] worthy = [.. question.Coins.Where(coin => coin.Grains > each)
            .OrderByDescending(coin => coin.Grains).ThenBy(coin => coin.OutPoint.ToString(), StringComparer.Ordinal)];
        return WithoutChange(question, worthy) ?? WithChange(question, worthy);
    }

    /// <summary>Most bytes of a payment, signed.</summary>
    public static int BytesOf(int inputs, int outputs) => FrameBytes + (inputs * InputBytes) + (outputs * OutputBytes);

    private static SpendPlan? WithoutChange(SpendQuestion question, WalletCoin[] coins)
    {
        long each = question.Rate.FeeFor(InputBytes);
        long target = question.AmountGrains + question.Rate.FeeFor(BytesOf(0, 1));
        long excessMax = question.Rate.FeeFor(OutputBytes) + question.Rate.FeeFor(InputBytes);
        long[] values = [.. coins.Select(coin => coin.Grains - each)];
        int[]? chosen = new ExactSearch(values, target, target + excessMax).Run();
        return chosen is null ? null : Plan(question, [.. chosen.Select(index => coins[index])], 0);
    }

    private static SpendPlan? WithChange(SpendQuestion question, WalletCoin[] coins)
    {
        // Change that costs more to spend than it holds is none.
        long changeMin = Math.Max(question.DustGrains, question.Rate.FeeFor(InputBytes) + 1);
        WalletCoin? single = Array.FindLast(coins, coin => ChangeOf(question, [coin]) >= changeMin);
        if (single is not null)
        {
            return Plan(question, [single], ChangeOf(question, [single]));
        }

        List<WalletCoin> chosen = [];
        foreach (WalletCoin coin in coins.Take(InputsMax))
        {
            chosen.Add(coin);
            if (ChangeOf(question, chosen) is var change && change >= changeMin)
            {
                return Plan(question, chosen, change);
            }
        }

        long fee = question.Rate.FeeFor(BytesOf(chosen.Count, 1));
        return Sum(chosen) - question.AmountGrains >= fee ? Plan(question, chosen, 0) : null;
    }

    private static SpendPlan Plan(SpendQuestion question, IReadOnlyList<WalletCoin> coins, long change) =>
        new(coins, Sum(coins) - question.AmountGrains - change, change);

    /// <summary>What is left where change is an output; negative where the coins do not suffice.</summary>
    private static long ChangeOf(SpendQuestion question, List<WalletCoin> coins) =>
        Sum(coins) - question.AmountGrains - question.Rate.FeeFor(BytesOf(coins.Count, 2));

    private static long Sum(IEnumerable<WalletCoin> coins) => coins.Sum(coin => coin.Grains);
}

/// <summary>Branch and bound: the subset of values whose sum is nearest above a target, within a bound.</summary>
/// <param name="values">Positive numbers, largest first.</param>
/// <param name="target">The least sum.</param>
/// <param name="bound">The greatest sum.</param>
internal sealed class ExactSearch(long[] values, long target, long bound)
{
    private readonly List<int> taken = [];
    private long sum;
    private long rest = values.Sum();

    /// <summary>The indices of the values; null where none was found within the steps.</summary>
    public int[]? Run()
    {
        int[]? best = null;
        long bestSum = bound + 1;
        int at = 0;
        for (int step = 0; step < CoinSelection.StepsMax && bestSum > target; step++, at++)
        {
            bool isEnough = sum >= target && sum <= bound;
            if (isEnough && sum < bestSum)
            {
                best = [.. taken];
                bestSum = sum;
            }

            if (isEnough || sum > bound || sum + rest < target || taken.Count == CoinSelection.InputsMax)
            {
                if (taken.Count == 0)
                {
                    break;
                }

                at = LeaveLast(at);
                continue;
            }

            rest -= values[at];

            // Of equal values, where the first is left, the next need not be tried.
            if (taken.Count == 0 || taken[^1] == at - 1 || values[at] != values[at - 1])
            {
                taken.Add(at);
                sum += values[at];
            }
        }

        return best;
    }

    /// <summary>Goes back to the last value that was taken, and leaves it.</summary>
    private int LeaveLast(int at)
    {
        int last = taken[^1];
        for (int index = at - 1; index > last; index--)
        {
            rest += values[index];
        }

        taken.RemoveAt(taken.Count - 1);
        sum -= values[last];
        return last;
    }
}
