using System.Diagnostics.CodeAnalysis;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>What one selection has found out about a waiting transaction.</summary>
internal enum SelectionState
{
    /// <summary>Nothing yet.</summary>
    Untouched = 0,

    /// <summary>Some of its ancestors are chosen, so its price is another than in the pool's order.</summary>
    Changed = 1,

    /// <summary>It did not fit; it may once more of its ancestors are chosen.</summary>
    TooBig = 2,

    /// <summary>It, or an ancestor, may not be in this block.</summary>
    Barred = 3,

    /// <summary>It is in the block.</summary>
    Chosen = 4,
}

/// <summary>The mark that a selection leaves on a transaction; one of an earlier run counts as none.</summary>
/// <param name="Run">The selection.</param>
/// <param name="State">What it found out.</param>
/// <param name="Rest">The transaction and those of its ancestors that are not chosen yet.</param>
/// <param name="Ratio">Their place in the order of mining.</param>
internal readonly record struct SelectionMark(long Run, SelectionState State, PoolTotals Rest, FeeRatio Ratio);

/// <summary>
/// Rule M-16: chooses the transactions of the next block by the price of each with all of its ancestors that are not
/// chosen yet, so that a child pays for its parent; best first, while bytes (C-06) and signature operations, of its
/// own scripts (C-06) and of those that it spends (C-20), last.
/// </summary>
/// <remarks>
/// Starts from the order that the pool keeps anyway. Once a package is chosen, the price of what rests on it changes:
/// those go through a second, small ordered set. Used once, under the locks of the pool and of the chain.
/// </remarks>
internal sealed class BlockSelection(PoolGraph graph, SpendContext context, IUtxoView outputs) : IUtxoView
{
    /// <summary>Bytes kept free in a block for header, count and coinbase.</summary>
    private const int BytesReserved = 1_000;

    /// <summary>Signature operations kept free for the coinbase.</summary>
    private const int SignatureOperationsReserved = 100;

    /// <summary>So many packages in a row that do not fit into the last 4,000 bytes end the search.</summary>
    private const int MissesMax = 1_000;
    private const int NearlyFullBytes = 4_000;

    private readonly long run = graph.NextWalk();
    private readonly SortedSet<PoolNode> changed = new(Comparer<PoolNode>.Create(CompareChanged));
    private readonly List<TransactionWithFee> chosen = [];
    private long bytesLeft = Block.BytesMax - BytesReserved;
    private long signatureOperationsLeft = BlockRules.SignatureOperationsMax - SignatureOperationsReserved;
    private long spentSignatureOperationsLeft = BlockRules.SignatureOperationsMax;

    /// <summary>The transactions, parents before children.</summary>
    public IReadOnlyList<TransactionWithFee> Choose()
    {
        using IEnumerator<PoolNode> order = graph.ByMining.GetEnumerator();
        bool hasNext = order.MoveNext();
        int misses = 0;
        while (misses <= MissesMax || bytesLeft > NearlyFullBytes)
        {
            while (hasNext && StateOf(order.Current) != SelectionState.Untouched)
            {
                hasNext = order.MoveNext();
            }

            PoolNode? best = Better(hasNext ? order.Current : null, changed.Min);
            if (best is null)
            {
                break;
            }

            misses = TryChoose(best) ? 0 : misses + 1;
        }

        return chosen;
    }

    /// <summary>The unspent outputs with those of the transactions chosen so far.</summary>
    bool IUtxoView.TryGet(OutPoint outPoint, [NotNullWhen(true)] out Utxo? utxo)
    {
        bool isMade = graph.TryFind(outPoint.Txid, out PoolNode? parent) && StateOf(parent) == SelectionState.Chosen;
        utxo = isMade ? PoolInputs.OutputOf(parent!, outPoint.Index, context.Height) : null;
        return utxo is not null || outputs.TryGet(outPoint, out utxo);
    }

    private static int CompareChanged(PoolNode left, PoolNode right)
    {
        int order = right.Mark.Ratio.CompareTo(left.Mark.Ratio);
        return order != 0 ? order : left.Entry.Sequence.CompareTo(right.Entry.Sequence);
    }

    private static PoolNode? Better(PoolNode? untouched, PoolNode? other) =>
        untouched is null ? other
        : other is null || untouched.MiningRatio.CompareTo(other.Mark.Ratio) >= 0 ? untouched
        : other;

