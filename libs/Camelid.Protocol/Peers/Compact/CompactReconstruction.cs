using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Peers.Compact;

/// <summary>
/// Rule P-15: a block that is put together again from a compact block, transactions at hand and those asked for.
/// </summary>
/// <remarks>
/// <para>
/// The header's proof of work is judged before: what follows costs one keyed hash for each transaction at hand. Ids are
/// sorted and searched, not kept in a hash table, whose slots the sender could choose to collide.
/// </para>
/// <para>
/// What can't be told apart by a short id is not the sender's fault: two equal short ids, or a root that does not come
/// out, mean <see cref="RuleCode.CompactBlockAmbiguous"/>, and the whole block is asked for.
/// </para>
/// </remarks>
public sealed class CompactReconstruction
{
    private readonly BlockHeader header;
    private readonly ShortIdKey key;
    private readonly ulong[] expected;
    private readonly Transaction?[] slots;
    private int[] missing = [];

    private CompactReconstruction(CompactBlock compact, ShortIdKey key)
    {
        header = compact.Header;
        this.key = key;
        slots = new Transaction?[compact.TransactionCount];
        expected = new ulong[slots.Length];
        foreach (PrefilledTransaction item in compact.Prefilled)
        {
            slots[item.Index] = item.Transaction;
        }

        int next = 0;
        foreach (ulong shortId in compact.ShortIds)
        {
            while (slots[next] is not null)
            {
                next++;
            }

            expected[next++] = shortId;
        }
    }

    /// <summary>The block.</summary>
    public BlockHash BlockHash => header.Hash;

    /// <summary>Places whose transactions are not at hand, ascending.</summary>
    public IReadOnlyList<int> Missing => missing;

    /// <summary>The question for what is missing, or null where nothing is.</summary>
    public GetBlockTxnMessage? Question => missing.Length == 0 ? null : new GetBlockTxnMessage(BlockHash, missing);

    /// <summary>Rule P-15: begins with the transactions at hand.</summary>
    /// <param name="compact">The compact block; its header was judged.</param>
    /// <param name="atHand">The mempool, and what else was seen lately. A transaction may come twice.</param>
    /// <param name="reconstruction">Null unless the code is <c>Accepted</c>.</param>
    /// <returns>
    /// <c>Accepted</c>, or <see cref="RuleCode.CompactBlockAmbiguous"/> where two short ids are equal.
    /// </returns>
    public static RuleCode Start(
        CompactBlock compact, IEnumerable<Transaction> atHand, out CompactReconstruction? reconstruction) =>
        Start(compact, atHand, ShortIdKey.Of(compact.Header, compact.Nonce), out reconstruction);

    /// <summary>
    /// Rule P-15: puts in what was asked for; it must be all of it, in order, each with its short id.
    /// </summary>
    /// <returns>
    /// <c>Accepted</c>, or <see cref="RuleCode.CompactBlockAnswer"/>: the answer is not to the question.
    /// </returns>
    public RuleCode Fill(BlockTxnMessage answer)
    {
        if (answer.BlockHash != BlockHash || answer.Transactions.Count != missing.Length)
        {
            return RuleCode.CompactBlockAnswer;
        }

        for (int i = 0; i < missing.Length; i++)
        {
            if (key.ShortId(answer.Transactions[i].Txid) != expected[missing[i]])
            {
                return RuleCode.CompactBlockAnswer;
            }
        }

        for (int i = 0; i < missing.Length; i++)
        {
            slots[missing[i]] = answer.Transactions[i];
        }

        missing = [];
        return RuleCode.Accepted;
    }

    /// <summary>Rule P-15: the block, where its root is the header's. The block itself is judged by others.</summary>
    /// <param name="block">Null unless the code is <c>Accepted</c>.</param>
    /// <returns><c>Accepted</c> or <see cref="RuleCode.CompactBlockAmbiguous"/>.</returns>
    /// <exception cref="InvalidOperationException">Something is missing still.</exception>
    public RuleCode Build(out Block? block)
    {
        if (missing.Length > 0)
        {
            throw new InvalidOperationException($"{missing.Length} transactions are missing");
        }

        Transaction[] transactions = [.. slots.Select(slot => slot!)];
        bool good = MerkleTree.Root(transactions, out bool mutated) == header.MerkleRoot && !mutated;
        block = good ? new Block(header, transactions) : null;
        return good ? RuleCode.Accepted : RuleCode.CompactBlockAmbiguous;
    }

    internal static RuleCode Start(
        CompactBlock compact, IEnumerable<Transaction> atHand, ShortIdKey key,
        out CompactReconstruction? reconstruction)
    {
        reconstruction = null;
        CompactReconstruction started = new(compact, key);
        if (!started.TakeFrom(atHand))
        {
            return RuleCode.CompactBlockAmbiguous;
        }

        reconstruction = started;
        return RuleCode.Accepted;
    }

    /// <summary>False where two places have one short id.</summary>
    private bool TakeFrom(IEnumerable<Transaction> atHand)
    {
        int[] places = [.. Enumerable.Range(0, slots.Length).Where(place => slots[place] is null)];
        ulong[] ids = [.. places.Select(place => expected[place])];
        Array.Sort(ids, places);
        for (int i = 1; i < ids.Length; i++)
        {
            if (ids[i] == ids[i - 1])
            {
                return false;
            }
        }

        bool[] isAmbiguous = new bool[slots.Length];
        foreach (Transaction transaction in atHand)
        {
            int found = Array.BinarySearch(ids, key.ShortId(transaction.Txid));
            if (found >= 0)
            {
                int place = places[found];
                isAmbiguous[place] |= slots[place] is { } other && !other.Equals(transaction);
                slots[place] ??= transaction;
            }
        }

        Array.Sort(places);
        foreach (int place in places)
        {
            // Two at hand have this short id: neither is better, so the sender says which.
            slots[place] = isAmbiguous[place] ? null : slots[place];
        }

        missing = [.. places.Where(place => slots[place] is null)];
        return true;
    }
}
