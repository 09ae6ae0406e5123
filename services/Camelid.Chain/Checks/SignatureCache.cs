using System.Security.Cryptography;
using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Checks;

/// <summary>
/// Rule C-22: remembers signatures that held, so that what the mempool has checked a block need not check again.
/// Bounded; safe for many threads.
/// </summary>
/// <remarks>
/// Only what held is kept, under a hash of salt, digest, key and signature: only the very same check can be found
/// again, and nobody who does not know the salt can choose what falls together. A full bucket loses an entry; the cost
/// is a check more.
/// </remarks>
internal sealed class SignatureCache
{
    /// <summary>Bytes of the salt.</summary>
    public const int SaltBytes = 32;

    /// <summary>Entries of a node: 131,072, 4 MiB.</summary>
    public const int EntriesUsual = 1 << 17;

    private const int Ways = 8;
    private const int LocksCount = 64;

    private readonly byte[] salt;
    private readonly Hash256[] entries;
    private readonly Lock[] locks = [.. Enumerable.Range(0, LocksCount).Select(_ => new Lock())];

    /// <summary>An empty cache.</summary>
    /// <param name="salt">32 secret random bytes.</param>
    /// <param name="entriesMax">How many signatures are kept at most; a power of two, 512 or more.</param>
    public SignatureCache(ReadOnlySpan<byte> salt, int entriesMax = EntriesUsual)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(salt.Length, SaltBytes, nameof(salt));
        ArgumentOutOfRangeException.ThrowIfLessThan(entriesMax, Ways * LocksCount, nameof(entriesMax));
        ArgumentOutOfRangeException.ThrowIfNotEqual(int.PopCount(entriesMax), 1, nameof(entriesMax));
        this.salt = salt.ToArray();
        entries = new Hash256[entriesMax];
    }

    /// <summary>The name of a check, under which it may be found again.</summary>
    public Hash256 NameOf(PublicKey key, Hash256 digest, ReadOnlySpan<byte> signature)
    {
        int length = SaltBytes + Hash256.Bytes + key.Span.Length + signature.Length;
        Span<byte> bytes = length <= 256 ? stackalloc byte[256] : new byte[length];
        salt.CopyTo(bytes);
        digest.CopyTo(bytes[SaltBytes..]);
        key.Span.CopyTo(bytes[(SaltBytes + Hash256.Bytes)..]);
        signature.CopyTo(bytes[(SaltBytes + Hash256.Bytes + key.Span.Length)..]);
        Span<byte> name = stackalloc byte[Hash256.Bytes];
        SHA256.HashData(bytes[..length], name);
        return Hash256.FromBytes(name);
    }

    /// <summary>True where this very check has held before.</summary>
    public bool Holds(Hash256 name)
    {
        int bucket = BucketOf(name);
        lock (locks[bucket % LocksCount])
        {
            return entries.AsSpan(bucket * Ways, Ways).Contains(name);
        }
    }

    /// <summary>Remembers a check that held; the oldest of a full bucket goes.</summary>
    public void Remember(Hash256 name)
    {
        int bucket = BucketOf(name);
        lock (locks[bucket % LocksCount])
        {
            Span<Hash256> ways = entries.AsSpan(bucket * Ways, Ways);
            if (!ways.Contains(name))
            {
                ways[..^1].CopyTo(ways[1..]);
                ways[0] = name;
            }
        }
    }

    private int BucketOf(Hash256 name) => name.GetHashCode() & ((entries.Length / Ways) - 1);
}
