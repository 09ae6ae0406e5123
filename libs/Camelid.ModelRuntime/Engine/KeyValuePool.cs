using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Engine;

/// <summary>A sequence's place in memory, and which tokens it holds.</summary>
internal sealed class KeyValueLease(KeyValueCache cache)
{
    /// <summary>The memory.</summary>
    internal KeyValueCache Cache => cache;

    /// <summary>The sequence; its first <see cref="Count"/> tokens are in the cache.</summary>
    internal ReadOnlyMemory<uint> Sequence { get; set; }

    /// <summary>Tokens whose keys and values are there.</summary>
    internal int Count { get; set; }

    /// <summary>True while a request owns it.</summary>
    internal bool IsBusy { get; set; }

    /// <summary>When it was last given back, in leases.</summary>
    internal long LastUsed { get; set; }

    /// <summary>How many of the first tokens are the same.</summary>
    internal int Shared(ReadOnlySpan<uint> tokens) => Sequence.Span[..Count].CommonPrefixLength(tokens);
}

/// <summary>
/// Memory for keys and values under one limit. What a request leaves stays, as long as there is room, for a later
/// prompt that begins with the same tokens: its keys and values are the same bits. Only the engine's thread uses it.
/// </summary>
internal sealed class KeyValuePool : IDisposable
{
    private const int CapacityStep = 64, CopiedTokensMin = 8, LeasesMax = 256;
    private readonly List<KeyValueLease> leases = [];
    private readonly Func<int, KeyValueCache> create;
    private readonly ModelArchitecture model;
    private readonly int elementType;
    private readonly bool reuses;
    private long bytes;
    private long time;

    /// <summary>Makes an empty pool.</summary>
    /// <param name="weights">The model.</param>
    /// <param name="create">Makes a cache for so many tokens.</param>
    /// <param name="options">The limit, and whether prefixes are used again.</param>
    internal KeyValuePool(ModelWeights weights, Func<int, KeyValueCache> create, LanguageModelOptions options)
    {
        (model, elementType) = (weights.Architecture, weights.ElementType);
        (this.create, reuses) = (create, options.ReusesPrefixes);
        BytesMax = options.KeyValueBytesMax > 0
            ? options.KeyValueBytesMax : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;
    }

    /// <summary>The limit.</summary>
    internal long BytesMax { get; }

    /// <summary>Bytes of all caches. Other threads may read it.</summary>
    internal long Bytes { get => Interlocked.Read(ref bytes); private set => Interlocked.Exchange(ref bytes, value); }

    /// <summary>Tokens in the model's vocabulary.</summary>
    internal int VocabularySize => model.VocabularySize;

    /// <summary>Bytes that a request of so many tokens takes.</summary>
    internal long BytesFor(int tokens) => KeyValueCache.BytesFor(model, elementType, Capacity(tokens));

    /// <summary>
    /// A cache for a request, with as much of its prompt as an earlier one left; null where the memory must first be
    /// given back. At least one token of the prompt is left to compute: its logits are wanted.
    /// </summary>
    /// <exception cref="OutOfMemoryException">The machine has less memory than the limit says.</exception>
    internal KeyValueLease? TryRent(ReadOnlySpan<uint> prompt, int tokensMax)
    {
        int capacity = Capacity(tokensMax);
        KeyValueLease? best = Longest(prompt, lease => true);
        KeyValueLease? idle = Longest(prompt, lease => !lease.IsBusy && lease.Cache.TokensMax >= capacity);
        int shared = Usable(best, prompt);
        int inPlace = Usable(idle, prompt);
        bool takesOver = idle is not null && (inPlace == shared || !best!.Cache.CanCopy)
            && (inPlace * 2 >= idle.Count || !HasRoom(capacity));
        KeyValueLease? lease = takesOver ? idle : Create(capacity, best);
        if (lease is null)
        {
            return null;
        }

        if (lease == idle)
        {
            lease.Count = inPlace;
        }
        else if (shared >= CopiedTokensMin && best!.Cache.CanCopy && lease.Cache.CanCopy)
        {
            lease.Cache.CopyPrefix(best.Cache, shared);
            lease.Count = shared;
        }

        lease.IsBusy = true;
        return lease;
    }

    /// <summary>A request has ended; what it holds stays for others as long as there is room.</summary>
    internal void Return(KeyValueLease lease)
    {
        lease.IsBusy = false;
        lease.LastUsed = ++time;
        if (!reuses)
        {
            lease.Count = 0;
        }
    }

    public void Dispose()
    {
        leases.ForEach(lease => lease.Cache.Dispose());
        leases.Clear();
        Bytes = 0;
    }

    private int Capacity(int tokens) =>
        Math.Min((tokens + CapacityStep - 1) / CapacityStep * CapacityStep, model.ContextTokensMax);

    private int Usable(KeyValueLease? lease, ReadOnlySpan<uint> prompt) =>
        lease is null || !reuses ? 0 : Math.Min(lease.Shared(prompt), prompt.Length - 1);

    private bool HasRoom(int capacity) =>
        leases.Count < LeasesMax && Bytes + KeyValueCache.BytesFor(model, elementType, capacity) <= BytesMax;

    private KeyValueLease? Longest(ReadOnlySpan<uint> prompt, Func<KeyValueLease, bool> fits)
    {
        KeyValueLease? best = null;
        int most = -1;
        foreach (KeyValueLease lease in leases)
        {
            int shared = fits(lease) ? Usable(lease, prompt) : -1;
            if (shared > most)
            {
                (best, most) = (lease, shared);
            }
        }

        return best;
    }

    /// <summary>New memory, in place of what was used longest ago where there is no room.</summary>
    private KeyValueLease? Create(int capacity, KeyValueLease? kept)
    {
        while (!HasRoom(capacity))
        {
            KeyValueLease? oldest = leases.Where(lease => !lease.IsBusy && lease != kept).MinBy(x => x.LastUsed)
                ?? leases.Find(lease => !lease.IsBusy);
            if (oldest is null)
            {
                return null;
            }

            if (oldest == kept)
            {
                kept.Count = 0;
            }

            Bytes -= oldest.Cache.Bytes;
            oldest.Cache.Dispose();
            leases.Remove(oldest);
        }

        KeyValueLease lease = new(create(capacity));
        Bytes += lease.Cache.Bytes;
        leases.Add(lease);
        return lease;
    }
}
