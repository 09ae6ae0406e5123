using Camelid.Chain.Mining.Hashing;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mining;

/// <summary>What a batch of nonces gave.</summary>
/// <param name="Found">A block with proof of work, or null.</param>
/// <param name="Tried">Nonces tried.</param>
internal readonly record struct MiningStep(Block? Found, long Tried);

/// <summary>
/// Rule M-33: one thread's walk through nonces: all 2^32 of a header, then a coinbase with the next extra nonce. Walks
/// begin at random extra nonces, so that no two of them try the same header.
/// </summary>
/// <param name="search">Of this thread alone.</param>
/// <param name="firstExtraNonce">Random.</param>
internal sealed class MiningWalk(NonceSearch search, ulong firstExtraNonce)
{
    private ulong extraNonce = firstExtraNonce;
    private MiningTemplate? current;
    private Transaction coinbase = null!;
    private HeaderWork work = null!;
    private ulong next;

    /// <summary>Tries the next nonces; fewer where the header has no more.</summary>
    /// <param name="template">What to mine; another one than before begins anew.</param>
    /// <param name="now">Unix seconds: the header's time follows it.</param>
    /// <param name="nonces">Most nonces to try, at least 1.</param>
    public MiningStep Step(MiningTemplate template, uint now, uint nonces)
    {
        if (current != template || next > uint.MaxValue)
        {
            Begin(template, now);
        }
        else if (work.Header.Time != template.TimeAt(now))
        {
            work = new HeaderWork(work.Header with { Time = template.TimeAt(now) });
        }

        uint first = (uint)next;
        uint last = (uint)Math.Min(uint.MaxValue, next + nonces - 1);
        uint? found = search.Find(work, first, last);
        next = (ulong)(found ?? last) + 1;
        Block? block = found is { } nonce
            ? template.Seal(coinbase, work.Header with { Nonce = nonce })
            : null;
        return new MiningStep(block, (long)next - first);
    }

    private void Begin(MiningTemplate template, uint now)
    {
        current = template;
        (coinbase, BlockHeader header) = template.Draw(extraNonce, now);
        work = new HeaderWork(header);
        extraNonce = unchecked(extraNonce + 1);
        next = 0;
    }
}
