using Camelid.Chain.Blocks;
using Camelid.Chain.Index;
using Camelid.Chain.Mempool;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Explorer;

/// <summary>What happened to an address: in blocks, by the index, and in the mempool.</summary>
internal sealed class AddressExplorer(ChainState state, TransactionPool pool, OutputIndex outputs)
{
    /// <summary>Most transactions in one answer.</summary>
    public const int LimitMax = 200;

    private const int LimitDefault = 50;

    /// <summary>The sums of an address and its last transactions below a place.</summary>
    public async Task<AddressView> ShowAsync(
        Address address, ChainPlace below, int limit, CancellationToken cancellationToken)
    {
        int count = limit is < 1 or > LimitMax ? LimitDefault : limit;
        OwnerTotals sums = await outputs.TotalsAsync(address.KeyHash, cancellationToken);
        AddressView view = new()
        {
            Address = address.ToString(),
            ReceivedGrains = sums.ReceivedGrains,
            SpentGrains = sums.SpentGrains,
            OutputCount = sums.OutputCount,
        };
        List<AddressEntry> waiting = Waiting(address.KeyHash);
        view.UnconfirmedGrains = waiting.Sum(entry => entry.Grains);
        if (below == ChainPlace.Top)
        {
            view.Entries.AddRange(waiting);
        }

        IReadOnlyList<OwnerEntry> history =
            await outputs.HistoryAsync([address.KeyHash], below, count, cancellationToken);
        view.Entries.AddRange(history.Select(entry => new AddressEntry
        {
            Txid = entry.Txid,
            Height = (int)entry.Height,
            Kind = ExplorerMapping.NameOf((OutputKind)entry.Kind),
            Grains = entry.IsSpend == 1 ? -entry.Grains : entry.Grains,
        }));
        bool isFull = history.Select(entry => (entry.Height, entry.Position)).Distinct().Count() == count;
        view.Cursor = isFull ? ExplorerMapping.CursorOf(history[^1]) : "";
        return view;
    }

    private List<AddressEntry> Waiting(Hash160 owner)
    {
        List<AddressEntry> entries = [];
        foreach (PoolEntry entry in pool.List())
        {
            Transaction transaction = entry.Transaction;
            entries.AddRange(transaction.Inputs.Select(input => Spent(input.Previous)).OfType<TxOutput>()
                .Where(output => OutputOwner.Of(output.Script).Owner == owner)
                .Select(output => EntryOf(transaction, output, -1)));
            entries.AddRange(transaction.Outputs.Where(output => OutputOwner.Of(output.Script).Owner == owner)
                .Select(output => EntryOf(transaction, output, 1)));
        }

        return entries;
    }

    private TxOutput? Spent(OutPoint outPoint) => pool.TryFind(outPoint.Txid, out PoolEntry? parent)
        ? parent.Transaction.Outputs.ElementAtOrDefault((int)outPoint.Index)
        : state.Read(reading => reading.Outputs.TryGet(outPoint, out Utxo? utxo) ? utxo.Output : null);

    private static AddressEntry EntryOf(Transaction transaction, TxOutput output, int sign) => new()
    {
        Txid = transaction.Txid.ToString(),
        Kind = ExplorerMapping.NameOf(OutputOwner.Of(output.Script).Kind),
        Grains = sign * output.Value.Grains,
    };
}
