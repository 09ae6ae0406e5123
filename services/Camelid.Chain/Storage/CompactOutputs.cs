using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;
using Camelid.Protocol;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Storage;

/// <summary>
/// Rule C-34: unspent outputs in memory as bytes, not objects: a table of open addressing over an arena. Each operation
/// looks at a few neighbouring places of the table and one record; now and then the table doubles.
/// </summary>
/// <remarks>
/// A place of the table is the upper half of a hash and an address, so that neither a miss nor a doubling reads
/// records. The hash is salted: who grinds transaction ids can't fill one corner of a table that he does not know.
/// </remarks>
/// <param name="salt">Two random numbers of this process, or of a simulation's seed.</param>
internal sealed class CompactOutputs(UInt128 salt) : IUtxoView
{
    private const int PlacesMin = 1 << 10;

    private readonly OutputArena arena = new();
    private ulong[] places = new ulong[PlacesMin];

    /// <summary>Outputs in the set.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of memory that the set holds.</summary>
    public long ReservedBytes => arena.ReservedBytes + (sizeof(ulong) * (long)places.Length);

    /// <summary>Bytes of memory that its records and its table need.</summary>
    public long UsedBytes => arena.UsedBytes + (sizeof(ulong) * (long)places.Length);

    /// <inheritdoc/>
    public bool TryGet(OutPoint outPoint, [NotNullWhen(true)] out Utxo? utxo)
    {
        Span<byte> key = stackalloc byte[OutputCoding.KeyBytes];
        OutputCoding.WriteKey(key, outPoint);
        int place = Find(key);
        utxo = place < 0 ? null : OutputCoding.Read(RecordAt(place));
        return utxo is not null;
    }

    /// <summary>Adds an output.</summary>
    /// <returns>False where it is in the set: nothing was done.</returns>
    public bool TryAdd(OutPoint outPoint, Utxo utxo)
    {
        Span<byte> room = stackalloc byte[256];
        Span<byte> record = utxo.Output.Script.Length <= 128 ? room : new byte[OutputCoding.BytesMax];
        int length = OutputCoding.Write(record, outPoint, utxo);
        return TryAdd(record[..length]);
    }

    /// <summary>Adds a whole record.</summary>
    /// <returns>False where its outpoint is in the set: nothing was done.</returns>
    public bool TryAdd(ReadOnlySpan<byte> record)
    {
        if (4L * (Count + 1) > 3L * places.Length)
        {
            Double();
        }

        ulong hash = HashOf(record);
        int mask = places.Length - 1;
        int place = (int)(hash >> 32) & mask;
        while (places[place] != 0)
        {
            if (IsAt(place, hash, record))
            {
                return false;
            }

            place = (place + 1) & mask;
        }

        uint address = arena.Take(record.Length);
        record.CopyTo(arena.At(address));
        places[place] = (hash & 0xffff_ffff_0000_0000) | address;
        Count++;
        return true;
    }

    /// <summary>Takes an output away.</summary>
    /// <returns>False where it is not in the set.</returns>
    public bool TryRemove(OutPoint outPoint, [NotNullWhen(true)] out Utxo? utxo)
    {
        Span<byte> key = stackalloc byte[OutputCoding.KeyBytes];
        OutputCoding.WriteKey(key, outPoint);
        int place = Find(key);
        if (place < 0)
        {
            utxo = null;
            return false;
        }

        ReadOnlySpan<byte> record = RecordAt(place);
        utxo = OutputCoding.Read(record);
        arena.Give((uint)places[place], OutputCoding.LengthOf(record));
        Close(place);
        Count--;
        return true;
    }

    /// <summary>All records, each valid until the set changes.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Records()
    {
        byte[] copy = new byte[OutputCoding.BytesMax];
        foreach (ulong place in places)
        {
            if (place != 0)
            {
                yield return copy.AsMemory(0, CopyRecord(place, copy));
            }
        }
    }

