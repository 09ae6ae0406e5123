namespace Camelid.Chain.Mempool;

/// <summary>Sums over transactions that hang together.</summary>
/// <param name="Count">How many they are.</param>
/// <param name="FeeGrains">Their fees.</param>
/// <param name="PricedBytes">The bytes that they pay for.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="SignatureOperations">The signature operations of their own scripts.</param>
/// <param name="SpentSignatureOperations">Those of the scripts that they spend.</param>
internal readonly record struct PoolTotals(
    int Count, long FeeGrains, long PricedBytes, long Bytes, long SignatureOperations, long SpentSignatureOperations)
{
    /// <summary>The price of all of them together.</summary>
    public FeeRatio Ratio => new(FeeGrains, PricedBytes);

    /// <summary>Those of one transaction.</summary>
    public static PoolTotals Of(PoolEntry entry) => new(
        1, entry.Fee.Grains, entry.PricedBytes, entry.Transaction.ByteCount, entry.SignatureOperations,
        entry.SpentSignatureOperations);

    /// <summary>Both together.</summary>
    public static PoolTotals operator +(PoolTotals left, PoolTotals right) => new(
        left.Count + right.Count,
        left.FeeGrains + right.FeeGrains,
        left.PricedBytes + right.PricedBytes,
        left.Bytes + right.Bytes,
        left.SignatureOperations + right.SignatureOperations,
        left.SpentSignatureOperations + right.SpentSignatureOperations);

    /// <summary>The left ones without the right ones.</summary>
    public static PoolTotals operator -(PoolTotals left, PoolTotals right) => new(
        left.Count - right.Count,
        left.FeeGrains - right.FeeGrains,
        left.PricedBytes - right.PricedBytes,
        left.Bytes - right.Bytes,
        left.SignatureOperations - right.SignatureOperations,
        left.SpentSignatureOperations - right.SpentSignatureOperations);
}

/// <summary>
/// A waiting transaction with its neighbours. Belongs to one <see cref="PoolGraph"/>, which alone changes it, under the
/// lock of the pool.
/// </summary>
internal sealed class PoolNode
{
    /// <summary>A transaction that has no neighbours yet.</summary>
    public PoolNode(PoolEntry entry)
    {
        Entry = entry;
        Own = PoolTotals.Of(entry);
        SetTotals(Own, Own);
    }

    /// <summary>What is known of it.</summary>
    public PoolEntry Entry { get; }

    /// <summary>Its own numbers.</summary>
    public PoolTotals Own { get; }

    /// <summary>Those of it and of all waiting transactions that it rests on.</summary>
    public PoolTotals Ancestors { get; private set; }

    /// <summary>Those of it and of all waiting transactions that rest on it.</summary>
    public PoolTotals Descendants { get; private set; }

    /// <summary>
    /// Rule M-16: its place in the order of mining: the price of it with its ancestors, but not above its own, so that
    /// a rich parent does not carry a poor child along.
    /// </summary>
    public FeeRatio MiningRatio { get; private set; }

    /// <summary>
    /// Rule M-11: its place in the order of eviction: its own price, or the one of it with its descendants where that
    /// is higher, so that a poor parent stays for the sake of a rich child.
    /// </summary>
    public FeeRatio KeepingRatio { get; private set; }

    /// <summary>The waiting transactions whose outputs it spends, each once.</summary>
    public List<PoolNode> Parents { get; } = [];

    /// <summary>The waiting transactions that spend its outputs, each once.</summary>
    public List<PoolNode> Children { get; } = [];

    /// <summary>For <see cref="BlockSelection"/> and walks of the graph: the walk that was here last.</summary>
    public long Visited { get; set; }

    /// <summary>For <see cref="BlockSelection"/>.</summary>
    public SelectionMark Mark { get; set; }

    /// <summary>Sets the sums. The graph calls it while the node is in no ordered index.</summary>
    public void SetTotals(PoolTotals ancestors, PoolTotals descendants)
    {
        Ancestors = ancestors;
        Descendants = descendants;
        MiningRatio = FeeRatio.Min(Own.Ratio, ancestors.Ratio);
        KeepingRatio = FeeRatio.Max(Own.Ratio, descendants.Ratio);
    }
}

/// <summary>The orders of the indexes. Ties go by arrival, so that every order is total.</summary>
internal static class PoolOrder
{
    /// <summary>Best price first, earlier first.</summary>
    public static IComparer<PoolNode> Mining { get; } = Comparer<PoolNode>.Create((left, right) =>
    {
        int order = right.MiningRatio.CompareTo(left.MiningRatio);
        return order != 0 ? order : Arrived(left, right);
    });

    /// <summary>Worst price first, later first.</summary>
    public static IComparer<PoolNode> Eviction { get; } = Comparer<PoolNode>.Create((left, right) =>
    {
        int order = left.KeepingRatio.CompareTo(right.KeepingRatio);
        return order != 0 ? order : Arrived(right, left);
    });

    /// <summary>Rule M-12: offers first, then as <see cref="Eviction"/>.</summary>
    public static IComparer<PoolNode> GuardedEviction { get; } = Comparer<PoolNode>.Create((left, right) =>
    {
        int order = (right.Entry.Kind == PoolKind.Offer).CompareTo(left.Entry.Kind == PoolKind.Offer);
        return order != 0 ? order : Eviction.Compare(left, right);
    });

    /// <summary>Soonest expired first.</summary>
    public static IComparer<PoolNode> Expiry { get; } = Comparer<PoolNode>.Create((left, right) =>
    {
        int order = left.Entry.ExpiresUnix.CompareTo(right.Entry.ExpiresUnix);
        return order != 0 ? order : Arrived(left, right);
    });

    /// <summary>Earliest first.</summary>
    public static IComparer<PoolNode> Arrival { get; } = Comparer<PoolNode>.Create(Arrived);

    private static int Arrived(PoolNode left, PoolNode right) => left.Entry.Sequence.CompareTo(right.Entry.Sequence);
}
