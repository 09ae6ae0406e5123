using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Transactions;
using Camelid.Simulation.Nodes;

namespace Camelid.Simulation.Trade;

/// <summary>A transaction as a node knows it.</summary>
/// <param name="Transaction">The transaction.</param>
/// <param name="Height">Of its block; 0 where it waits.</param>
/// <param name="Depth">1 in the tip, 0 where it waits.</param>
internal sealed record FoundTransaction(Transaction Transaction, int Height, int Depth)
{
    /// <summary>True where a block holds it.</summary>
    public bool IsMined => Depth > 0;
}

/// <summary>
/// What a node's index answers (there it is a database): transactions of the active chain and of the mempool, and what
/// spends an output. It follows the chain, and is made anew at a start.
/// </summary>
internal sealed class ChainBook(SimulatedNode node, Dictionary<BlockHash, Block> blocks)
{
    private readonly Dictionary<Txid, (Transaction Transaction, int Height)> mined = [];
    private readonly Dictionary<OutPoint, Txid> spenders = [];
    private readonly Dictionary<JobId, List<Txid>> ofJobs = [];

    /// <summary>Reads the whole chain.</summary>
    public void Rebuild()
    {
        mined.Clear();
        spenders.Clear();
        ofJobs.Clear();
        foreach (BlockEntry entry in node.State.Read(reading => reading.Active.Skip(1).ToArray()))
        {
            Connect(entry);
        }
    }

    /// <summary>Follows the chain.</summary>
    /// <returns>The jobs of blocks that left it or came.</returns>
    public IReadOnlySet<JobId> Follow(BlockAcceptance change)
    {
        foreach (Transaction transaction in change.Disconnected.SelectMany(entry => BlockOf(entry).Transactions))
        {
            Remove(transaction);
        }

        foreach (BlockEntry entry in change.Connected)
        {
            Connect(entry);
        }

        return change.Disconnected.Concat(change.Connected)
            .SelectMany(entry => BlockOf(entry).Transactions).Select(transaction => transaction.JobId).ToHashSet();
    }

    /// <summary>A transaction in a block or waiting, or null.</summary>
    public FoundTransaction? Find(Txid? txid) =>
        txid is not { } known ? null
        : mined.TryGetValue(known, out (Transaction Transaction, int Height) found) ? InBlock(found)
        : node.Pool.TryFind(known, out PoolEntry? entry) ? new FoundTransaction(entry.Transaction, 0, 0)
        : null;

    /// <summary>What spends an output, or null.</summary>
    public FoundTransaction? FindSpend(OutPoint outPoint) =>
        spenders.TryGetValue(outPoint, out Txid by) ? InBlock(mined[by])
        : node.Pool.TryFindSpender(outPoint, out PoolEntry? entry) ? new FoundTransaction(entry.Transaction, 0, 0)
        : null;

    /// <summary>The transactions that carry a job's id, those in blocks first.</summary>
    public IEnumerable<Transaction> OfJob(JobId jobId) =>
        ofJobs.GetValueOrDefault(jobId, []).Select(txid => mined[txid].Transaction).Concat(
            node.Pool.List().Select(entry => entry.Transaction).Where(waiting => waiting.JobId == jobId));

    private FoundTransaction InBlock((Transaction Transaction, int Height) found) =>
        new(found.Transaction, found.Height, node.Tip.Height - found.Height + 1);

    private void Connect(BlockEntry entry)
    {
        foreach (Transaction transaction in BlockOf(entry).Transactions)
        {
            mined[transaction.Txid] = (transaction, entry.Height);
            foreach (TxInput input in transaction.IsCoinbase ? [] : transaction.Inputs)
            {
                spenders[input.Previous] = transaction.Txid;
            }

            if (!transaction.JobId.IsNone)
            {
                if (!ofJobs.TryGetValue(transaction.JobId, out List<Txid>? of))
                {
                    ofJobs[transaction.JobId] = of = [];
                }

                of.Add(transaction.Txid);
            }
        }
    }

    private void Remove(Transaction transaction)
    {
        mined.Remove(transaction.Txid);
        foreach (TxInput input in transaction.IsCoinbase ? [] : transaction.Inputs)
        {
            spenders.Remove(input.Previous);
        }

        if (!transaction.JobId.IsNone)
        {
            ofJobs[transaction.JobId].Remove(transaction.Txid);
        }
    }

    /// <summary>All nodes of a run share the blocks that they have read.</summary>
    private Block BlockOf(BlockEntry entry)
    {
        if (!blocks.TryGetValue(entry.Hash, out Block? block))
        {
            blocks[entry.Hash] = block = node.State.ReadBlock(entry);
        }

        return block;
    }
}
