using System.Diagnostics;

namespace Camelid.Protocol.Peers.Addresses;

/// <summary>
/// The tables of an address book and the moves between them; each address is in one table, or leaves.
/// </summary>
internal sealed class BookState(AddressBuckets buckets, Network network)
{
    private readonly Dictionary<PeerAddress, KnownAddress> known = new(new KeyedComparer(buckets));

    internal Network Network { get; } = network;

    internal AddressTable New { get; } = new(AddressBuckets.NewCount);

    internal AddressTable Tried { get; } = new(AddressBuckets.TriedCount);

    /// <summary>Every address, in no order.</summary>
    internal List<KnownAddress> All { get; } = [];

    internal int TriedCount { get; private set; }

    internal int NewCount => All.Count - TriedCount;

    internal KnownAddress? Find(PeerAddress address) => known.GetValueOrDefault(address);

    internal NetworkGroup GroupOf(PeerAddress address) => NetworkGroup.Of(address, Network);

    /// <summary>Rule P-18: routable addresses only, but on regtest all.</summary>
    internal bool Accepts(PeerAddress address) =>
        address != default && (address.IsRoutable || Network == Network.Regtest);

    internal int TriedBucketOf(PeerAddress address) => buckets.TriedBucket(address, GroupOf(address));

    /// <summary>Who has the tried place of an address, or null.</summary>
    internal KnownAddress? HolderOf(PeerAddress address)
    {
        int bucket = TriedBucketOf(address);
        return Tried.At(bucket, buckets.TriedPlace(address, bucket));
    }

    /// <summary>Puts an address on the list; it has no place yet.</summary>
    internal void Add(KnownAddress entry)
    {
        entry.ListIndex = All.Count;
        All.Add(entry);
        known.Add(entry.Address, entry);
    }

    /// <summary>
    /// Rule P-18: gives an address its place in the new table, if that is free or its holder is terrible or has other
    /// places while this one has none. An address that has no place at the end is forgotten.
    /// </summary>
    internal void PutNew(KnownAddress entry, NetworkGroup source, uint now)
    {
        int bucket = buckets.NewBucket(GroupOf(entry.Address), source);
        int place = buckets.NewPlace(entry.Address, bucket);
        KnownAddress? holder = New.At(bucket, place);
        if (holder == entry)
        {
            return;
        }

        if (holder is null || holder.IsTerrible(now) || (holder.NewBuckets.Count > 1 && entry.NewBuckets.Count == 0))
        {
            TakeNew(entry, bucket);
        }
        else if (entry.NewBuckets.Count == 0)
        {
            Remove(entry);
        }
    }

    /// <summary>Gives an address a place in a bucket of the new table, whoever has it now.</summary>
    internal void TakeNew(KnownAddress entry, int bucket)
    {
        int place = buckets.NewPlace(entry.Address, bucket);
        if (New.At(bucket, place) is { } holder)
        {
            New.Clear(bucket, place);
            holder.NewBuckets.Remove(bucket);
            if (holder.NewBuckets.Count == 0)
            {
                Forget(holder);
            }
        }

        New.Put(bucket, place, entry);
        entry.NewBuckets.Add(bucket);
    }

    /// <summary>
    /// Rule P-20: moves an address from new to tried; whoever had the place goes back to new, by its first source.
    /// </summary>
    internal void MakeTried(KnownAddress entry)
    {
        LeaveNew(entry);
        KnownAddress? holder = HolderOf(entry.Address);
        if (holder is not null)
        {
            Tried.Clear(TriedBucketOf(holder.Address), PlaceInTried(holder.Address));
            holder.IsTried = false;
            TriedCount--;
        }

        Tried.Put(TriedBucketOf(entry.Address), PlaceInTried(entry.Address), entry);
        entry.IsTried = true;
        TriedCount++;
        if (holder is not null)
        {
            TakeNew(holder, buckets.NewBucket(GroupOf(holder.Address), holder.Source));
        }
    }

    internal void Remove(KnownAddress entry)
    {
        LeaveNew(entry);
        if (entry.IsTried)
        {
            Tried.Clear(TriedBucketOf(entry.Address), PlaceInTried(entry.Address));
            TriedCount--;
        }

        Forget(entry);
    }

    /// <summary>True where a bucket's place for an address is free; for reading a file.</summary>
    internal bool IsFreeInNew(PeerAddress address, int bucket) =>
        New.At(bucket, buckets.NewPlace(address, bucket)) is null;

    private int PlaceInTried(PeerAddress address) => buckets.TriedPlace(address, TriedBucketOf(address));

    private void LeaveNew(KnownAddress entry)
    {
        foreach (int bucket in entry.NewBuckets)
        {
            New.Clear(bucket, buckets.NewPlace(entry.Address, bucket));
        }

        entry.NewBuckets.Clear();
    }

    private void Forget(KnownAddress entry)
    {
        if (!known.Remove(entry.Address))
        {
            throw new UnreachableException("an address was forgotten twice");
        }

        KnownAddress last = All[^1];
        All[entry.ListIndex] = last;
        last.ListIndex = entry.ListIndex;
        All.RemoveAt(All.Count - 1);
    }

    private sealed class KeyedComparer(AddressBuckets buckets) : IEqualityComparer<PeerAddress>
    {
        public bool Equals(PeerAddress x, PeerAddress y) => x == y;

        public int GetHashCode(PeerAddress obj) => buckets.CodeOf(obj);
    }
}
