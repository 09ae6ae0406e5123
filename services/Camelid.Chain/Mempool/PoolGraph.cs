using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>
/// The waiting transactions with who spends whom, sums over ancestors and descendants, and ordered indexes. Knows no
/// policy. Every change costs what the transactions cost that hang together with it, not what the pool holds. Not
/// thread-safe: the pool's lock covers it.
/// </summary>
internal sealed class PoolGraph
{
    private readonly Dictionary<Txid, PoolNode> nodes = [];
    private readonly Dictionary<OutPoint, PoolNode> spenders = [];
    private readonly SortedSet<PoolNode> byMining = new(PoolOrder.Mining);
    private readonly SortedSet<PoolNode> byArrival = new(PoolOrder.Arrival);
    private readonly SortedSet<PoolNode> byExpiry = new(PoolOrder.Expiry);
    private readonly SortedSet<PoolNode> ordinary = new(PoolOrder.Eviction);
    private readonly SortedSet<PoolNode> guarded = new(PoolOrder.GuardedEviction);
    private long walk;

    /// <summary>Transactions.</summary>
    public int Count => nodes.Count;

    /// <summary>Their encoded bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>What they cost in memory.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>The part of <see cref="MemoryBytes"/> that is guarded (rule M-12).</summary>
    public long GuardedMemoryBytes { get; private set; }

    /// <summary>Best to mine first.</summary>
    public IEnumerable<PoolNode> ByMining => byMining;

    /// <summary>In the order of arrival.</summary>
    public IEnumerable<PoolNode> ByArrival => byArrival;

    /// <summary>The one that expires soonest.</summary>
    public PoolNode? NextToExpire => byExpiry.Min;

    /// <summary>The ordinary one to push out first.</summary>
    public PoolNode? WorstOrdinary => ordinary.Min;

    /// <summary>The guarded one to push out first.</summary>
    public PoolNode? WorstGuarded => guarded.Min;

    /// <summary>A transaction by its id.</summary>
    public bool TryFind(Txid txid, [NotNullWhen(true)] out PoolNode? node) => nodes.TryGetValue(txid, out node);

    /// <summary>Who spends an output.</summary>
    public bool TryFindSpender(OutPoint outPoint, [NotNullWhen(true)] out PoolNode? node) =>
        spenders.TryGetValue(outPoint, out node);

    /// <summary>The transactions that arrived after a place in the order, earliest first.</summary>
    public IEnumerable<PoolNode> ArrivedAfter(long sequence) =>
        byArrival.Reverse().TakeWhile(node => node.Entry.Sequence > sequence).Reverse();

    /// <summary>All that a transaction rests on, it itself not included, each once, in no promised order.</summary>
    public List<PoolNode> AncestorsOf(PoolNode node) => Walk(node.Parents, static next => next.Parents);

    /// <summary>All that a transaction with these parents would rest on, the parents included.</summary>
    public List<PoolNode> AncestorsOf(IReadOnlyList<PoolNode> parents) => Walk(parents, static next => next.Parents);

    /// <summary>All that rests on a transaction, it itself not included.</summary>
    public List<PoolNode> DescendantsOf(PoolNode node) => Walk(node.Children, static next => next.Children);

    /// <summary>These transactions and all that rests on them, each once.</summary>
    public List<PoolNode> WithDescendants(IReadOnlyList<PoolNode> some) => Walk(some, static next => next.Children);

    /// <summary>A new number for <see cref="PoolNode.Visited"/>.</summary>
    public long NextWalk() => ++walk;

    /// <summary>Takes a transaction in. Its inputs must be spent by no other one here.</summary>
    /// <remarks>Its children are here already where its block has left the chain.</remarks>
    public PoolNode Add(PoolEntry entry)
    {
        PoolNode node = new(entry);
        nodes.Add(entry.Txid, node);
        foreach (TxInput input in entry.Transaction.Inputs)
        {
            spenders.Add(input.Previous, node);
            if (nodes.TryGetValue(input.Previous.Txid, out PoolNode? parent) && !node.Parents.Contains(parent))
            {
                node.Parents.Add(parent);
                parent.Children.Add(node);
            }
        }

        LinkChildren(node);
        Bytes += entry.Transaction.ByteCount;
        MemoryBytes += entry.MemoryBytes;
        GuardedMemoryBytes += entry.IsGuarded ? entry.MemoryBytes : 0;
        List<PoolNode> ancestors = AncestorsOf(node);
        if (node.Children.Count == 0)
        {
            node.SetTotals(Sum(node, ancestors), node.Own);
            ancestors.ForEach(ancestor => SetDescendants(ancestor, ancestor.Descendants + node.Own));
        }
        else
        {
            Recount([node, .. ancestors, .. DescendantsOf(node)], node);
        }

        byArrival.Add(node);
        byExpiry.Add(node);
        Index(node);
        return node;
    }

