using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Wallet;

/// <summary>The payments that no block holds, sorted by whether one still may.</summary>
/// <param name="Coins">The coins that payments hold.</param>
/// <param name="Outputs">What those payments make.</param>
/// <param name="Lapsed">Requests whose payment spends what another transaction spent: it can't be mined.</param>
internal sealed record HeldCoins(
    IReadOnlySet<OutPoint> Coins, IReadOnlyList<TxOutput> Outputs, IReadOnlyList<string> Lapsed)
{
    /// <summary>Nothing is held.</summary>
    public static HeldCoins None { get; } = new(new HashSet<OutPoint>(), [], []);

    /// <summary>
    /// Sorts payments, parents before their children. A payment lives while the mempool has it, or each of its coins is
    /// unspent in the chain or made by what waits or lives.
    /// </summary>
    public static HeldCoins Of(IReadOnlyList<SendRow> waiting, ChainState state, TransactionPool pool)
    {
        HashSet<OutPoint> coins = [];
        HashSet<Txid> living = [];
        List<TxOutput> outputs = [];
        List<string> lapsed = [];
        foreach (SendRow row in waiting.OrderBy(row => row.Created))
        {
            Transaction transaction = row.Transaction;
            bool lives = pool.Has(transaction.Txid)
                || transaction.Inputs.All(input => IsThere(input.Previous, living, state, pool));
            if (!lives)
            {
                lapsed.Add(row.RequestId);
                continue;
            }

            living.Add(transaction.Txid);
            coins.UnionWith(transaction.Inputs.Select(input => input.Previous));
            outputs.AddRange(transaction.Outputs);
        }

        return new HeldCoins(coins, outputs, lapsed);
    }

    private static bool IsThere(OutPoint outPoint, HashSet<Txid> living, ChainState state, TransactionPool pool) =>
        living.Contains(outPoint.Txid) || pool.Has(outPoint.Txid)
        || state.Read(reading => reading.Outputs.TryGet(outPoint, out Utxo? _));
}
