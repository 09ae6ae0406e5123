using System.Diagnostics.CodeAnalysis;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>A transaction that waited when the node stopped.</summary>
/// <param name="Transaction">The transaction.</param>
/// <param name="ArrivedUnix">When it came first, Unix seconds: its waiting time goes on.</param>
internal sealed record KeptTransaction(Transaction Transaction, long ArrivedUnix);

/// <summary>
/// Rule M-20: how waiting transactions are written: magic, genesis, count, then of each its arrival and its bytes,
/// parents before children, and the SHA-256 of all that.
/// </summary>
internal static class PoolFile
{
    private const uint Magic = 0x504d_4d43;

    /// <summary>Magic, genesis, count and hash.</summary>
    private const int FixedBytes = 4 + Hash256.Bytes + 4 + Hash256.Bytes;

    /// <summary>Fewest bytes of one: its arrival, a length, and a transaction of an input and an output.</summary>
    private const int EachBytesMin = 8 + 4 + 92;

    /// <summary>The canonical bytes.</summary>
    public static byte[] Encode(BlockHash genesis, IReadOnlyList<KeptTransaction> kept)
    {
        CanonicalWriter writer = new();
        writer.UInt32(Magic).Hash(genesis.Value).UInt32((uint)kept.Count);
        foreach (KeptTransaction one in kept)
        {
            writer.Int64(one.ArrivedUnix).Bytes(one.Transaction.EncodedSpan);
        }

        return writer.Hash(Hashes.Sha256(writer.Written)).ToArray();
    }

    /// <summary>The largest file that a pool of this room writes.</summary>
    public static long BytesMax(PoolPolicy policy) => FixedBytes + policy.MemoryBytesMax;

    /// <summary>Reads what <see cref="Encode"/> wrote for this chain; refuses anything else.</summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, BlockHash genesis, [NotNullWhen(true)] out IReadOnlyList<KeptTransaction>? kept)
    {
        kept = null;
        if (bytes.Length < FixedBytes
            || Hashes.Sha256(bytes[..^Hash256.Bytes]) != Hash256.FromBytes(bytes[^Hash256.Bytes..]))
        {
            return false;
        }

        CanonicalReader reader = new(bytes[..^Hash256.Bytes]);
        bool isOurs = reader.UInt32() == Magic & reader.Hash() == genesis.Value;
        int count = reader.Count(bytes.Length / EachBytesMin);
        List<KeptTransaction> read = [];
        for (int i = 0; i < count && isOurs && !reader.Failed; i++)
        {
            long arrived = reader.Int64();
            isOurs = arrived >= 0
                && Transaction.TryDecode(reader.Bytes(Transaction.BytesMax), out Transaction? transaction)
                && Add(read, transaction, arrived);
        }

        kept = isOurs && reader.AtEnd ? read : null;
        return kept is not null;
    }

    private static bool Add(List<KeptTransaction> read, Transaction transaction, long arrivedUnix)
    {
        read.Add(new KeptTransaction(transaction, arrivedUnix));
        return true;
    }
}