    /// <summary>Takes one transaction out because a block holds it: its children stay and rest on the chain.</summary>
    public void RemoveMined(PoolNode node)
    {
        Unindex(node);
        List<PoolNode> ancestors = AncestorsOf(node);
        List<PoolNode> descendants = DescendantsOf(node);
        Detach(node);
        if (ancestors.Count == 0)
        {
            descendants.ForEach(descendant => SetAncestors(descendant, descendant.Ancestors - node.Own));
        }
        else
        {
            Recount([.. ancestors, .. descendants], null);
        }
    }

    /// <summary>Takes transactions out with all that rests on them.</summary>
    /// <returns>All that left, those that others rest on first.</returns>
    public List<PoolNode> RemoveWithDescendants(IReadOnlyList<PoolNode> some)
    {
        List<PoolNode> leaving = WithDescendants(some);
        leaving.Sort(static (left, right) => left.Ancestors.Count != right.Ancestors.Count
            ? left.Ancestors.Count.CompareTo(right.Ancestors.Count)
            : left.Entry.Sequence.CompareTo(right.Entry.Sequence));
        for (int i = leaving.Count - 1; i >= 0; i--)
        {
            PoolNode node = leaving[i];
            Unindex(node);
            AncestorsOf(node).ForEach(ancestor => SetDescendants(ancestor, ancestor.Descendants - node.Own));
            Detach(node);
        }

        return leaving;
    }

    private static PoolTotals Sum(PoolNode node, List<PoolNode> others)
    {
        PoolTotals sum = node.Own;
        foreach (PoolNode other in others)
        {
            sum += other.Own;
        }

        return sum;
    }

    private void LinkChildren(PoolNode node)
    {
        for (int i = 0; i < node.Entry.Transaction.Outputs.Count; i++)
        {
            if (spenders.TryGetValue(new OutPoint(node.Entry.Txid, (uint)i), out PoolNode? child)
                && !node.Children.Contains(child))
            {
                node.Children.Add(child);
                child.Parents.Add(node);
            }
        }
    }

    private void Detach(PoolNode node)
    {
        nodes.Remove(node.Entry.Txid);
        foreach (TxInput input in node.Entry.Transaction.Inputs)
        {
            spenders.Remove(input.Previous);
        }

        node.Parents.ForEach(parent => parent.Children.Remove(node));
        node.Children.ForEach(child => child.Parents.Remove(node));
        node.Parents.Clear();
        node.Children.Clear();
        byArrival.Remove(node);
        byExpiry.Remove(node);
        Bytes -= node.Entry.Transaction.ByteCount;
        MemoryBytes -= node.Entry.MemoryBytes;
        GuardedMemoryBytes -= node.Entry.IsGuarded ? node.Entry.MemoryBytes : 0;
        if (MemoryBytes < 0 || GuardedMemoryBytes < 0 || Bytes < 0)
        {
            throw new UnreachableException("the mempool's totals went below zero");
        }
    }

    /// <summary>Sums anew, for links that changed in the middle; <paramref name="fresh"/> is in no index yet.</summary>
    private void Recount(List<PoolNode> changed, PoolNode? fresh)
    {
        foreach (PoolNode node in changed)
        {
            PoolTotals ancestors = Sum(node, AncestorsOf(node));
            PoolTotals descendants = Sum(node, DescendantsOf(node));
            if (node == fresh)
            {
                node.SetTotals(ancestors, descendants);
            }
            else
            {
                Reindex(node, ancestors, descendants);
            }
        }
    }

    private void SetAncestors(PoolNode node, PoolTotals ancestors) => Reindex(node, ancestors, node.Descendants);

    private void SetDescendants(PoolNode node, PoolTotals descendants) => Reindex(node, node.Ancestors, descendants);

    private void Reindex(PoolNode node, PoolTotals ancestors, PoolTotals descendants)
    {
        Unindex(node);
        node.SetTotals(ancestors, descendants);
        Index(node);
    }

    private void Index(PoolNode node)
    {
        bool isNew = byMining.Add(node) & (node.Entry.IsGuarded ? guarded : ordinary).Add(node);
        if (!isNew)
        {
            throw new UnreachableException($"{node.Entry.Txid} stands in the mempool's indexes twice");
        }
    }

    private void Unindex(PoolNode node)
    {
        bool wasThere = byMining.Remove(node) & (node.Entry.IsGuarded ? guarded : ordinary).Remove(node);
        if (!wasThere)
        {
            throw new UnreachableException($"{node.Entry.Txid} is missing in the mempool's indexes");
        }
    }

    private List<PoolNode> Walk(IReadOnlyList<PoolNode> from, Func<PoolNode, List<PoolNode>> next)
    {
        long number = NextWalk();
        List<PoolNode> found = [];
        foreach (PoolNode node in from)
        {
            if (node.Visited != number)
            {
                node.Visited = number;
                found.Add(node);
            }
        }

        for (int i = 0; i < found.Count; i++)
        {
            foreach (PoolNode neighbour in next(found[i]))
            {
                if (neighbour.Visited != number)
                {
                    neighbour.Visited = number;
                    found.Add(neighbour);
                }
            }
        }

        return found;
    }
}
