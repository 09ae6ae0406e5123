using Camelid.Chain.Blocks;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Index;

/// <summary>Follows the coin through one block.</summary>
internal sealed class BlockIndexing(
    Dictionary<OutPoint, IndexedOutput> made, Dictionary<OutPoint, IndexedOutput> found, BlockEntry entry, Block block)
{
    /// <summary>Marks what the block spends, adds its transactions' rows, and returns the totals after it.</summary>
    /// <param name="before">The totals before the block.</param>
    /// <param name="transactions">Rows are added here.</param>
    /// <exception cref="IndexDamagedException">
    /// Rule C-30 would be broken (unspent and burned coin are not the coin issued), or an input is not in the index.
    /// </exception>
    public BlockTotals Run(BlockTotals before, List<object?[]> transactions)
    {
        BlockTotals totals = before;
        long fees = 0;
        for (int position = 0; position < block.Transactions.Count; position++)
        {
            Transaction transaction = block.Transactions[position];
            long spent = 0;
            for (int i = 0; i < transaction.Inputs.Count && !transaction.IsCoinbase; i++)
            {
                IndexedOutput output = Take(transaction.Inputs[i].Previous, new ChainPlace(entry.Height, position), i);
                spent += output.Grains;
                totals = totals.With(output, -1);
            }

            for (int i = 0; i < transaction.Outputs.Count; i++)
            {
                totals = totals.With(made[new OutPoint(transaction.Txid, (uint)i)], 1);
            }

            long fee = transaction.IsCoinbase ? 0 : spent - Grains(transaction);
            fees += fee;
            transactions.Add(
            [
                transaction.Txid.ToString(), (long)entry.Height, (long)position,
                transaction.JobId.IsNone ? null : transaction.JobId.ToString(), fee,
            ]);
        }

        long claimed = Grains(block.Transactions[0]);
        long taken = Math.Min(fees, claimed);
        totals = totals with
        {
            Height = entry.Height,
            Hash = entry.Hash.ToString(),
            FeesGrains = fees,
            IssuedSum = totals.IssuedSum + claimed - taken,
            BurnedSum = totals.BurnedSum + fees - taken,
            FeesSum = totals.FeesSum + taken,
            TransactionsSum = totals.TransactionsSum + block.Transactions.Count,
        };
        return totals.UnspentGrains + totals.BurnedSum == totals.IssuedSum
            ? totals
            : throw new IndexDamagedException($"the coin of block {entry.Height} does not add up");
    }

    private IndexedOutput Take(OutPoint outPoint, ChainPlace place, int input)
    {
        IndexedOutput? output = made.GetValueOrDefault(outPoint) ?? found.GetValueOrDefault(outPoint);
        if (output is null || output.SpentAt is not null)
        {
            throw new IndexDamagedException($"block {place.Height} spends {outPoint}, which the index lacks");
        }

        output.Spend(place, input);
        return output;
    }

    private static long Grains(Transaction transaction) => transaction.Outputs.Sum(output => output.Value.Grains);
}