    /// <summary>All outputs, in no order. The set must not change meanwhile.</summary>
    public IEnumerable<KeyValuePair<OutPoint, Utxo>> All()
    {
        foreach (ReadOnlyMemory<byte> record in Records())
        {
            yield return KeyValuePair.Create(OutputCoding.ReadKey(record.Span), OutputCoding.Read(record.Span));
        }
    }

    /// <summary>
    /// The hash of the content, whatever order it came in: the sum of the records' SHA-256 as numbers of 256 bits.
    /// </summary>
    /// <remarks>For two sets of one's own, not for strangers' word: sums can be forged with much work.</remarks>
    public Hash256 ContentHash()
    {
        Span<byte> digest = stackalloc byte[Hash256.Bytes];
        (UInt128 low, UInt128 high) = (0, 0);
        foreach (ReadOnlyMemory<byte> record in Records())
        {
            SHA256.HashData(record.Span, digest);
            UInt128 addend = BinaryPrimitives.ReadUInt128LittleEndian(digest);
            low = unchecked(low + addend);
            high = unchecked(high + BinaryPrimitives.ReadUInt128LittleEndian(digest[16..]) + (low < addend ? 1u : 0u));
        }

        BinaryPrimitives.WriteUInt128LittleEndian(digest, low);
        BinaryPrimitives.WriteUInt128LittleEndian(digest[16..], high);
        return Hash256.FromBytes(digest);
    }

    private int CopyRecord(ulong place, byte[] copy)
    {
        ReadOnlySpan<byte> span = arena.At((uint)place);
        int length = OutputCoding.LengthOf(span);
        span[..length].CopyTo(copy);
        return length;
    }

    private ReadOnlySpan<byte> RecordAt(int place) => arena.At((uint)places[place]);

    private bool IsAt(int place, ulong hash, ReadOnlySpan<byte> record) => (places[place] ^ hash) >> 32 == 0
        && RecordAt(place)[..OutputCoding.KeyBytes].SequenceEqual(record[..OutputCoding.KeyBytes]);

    private int Find(ReadOnlySpan<byte> key)
    {
        ulong hash = HashOf(key);
        int mask = places.Length - 1;
        for (int place = (int)(hash >> 32) & mask; places[place] != 0; place = (place + 1) & mask)
        {
            if (IsAt(place, hash, key))
            {
                return place;
            }
        }

        return -1;
    }

    /// <summary>Empties a place, and moves up whatever it would cut off from where it is looked for.</summary>
    private void Close(int place)
    {
        int mask = places.Length - 1;
        int hole = place;
        for (int next = (hole + 1) & mask; places[next] != 0; next = (next + 1) & mask)
        {
            int home = (int)(places[next] >> 32) & mask;
            if (((next - home) & mask) >= ((next - hole) & mask))
            {
                places[hole] = places[next];
                hole = next;
            }
        }

        places[hole] = 0;
    }

    private void Double()
    {
        ulong[] old = places;
        if (old.Length > 1 << 30)
        {
            throw new UnreachableException("the unspent outputs are more than the arena can hold");
        }

        places = new ulong[2 * old.Length];
        int mask = places.Length - 1;
        foreach (ulong entry in old)
        {
            if (entry != 0)
            {
                int place = (int)(entry >> 32) & mask;
                while (places[place] != 0)
                {
                    place = (place + 1) & mask;
                }

                places[place] = entry;
            }
        }
    }

    private ulong HashOf(ReadOnlySpan<byte> key)
    {
        ulong left = BinaryPrimitives.ReadUInt64LittleEndian(key) ^ (ulong)salt;
        ulong right = BinaryPrimitives.ReadUInt64LittleEndian(key[8..]) ^ (ulong)(salt >> 64);
        ulong index = BinaryPrimitives.ReadUInt32LittleEndian(key[Hash256.Bytes..]);
        ulong high = Math.BigMul(left, right ^ unchecked(index * 0x9e37_79b9_7f4a_7c15), out ulong low);
        return BitOperations.RotateLeft(high ^ low, 32) ^ high;
    }
}