    private SelectionState StateOf(PoolNode node) => node.Mark.Run == run ? node.Mark.State : SelectionState.Untouched;

    private PoolTotals RestOf(PoolNode node) => node.Mark.Run == run ? node.Mark.Rest : node.Ancestors;

    private void Set(PoolNode node, SelectionState state, PoolTotals rest)
    {
        if (StateOf(node) == SelectionState.Changed)
        {
            changed.Remove(node);
        }

        node.Mark = new SelectionMark(run, state, rest, FeeRatio.Min(node.Own.Ratio, rest.Ratio));
        if (state == SelectionState.Changed)
        {
            changed.Add(node);
        }
    }

    private bool TryChoose(PoolNode best)
    {
        PoolTotals rest = RestOf(best);
        if (rest.Bytes > bytesLeft || rest.SignatureOperations > signatureOperationsLeft
            || rest.SpentSignatureOperations > spentSignatureOperationsLeft)
        {
            Set(best, SelectionState.TooBig, rest);
            return false;
        }

        List<PoolNode> package = rest.Count == 1 ? [best] : PackageOf(best);
        if (!package.TrueForAll(IsMinable))
        {
            Set(best, SelectionState.Barred, rest);
            return false;
        }

        foreach (PoolNode node in package)
        {
            Set(node, SelectionState.Chosen, default(PoolTotals) with { PricedBytes = 1 });
            chosen.Add(new TransactionWithFee(node.Entry.Transaction, node.Entry.Fee));
            bytesLeft -= node.Own.Bytes;
            signatureOperationsLeft -= node.Own.SignatureOperations;
            spentSignatureOperationsLeft -= node.Own.SpentSignatureOperations;
        }

        package.ForEach(Reprice);
        return true;
    }

    private List<PoolNode> PackageOf(PoolNode best)
    {
        List<PoolNode> package = graph.AncestorsOf(best);
        package.RemoveAll(node => StateOf(node) == SelectionState.Chosen);
        package.Add(best);
        package.Sort(static (left, right) => left.Ancestors.Count != right.Ancestors.Count
            ? left.Ancestors.Count.CompareTo(right.Ancestors.Count)
            : left.Entry.Sequence.CompareTo(right.Entry.Sequence));
        return package;
    }

    /// <summary>What rests on a chosen transaction has less left to pay for.</summary>
    private void Reprice(PoolNode node)
    {
        if (node.Children.Count == 0)
        {
            return;
        }

        foreach (PoolNode descendant in graph.DescendantsOf(node))
        {
            if (StateOf(descendant) is not (SelectionState.Chosen or SelectionState.Barred))
            {
                Set(descendant, SelectionState.Changed, RestOf(descendant) - node.Own);
            }
        }
    }

    /// <summary>
    /// Rule M-17: what the time and the tip decide is looked at for each block: E-05 for job transactions, lock times
    /// for the others, ages, and that each input is there. Scripts ran when the transaction was let in; what they
    /// decided stands in every later block, but where they ask for verdicts.
    /// </summary>
    private bool IsMinable(PoolNode node)
    {
        if (StateOf(node) == SelectionState.Barred)
        {
            return false;
        }

        Transaction transaction = node.Entry.Transaction;
        bool isDue = node.Entry.IsJob
            ? transaction.LockTime <= context.BlockTime
            : TransactionRules.IsFinal(transaction, context.Height, context.MedianTimePast);
        if (!isDue)
        {
            return false;
        }

        foreach (TxInput input in transaction.Inputs)
        {
            if (graph.TryFind(input.Previous.Txid, out PoolNode? parent))
            {
                Utxo? made = PoolInputs.OutputOf(parent, input.Previous.Index, context.Height);
                if (node.Entry.IsJob || parent.Entry.IsJob || made is null || !IsOldEnough(node, input, made))
                {
                    return false;
                }
            }
            else if (!outputs.TryGet(input.Previous, out Utxo? utxo) || !IsOldEnough(node, input, utxo))
            {
                return false;
            }
        }

        return !node.Entry.AsksForVerdicts
            || TransactionRules.CheckSpend(transaction, context, this).Code == RuleCode.Accepted;
    }

    private bool IsOldEnough(PoolNode node, TxInput input, Utxo utxo) =>
        TransactionRules.CheckAge(node.Entry.Transaction, input, utxo, context) == RuleCode.Accepted;
}
