using Camelid.Chain.Index;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests;

/// <summary>Reads all blocks from genesis and compares every answer of the index with what it finds.</summary>
internal static class IndexScan
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task CheckAsync(ChainHost chain)
    {
        Dictionary<OutPoint, (Hash160 Owner, long Grains, ChainPlace Made, ChainPlace? Spent)> outputs = [];
        HashSet<Hash160> owners = [];
        int transactions = 0;
        foreach ((Block block, int index) in chain.BlocksFrom(1).Select((block, index) => (block, index)))
        {
            for (int position = 0; position < block.Transactions.Count; position++)
            {
                ChainPlace place = new(index + 1, position);
                Transaction transaction = block.Transactions[position];
                transactions++;
                TransactionRow? row = await chain.Index.FindAsync(transaction.Txid, Cancellation);
                Assert.Equal((place.Height, place.Position), (row!.Height, row.Position));
                foreach (TxInput input in transaction.Inputs.Where(_ => !transaction.IsCoinbase))
                {
                    outputs[input.Previous] = outputs[input.Previous] with { Spent = place };
                }

                for (int i = 0; i < transaction.Outputs.Count; i++)
                {
                    Hash160 owner = OutputOwner.Of(transaction.Outputs[i].Script).Owner;
                    owners.Add(owner);
                    outputs.Add(
                        new OutPoint(transaction.Txid, (uint)i),
                        (owner, transaction.Outputs[i].Value.Grains, place, null));
                }
            }
        }

        foreach (Hash160 owner in owners)
        {
            await CheckOwnerAsync(chain, owner, outputs);
        }

        await CheckTotalsAsync(chain, transactions);
        Assert.Equal(owners, (await chain.Outputs.UsedAsync([.. owners, Hash160.Of("unused"u8)], Cancellation))
            .ToHashSet());
    }

    private static async Task CheckOwnerAsync(
        ChainHost chain, Hash160 owner,
        Dictionary<OutPoint, (Hash160 Owner, long Grains, ChainPlace Made, ChainPlace? Spent)> outputs)
    {
        var own = outputs.Where(pair => pair.Value.Owner == owner).ToArray();
        IReadOnlyList<OutputRow> unspent = await chain.Outputs.UnspentAsync([owner], Cancellation);
        Assert.Equal(
            own.Where(pair => pair.Value.Spent is null).Select(pair => (pair.Key.ToString(), pair.Value.Grains))
                .Order(),
            unspent.Select(row => ($"{row.Txid}:{row.OutputIndex}", row.Grains)).Order());
        OwnerTotals totals = await chain.Outputs.TotalsAsync(owner, Cancellation);
        Assert.Equal(own.Sum(pair => pair.Value.Grains), totals.ReceivedGrains);
        Assert.Equal(
            own.Where(pair => pair.Value.Spent is not null).Sum(pair => pair.Value.Grains), totals.SpentGrains);
        Assert.Equal(own.Length, totals.OutputCount);
        IReadOnlyList<OwnerEntry> history =
            await chain.Outputs.HistoryAsync([owner], ChainPlace.Top, int.MaxValue, Cancellation);
        Assert.Equal(
            own.Select(pair => (pair.Value.Made, 0L, pair.Value.Grains)).Concat(own
                .Where(pair => pair.Value.Spent is not null)
                .Select(pair => (pair.Value.Spent!.Value, 1L, pair.Value.Grains)))
                .OrderBy(entry => (entry.Item1.Height, entry.Item1.Position, entry.Item2, entry.Item3)),
            history.Select(entry => (new ChainPlace(entry.Height, entry.Position), entry.IsSpend, entry.Grains))
                .OrderBy(entry => (entry.Item1.Height, entry.Item1.Position, entry.Item2, entry.Item3)));
    }

    private static async Task CheckTotalsAsync(ChainHost chain, int transactions)
    {
        SupplyReply scanned = SupplyInvariant.Check(chain);
        BlockTotals totals = await chain.Totals.AtTipAsync(Cancellation);
        Assert.Equal(chain.Tip.Hash.ToString(), totals.Hash);
        Assert.Equal(scanned.IssuedGrains, totals.IssuedSum);
        Assert.Equal(scanned.BurnedGrains, totals.BurnedSum);
        Assert.Equal(scanned.FeesGrains, totals.FeesSum);
        Assert.Equal(scanned.UnspentGrains, totals.UnspentGrains);
        Assert.Equal(scanned.DepositsGrains, totals.DepositsGrains);
        Assert.Equal(scanned.PaymentsGrains, totals.PaymentsGrains);
        Assert.Equal(scanned.StakesGrains, totals.StakesGrains);
        Assert.Equal(transactions, totals.TransactionsSum);
        Assert.Null(await chain.Totals.AtAsync(chain.Tip.Height + 1, Cancellation));
        Assert.Equal(0, (await chain.Totals.AtAsync(0, Cancellation))!.IssuedSum);
    }
}
