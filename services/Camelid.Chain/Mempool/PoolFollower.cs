using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>Brings the waiting transactions to a new tip. Not thread-safe: the pool's lock covers it.</summary>
internal sealed class PoolFollower(ChainState state, PoolContents contents, PoolJudge judge)
{
    private PoolGraph Graph => contents.Graph;

    /// <summary>
    /// Rule M-14: what a block holds leaves, and its children rest on the chain from then on; what spends the same
    /// outputs as the block leaves with all that rests on it.
    /// </summary>
    /// <returns>The entries that waited for this block.</returns>
    public IReadOnlyList<PoolEntry> Connect(Block block)
    {
        List<PoolEntry> mined = [];
        foreach (Transaction transaction in block.Transactions)
        {
            if (Graph.TryFind(transaction.Txid, out PoolNode? node))
            {
                mined.Add(node.Entry);
                contents.RemoveMined(node);
            }

            foreach (TxInput input in transaction.Inputs)
            {
                if (Graph.TryFindSpender(input.Previous, out PoolNode? conflicting))
                {
                    contents.Remove([conflicting], PoolDeparture.Conflict);
                }
            }
        }

        return mined;
    }

    /// <summary>
    /// Rule M-15: the transactions of blocks that left the chain come back, lowest block first and so parents first, at
    /// most 20 MB of them, judged as if new but for their fee. Then all that waits is held against the new tip.
    /// </summary>
    /// <remarks>
    /// What the new branch holds as well is refused here as being in the chain. Lowest first: a child whose parent did
    /// not fit would have nothing to rest on.
    /// </remarks>
    public void Disconnect(IEnumerable<Block> lowestFirst, uint now)
    {
        long bytes = 0;
        foreach (Transaction transaction in lowestFirst.SelectMany(block => block.Transactions))
        {
            bytes += transaction.ByteCount;
            if (bytes > PoolPolicy.ReturningBytesMax)
            {
                break;
            }

            if (!transaction.IsCoinbase && !Graph.TryFind(transaction.Txid, out PoolNode? _))
            {
                Return(transaction, now);
            }
        }

        Sweep(now);
    }

    private void Return(Transaction transaction, uint now)
    {
        PoolJudgement judgement = judge.Judge(new PoolQuestion
        {
            Transaction = transaction,
            Now = now,
            ArrivedUnix = now,
            MinimumRate = FeeRate.Zero,
            IsReturning = true,
        });
        if (judgement.Code != RuleCode.Accepted)
        {
            return;
        }

        PoolNode back = contents.Return(judgement);
        List<PoolNode> tooDeep = Graph.DescendantsOf(back).FindAll(node =>
            node.Ancestors.Count > PoolPolicy.UnconfirmedMax
            || node.Ancestors.Bytes > PoolPolicy.UnconfirmedBytesMax);
        contents.Remove(tooDeep, PoolDeparture.Reorganised);
    }

    /// <summary>What has lost an input, its age, its burial or its time leaves with all that rests on it.</summary>
    /// <remarks>
    /// Scripts are not run again: what they decided does not depend on the tip, or is looked at here.
    /// </remarks>
    private void Sweep(uint now)
    {
        List<PoolNode> invalid = state.Read(reading =>
        {
            SpendContext context = new(
                reading.Tip.Height + 1,
                now,
                Math.Max(now, reading.MedianTimePast),
                state.Network,
                state.PoolCurve);
            return Graph.ByArrival.Where(node => !IsGood(node, context, reading)).ToList();
        });
        contents.Remove(invalid, PoolDeparture.Reorganised);
    }

    private bool IsGood(PoolNode node, SpendContext context, ChainReading reading)
    {
        Transaction transaction = node.Entry.Transaction;
        foreach (TxInput input in transaction.Inputs)
        {
            Utxo? utxo;
            if (Graph.TryFind(input.Previous.Txid, out PoolNode? parent))
            {
                // Rules E-07 and M-10: a job transaction rests on blocks only, and nothing rests on it.
                utxo = parent.Entry.IsJob || node.Entry.IsJob
                    ? null
                    : PoolInputs.OutputOf(parent, input.Previous.Index, context.Height);
            }
            else
            {
                reading.Outputs.TryGet(input.Previous, out utxo);
            }

            if (utxo is null
                || TransactionRules.CheckAge(transaction, input, utxo, context) != RuleCode.Accepted)
            {
                return false;
            }
        }

        return node.Entry.IsJob || TransactionRules.IsFinal(transaction, context.Height, context.MedianTimePast);
    }
}
