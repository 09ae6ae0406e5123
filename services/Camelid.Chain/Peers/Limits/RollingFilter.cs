using System.Buffers.Binary;
using System.Numerics;
using Camelid.Protocol;

namespace Camelid.Chain.Peers.Limits;

/// <summary>
/// Remembers the last hashes that were added, in bounded memory: two Bloom filters, of which the older is emptied when
/// the younger is full. What was added among the last <c>capacity</c> is always found; something else is found with a
/// chance of about one in 100,000. Salted, so that nobody can prepare a hash that is taken for another.
/// </summary>
/// <param name="capacity">Hashes that are surely remembered; twice as many may be.</param>
/// <param name="salt">Random, different for each filter.</param>
internal sealed class RollingFilter(int capacity, ulong salt)
{
    private const int BitsPerHash = 32;
    private const int Probes = 8;

    private readonly int bits = (int)BitOperations.RoundUpToPowerOf2((uint)(capacity * BitsPerHash));
    private ulong[]? young;
    private ulong[]? old;
    private int youngCount;

    /// <summary>Bytes that the filter can come to occupy.</summary>
    public int BytesMax => bits / 8 * 2;

    /// <summary>Remembers a hash.</summary>
    public void Add(Hash256 hash)
    {
        young ??= new ulong[bits / 64];
        if (youngCount == capacity)
        {
            old ??= new ulong[bits / 64];
            (young, old) = (old, young);
            Array.Clear(young);
            youngCount = 0;
        }

        (ulong at, ulong step) = Start(hash);
        for (int i = 0; i < Probes; i++)
        {
            ulong bit = at & (ulong)(bits - 1);
            young[bit / 64] |= 1UL << (int)(bit % 64);
            at += step;
        }

        youngCount++;
    }

    /// <summary>True where the hash was added lately (or, rarely, where it was not).</summary>
    public bool Contains(Hash256 hash)
    {
        (ulong at, ulong step) = Start(hash);
        return IsIn(young, at, step) || IsIn(old, at, step);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        young = null;
        old = null;
        youngCount = 0;
    }

    private bool IsIn(ulong[]? filter, ulong at, ulong step)
    {
        for (int i = 0; i < Probes && filter is not null; i++)
        {
            ulong bit = at & (ulong)(bits - 1);
            if ((filter[bit / 64] & (1UL << (int)(bit % 64))) == 0)
            {
                return false;
            }

            at += step;
        }

        return filter is not null;
    }

    private (ulong At, ulong Step) Start(Hash256 hash)
    {
        Span<byte> bytes = stackalloc byte[Hash256.Bytes];
        hash.CopyTo(bytes);
        ulong first = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        ulong second = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        return (Mix(first ^ salt), Mix(second + salt) | 1);
    }

    /// <summary>The finaliser of SplitMix64.</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }
}
