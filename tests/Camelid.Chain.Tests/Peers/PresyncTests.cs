using System.Numerics;
using Camelid.Chain.Blocks;
using Camelid.Chain.Peers.Sync;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Tests.Peers;

/// <summary>Rule P-37: headers are kept for work alone, and only those that had shown it.</summary>
public sealed class PresyncTests
{
    private const uint Now = 1_900_000_000;

    private static readonly BlockEntry Genesis = new(Network.Regtest.Genesis);

    [Fact]
    public void A_chain_with_enough_work_is_walked_twice_and_then_kept_whole()
    {
        List<BlockHeader> chain = Chain(6_000, 1);
        HeaderPresync presync = Presync(WorkOf(6_000));
        Assert.Empty(TakeAll(presync, chain, out RuleCode first));
        Assert.Equal(RuleCode.Accepted, first);
        Assert.True(presync.IsFetching);
        Assert.Equal(Genesis.Hash, presync.Last);
        Assert.Equal(chain, TakeAll(presync, chain, out RuleCode second));
        Assert.Equal(RuleCode.Accepted, second);
        Assert.True(presync.IsOver);
    }

    [Fact]
    public void A_chain_with_too_little_work_leaves_nothing()
    {
        HeaderPresync presync = Presync(WorkOf(5_000));
        Assert.Empty(TakeAll(presync, Chain(4_999, 1), out RuleCode code));
        Assert.Equal(RuleCode.Accepted, code);
        Assert.False(presync.IsFetching);
    }

    [Fact]
    public void Other_headers_than_those_that_had_shown_the_work_are_found_out_before_any_is_kept()
    {
        HeaderPresync presync = Presync(WorkOf(6_000));
        TakeAll(presync, Chain(6_000, 1), out RuleCode _);
        Assert.Empty(TakeAll(presync, Chain(6_000, 2), out RuleCode code));
        Assert.Equal(RuleCode.PeerHeadersChanged, code);
    }

    [Fact]
    public void A_header_that_breaks_a_rule_ends_it()
    {
        List<BlockHeader> chain = Chain(100, 1);
        chain[50] = chain[50] with { Bits = 0x207ffffe };
        TakeAll(Presync(WorkOf(6_000)), chain, out RuleCode code);
        Assert.Equal(RuleCode.WrongBits, code);
    }

    [Fact]
    public void There_are_no_more_headers_than_seconds_since_the_first()
    {
        HeaderPresync presync = new(
            Network.Regtest, Genesis, WorkOf(6_000), Genesis.Header.Time + 100, 7);
        TakeAll(presync, Chain(500, 1), out RuleCode code);
        Assert.Equal(RuleCode.PeerHeadersFlood, code);
    }

    private static HeaderPresync Presync(BigInteger wanted) => new(Network.Regtest, Genesis, wanted, Now, 7);

    private static BigInteger WorkOf(int count) =>
        Genesis.Work + (ProofOfWork.Work(Network.Regtest.GenesisBits) * count);

    private static List<BlockHeader> TakeAll(HeaderPresync presync, List<BlockHeader> chain, out RuleCode code)
    {
        List<BlockHeader> kept = [];
        code = RuleCode.Accepted;
        for (int i = 0; i < chain.Count && code == RuleCode.Accepted; i += 2_000)
        {
            code = presync.Take(chain[i..Math.Min(chain.Count, i + 2_000)], out IReadOnlyList<BlockHeader> released);
            kept.AddRange(released);
        }

        return kept;
    }

    private static List<BlockHeader> Chain(int count, int version)
    {
        List<BlockHeader> chain = [];
        BlockHash previous = Genesis.Hash;
        for (int i = 1; i <= count; i++)
        {
            BlockHeader header = new()
            {
                Version = version,
                PreviousHash = previous,
                MerkleRoot = Hash256.Zero,
                Time = Genesis.Header.Time + (uint)(60 * i),
                Bits = Network.Regtest.GenesisBits,
                Nonce = 0,
            };
            chain.Add(ProofOfWork.TryFind(header, 0, uint.MaxValue)!);
            previous = chain[^1].Hash;
        }

        return chain;
    }
}
