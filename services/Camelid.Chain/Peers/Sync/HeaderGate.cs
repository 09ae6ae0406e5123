using System.Numerics;
using Camelid.Chain.Blocks;
using Camelid.Chain.Peers.Limits;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Peers.Sync;

/// <summary>Which headers of peers are kept, and what the others cost.</summary>
internal sealed class HeaderGate(PeerParts parts)
{
    private const int KnownHeadersPerUnit = 20;
    private const int SideHeadersPerThousandSeconds = 5_000;

    /// <summary>Called where a peer turns out to have blocks that we lack.</summary>
    public Action? BlocksKnown { get; set; }

    /// <summary>What a new peer may send of headers that lead to no more work than we know.</summary>
    public static TokenBucket SideHeaders(PeerOptions options, TimeSpan now) =>
        TokenBucket.PerThousandSeconds(options.SideHeadersMax, SideHeadersPerThousandSeconds, now);

    /// <summary>Headers name each other, and each has its work: all that can be judged without context.</summary>
    public RuleCode CheckAlone(IReadOnlyList<BlockHeader> headers)
    {
        BlockHash? previous = null;
        foreach (BlockHeader header in headers)
        {
            RuleCode code = previous is not null && header.PreviousHash != previous
                ? RuleCode.PeerHeadersUnlinked
                : ProofOfWork.Check(header, parts.Network);
            if (code != RuleCode.Accepted)
            {
                return code;
            }

            previous = header.Hash;
        }

        return RuleCode.Accepted;
    }

    /// <summary>The work from which on headers are kept.</summary>
    public BigInteger WorkWanted()
    {
        BlockEntry tip = parts.State.Read(reading => reading.Tip);
        BigInteger near = tip.Work - (ProofOfWork.Work(tip.Header.Bits) * parts.Options.WorkBlocksBehindMax);
        return BigInteger.Max(near, parts.Options.WorkMin);
    }

    /// <summary>
    /// Rule P-36: headers are kept where their chain has, or leads to, about as much work as the tip.
    /// </summary>
    public bool IsEnough(BlockEntry parent, IReadOnlyList<BlockHeader> headers)
    {
        BigInteger wanted = WorkWanted();
        BigInteger work = parent.Work;
        for (int i = 0; i < headers.Count && work < wanted; i++)
        {
            work += ProofOfWork.Work(headers[i].Bits);
        }

        return work >= wanted;
    }

    /// <summary>Keeps a header that came with more than itself: a compact block.</summary>
    /// <returns>
    /// <c>Accepted</c> where it is kept; <c>Unset</c> where its work is too little; <c>WrongPreviousBlock</c> where it
    /// links to nothing known; else what its sender did wrong.
    /// </returns>
    public RuleCode KeepOne(Peer peer, BlockHeader header)
    {
        RuleCode code = ProofOfWork.Check(header, parts.Network);
        if (code != RuleCode.Accepted)
        {
            return code;
        }

        BlockEntry? parent = parts.State.Read(reading => reading.Find(header.PreviousHash));
        return parent is null ? RuleCode.WrongPreviousBlock
            : IsEnough(parent, [header]) ? Keep(peer, [header])
            : RuleCode.Unset;
    }

    /// <summary>Keeps headers as far as they are good.</summary>
    /// <param name="peer">Who sent them.</param>
    /// <param name="headers">Linked, the first to one that is known.</param>
    /// <returns><c>Accepted</c>, also where one has to wait for its time; else what its sender did wrong.</returns>
    public RuleCode Keep(Peer peer, IReadOnlyList<BlockHeader> headers)
    {
        BlockEntry? last = null;
        int added = 0;
        foreach (BlockHeader header in headers)
        {
            bool isNew = parts.State.Read(reading => reading.Find(header.Hash)) is null;
            added += isNew ? 1 : 0;
            RuleCode code = parts.Setting.Core.AcceptHeader(header, out BlockEntry? entry);
            if (code == RuleCode.BlockTimeTooLate)
            {
                long wait = header.Time - (long)parts.Clock.UnixSeconds - parts.Network.BlockTimeAheadSecondsMax;
                peer.Chain.RetryAt = parts.Now + TimeSpan.FromSeconds(Math.Clamp(wait, 1, 3_600));
                break;
            }

            if (code != RuleCode.Accepted)
            {
                return code;
            }

            last = entry;
            if (isNew && entry != parts.State.Read(reading => reading.BestHeader)
                && !peer.Chain.SideHeaders.TryTake(1, parts.Now))
            {
                return RuleCode.PeerHeadersFlood;
            }
        }

        peer.Traffic.Cost(added == 0 ? headers.Count / KnownHeadersPerUnit : 0, parts.Now);
        if (last is not null)
        {
            peer.Chain.Knows(last);
            BlocksKnown?.Invoke();
        }

        return RuleCode.Accepted;
    }
}
