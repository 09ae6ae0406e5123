using Camelid.Chain.Blocks;
using Camelid.Chain.Explorer;
using Camelid.Chain.Index;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Wallet;

/// <summary>
/// What happened to the wallet: one entry for each transaction, escrow of its keys included (rule W-09).
/// </summary>
internal sealed class WalletHistoryReader(
    ChainState state, BlockIndex index, OutputIndex outputs, WalletCoins coins, LabelBook labels)
{
    /// <summary>Most transactions in blocks in one answer.</summary>
    public const int LimitMax = 200;

    private const int LimitDefault = 50;

    /// <summary>What waits (where the answer begins at the top), then the last transactions below a place.</summary>
    /// <param name="addresses">Whose history it is.</param>
    /// <param name="below">Where to begin; the top for what waits, too.</param>
    /// <param name="limit">Most transactions in blocks.</param>
    /// <param name="cancellationToken">Ends the wait for the index.</param>
    public async Task<WalletHistory> ReadAsync(
        IAddressSource addresses, ChainPlace below, int limit, CancellationToken cancellationToken)
    {
        int count = limit is < 1 or > LimitMax ? LimitDefault : limit;
        WalletPicture picture = await coins.TakeAsync(addresses, cancellationToken);
        IReadOnlyDictionary<string, string> names = await labels.AllAsync(cancellationToken);
        WalletHistory history = new();
        if (below == ChainPlace.Top)
        {
            history.Entries.AddRange(picture.Waiting.Reverse().Select(move => Named(
                EntryOf(move), names, move.Entry.Transaction.Outputs
                    .Select(output => OutputOwner.Of(output.Script).Owner)
                    .Where(picture.Addresses.Places.ContainsKey))));
        }

        IReadOnlyList<OwnerEntry> sides = await outputs.HistoryAsync(
            [.. picture.Addresses.Places.Keys], below, count, cancellationToken);
        IGrouping<string, OwnerEntry>[] transactions = [.. sides.GroupBy(side => side.Txid)];
        foreach (IGrouping<string, OwnerEntry> transaction in transactions)
        {
            HistoryEntry entry = await EntryOfAsync(transaction.Key, [.. transaction], cancellationToken);
            history.Entries.Add(Named(entry, names, transaction.Where(side => side.IsSpend == 0)
                .Select(side => Hash160.FromBytes(Convert.FromHexString(side.Owner)))));
        }

        history.Cursor = transactions.Length == count ? ExplorerMapping.CursorOf(sides[^1]) : "";
        return history;
    }

    /// <summary>Gives an entry its name: the transaction's, else that of one of these addresses.</summary>
    private HistoryEntry Named(
        HistoryEntry entry, IReadOnlyDictionary<string, string> names, IEnumerable<Hash160> paid)
    {
        entry.Label = names.GetValueOrDefault(entry.Txid)
            ?? paid.Select(hash => names.GetValueOrDefault(
                new Address(state.Network.AddressVersion, hash).ToString())).FirstOrDefault(name => name is not null)
            ?? "";
        return entry;
    }

    private static HistoryEntry EntryOf(WaitingMove move)
    {
        long fee = move.SpentGrains > 0 ? move.Entry.Fee.Grains : 0;
        long net = move.ReceivedGrains - move.SpentGrains;
        return new HistoryEntry
        {
            Txid = move.Entry.Txid.ToString(),
            Kind = KindOf(isMined: false, move.SpentGrains, net, fee),
            NetGrains = net,
            FeeGrains = fee,
            TimeUnix = move.Entry.ArrivedUnix,
        };
    }

    private async Task<HistoryEntry> EntryOfAsync(
        string txid, OwnerEntry[] sides, CancellationToken cancellationToken)
    {
        long spent = sides.Where(side => side.IsSpend == 1).Sum(side => side.Grains);
        long net = sides.Where(side => side.IsSpend == 0).Sum(side => side.Grains) - spent;
        TransactionRow? row = spent > 0 && Txid.TryParse(txid, out Txid id)
            ? await index.FindAsync(id, cancellationToken)
            : null;
        int height = (int)sides[0].Height;
        (int tip, long time) = state.Read(reading => (reading.Tip.Height,
            height < reading.Active.Count ? reading.Active[height].Header.Time : 0));
        return new HistoryEntry
        {
            Txid = txid,
            Kind = KindOf(sides[0].Position == 0, spent, net, row?.FeeGrains ?? 0),
            NetGrains = net,
            FeeGrains = row?.FeeGrains ?? 0,
            Height = height,
            Confirmations = Math.Max(0, tip - height + 1),
            TimeUnix = time,
        };
    }

    /// <summary>What a transaction is to the wallet; one that costs it the fee alone only moves its coin.</summary>
    private static string KindOf(bool isMined, long spentGrains, long netGrains, long feeGrains) =>
        isMined ? "mined" : spentGrains == 0 ? "received" : netGrains == -feeGrains ? "moved" : "sent";
}
