using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Compact;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;
using FsCheck;
using FsCheck.Fluent;

namespace Camelid.Protocol.Tests.Peers;

/// <summary>Rules P-14 and P-15: a block comes out of its compact form as it went in, or not at all.</summary>
public sealed class CompactBlockTests
{
    private const ulong Nonce = 0x1234_5678_9abc_def0;
    private static readonly Config Quiet = Config.QuickThrowOnFailure.WithMaxTest(150);

    [Fact]
    public void P_14_the_coinbase_goes_whole_and_the_others_by_short_id()
    {
        Block block = BlockOf(5, seed: 1);
        CompactBlock compact = CompactBlockEncoding.Encode(block, Nonce);
        Assert.Equal([new PrefilledTransaction(0, block.Transactions[0])], compact.Prefilled);
        Assert.Equal(4, compact.ShortIds.Count);
        byte[] seed = [.. block.Header.Encode(), .. BitConverter.GetBytes(Nonce)];
        SipHash hash = SipHash.WithKey(Hashes.Sha256(seed).ToBytes());
        Assert.Equal(hash.Hash(block.Transactions[3].Txid.Value) & 0xffff_ffff_ffff, compact.ShortIds[2]);
    }

    [Fact]
    public void P_14_another_nonce_gives_other_short_ids()
    {
        Block block = BlockOf(5, seed: 1);
        IEnumerable<ulong> first = CompactBlockEncoding.Encode(block, 1).ShortIds;
        Assert.Empty(first.Intersect(CompactBlockEncoding.Encode(block, 2).ShortIds));
    }

    [Fact]
    public void P_14_what_the_receiver_lacks_goes_whole_as_far_as_the_bound_reaches()
    {
        Transaction large = Large(1);
        Block block = Rooted([BlockOf(1, seed: 1).Transactions[0], large, Large(2), Large(3)]);
        HashSet<Txid> whole = [.. block.Transactions.Select(transaction => transaction.Txid)];
        CompactBlock compact = CompactBlockEncoding.Encode(block, Nonce, whole);
        Assert.Equal([0, 1, 2], compact.Prefilled.Select(item => item.Index));
        Assert.True(new CmpctBlockMessage(compact).Encode().Length <= CompactBlock.BytesMax);
    }

    /// <summary>
    /// Rule P-15 for drawn blocks and drawn mempools: what is missing is asked for, then the block is there.
    /// </summary>
    [Fact]
    public void P_15_a_drawn_block_comes_back_from_a_drawn_mempool() => Prop.ForAll<int, byte, ulong>(
        (seed, size, nonce) =>
        {
            Random random = new(seed);
            Block block = BlockOf(1 + size, seed);
            HashSet<Txid> whole = [.. block.Transactions.Where(_ => random.Next(4) == 0).Select(item => item.Txid)];
            CompactBlock compact = Sent(CompactBlockEncoding.Encode(block, nonce, whole));
            Transaction[] mempool =
            [
                .. block.Transactions.Where(_ => random.Next(3) > 0).OrderBy(_ => random.Next()),
                .. Enumerable.Range(0, 50).Select(i => Samples.Transaction(unchecked(seed - i - 1))),
            ];
            RuleCode started = CompactReconstruction.Start(compact, mempool, out CompactReconstruction? state);
            HashSet<Txid> had = [.. mempool.Concat(compact.Prefilled.Select(item => item.Transaction))
                .Select(item => item.Txid)];
            int[] lacking = [.. Enumerable.Range(0, block.Transactions.Count)
                .Where(place => !had.Contains(block.Transactions[place].Txid))];
            bool asked = started == RuleCode.Accepted && state!.Missing.SequenceEqual(lacking);
            if (asked && state!.Question is { } question)
            {
                asked = state.Fill(CompactBlockEncoding.Answer(question, block)!) == RuleCode.Accepted;
            }

            return asked && state!.Build(out Block? built) == RuleCode.Accepted && block.Equals(built);
        }).Check(Quiet);

    /// <summary>
    /// Rule P-15: with short ids of 6 bits equal ones are frequent; then no wrong block ever comes out.
    /// </summary>
    [Fact]
    public void P_15_short_ids_that_are_equal_never_lead_to_another_block()
    {
        int ambiguous = 0;
        int built = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            Block block = BlockOf(2 + (seed % 5), seed);
            ShortIdKey key = ShortIdKey.Of(block.Header, Nonce, mask: 0x3f);
            CompactBlock compact = CompactBlockEncoding.Encode(block, Nonce, null, key);
            Transaction[] strangers = [.. Enumerable.Range(0, 20).Select(i => Samples.Transaction(1_000 + i))];
            Transaction[] mempool = [.. strangers, .. block.Transactions.Skip(seed % 3)];
            RuleCode code = CompactReconstruction.Start(compact, mempool, key, out CompactReconstruction? state);
            if (code == RuleCode.Accepted && state!.Question is { } question)
            {
                code = state.Fill(CompactBlockEncoding.Answer(question, block)!);
            }

            Block? result = null;
            code = code == RuleCode.Accepted ? state!.Build(out result) : code;
            Assert.True(code is RuleCode.Accepted or RuleCode.CompactBlockAmbiguous, code.ToReason());
            Assert.Equal(code == RuleCode.Accepted, result is not null);
            Assert.True(result is null || result.Equals(block));
            ambiguous += result is null ? 1 : 0;
            built += result is null ? 0 : 1;
        }

        Assert.True(ambiguous > 20 && built > 20, $"{ambiguous} ambiguous, {built} built");
    }

    [Fact]
    public void P_15_two_at_hand_with_one_short_id_are_both_left_and_asked_for()
    {
        Block block = BlockOf(2, seed: 5);
        ShortIdKey key = ShortIdKey.Of(block.Header, Nonce, mask: 0xff);
        ulong wanted = key.ShortId(block.Transactions[1].Txid);
        Transaction other = Enumerable.Range(10, 100_000).Select(Samples.Transaction)
            .First(transaction => key.ShortId(transaction.Txid) == wanted);
        CompactBlock compact = CompactBlockEncoding.Encode(block, Nonce, null, key);
        Assert.Equal([1], Missing([block.Transactions[1], other]));
        Assert.Equal([1], Missing([other, block.Transactions[1], other]));
        Assert.Equal([], Missing([block.Transactions[1], block.Transactions[1]]));
        IReadOnlyList<int> Missing(Transaction[] mempool)
        {
            CompactReconstruction.Start(compact, mempool, key, out CompactReconstruction? state);
            return state!.Missing;
        }
    }

    [Fact]
    public void P_15_two_places_with_one_short_id_are_ambiguous()
    {
        Block block = BlockOf(1, seed: 1);
        CompactBlock twice = CompactBlock.Create(
            block.Header, Nonce, [7, 8, 7], [new PrefilledTransaction(0, block.Transactions[0])])!;
        Assert.Equal(RuleCode.CompactBlockAmbiguous, CompactReconstruction.Start(twice, [], out _));
    }

    [Fact]
    public void P_15_a_wrong_transaction_with_the_right_short_id_does_not_make_the_block()
    {
        Block block = BlockOf(2, seed: 5);
        Transaction other = Samples.Transaction(77);
        ulong shortId = ShortIdKey.Of(block.Header, Nonce).ShortId(other.Txid);
        CompactBlock lie = CompactBlock.Create(
            block.Header, Nonce, [shortId], [new PrefilledTransaction(0, block.Transactions[0])])!;
        Assert.Equal(RuleCode.Accepted, CompactReconstruction.Start(lie, [other], out CompactReconstruction? state));
        Assert.Equal(RuleCode.CompactBlockAmbiguous, state!.Build(out Block? built));
        Assert.Null(built);
    }

    [Fact]
    public void P_15_only_the_answer_to_the_question_is_taken()
    {
        Block block = BlockOf(4, seed: 9);
        CompactReconstruction.Start(CompactBlockEncoding.Encode(block, Nonce), [], out CompactReconstruction? state);
        Transaction[] right = [.. block.Transactions.Skip(1)];
        BlockTxnMessage[] wrong =
        [
            new(block.Hash, right[..2]), new(block.Hash, block.Transactions), new(block.Hash, right.Reverse()),
            new(block.Hash, [right[0], right[1], Samples.Transaction(1)]), new(default, right),
        ];
        Assert.All(wrong, answer => Assert.Equal(RuleCode.CompactBlockAnswer, state!.Fill(answer)));
        Assert.Throws<InvalidOperationException>(() => state!.Build(out _));
        Assert.Equal(RuleCode.Accepted, state!.Fill(new BlockTxnMessage(block.Hash, right)));
        Assert.Null(state.Question);
        Assert.Equal(RuleCode.Accepted, state.Build(out _));
    }

    [Fact]
    public void P_14_a_place_beyond_the_block_is_not_answered()
    {
        Block block = BlockOf(3, seed: 2);
        Assert.NotNull(CompactBlockEncoding.Answer(new GetBlockTxnMessage(block.Hash, [0, 2]), block));
        Assert.Null(CompactBlockEncoding.Answer(new GetBlockTxnMessage(block.Hash, [0, 3]), block));
        Assert.Null(CompactBlockEncoding.Answer(new GetBlockTxnMessage(default, [0]), block));
    }

    /// <summary>Short ids chosen to be slow in a hash table (equal halves) are as quick as any other.</summary>
    [Fact]
    public void P_15_the_most_short_ids_a_block_can_have_are_searched_not_hashed()
    {
        Block block = BlockOf(1, seed: 1);
        ulong[] chosen = [.. Enumerable.Range(0, CompactBlock.TransactionsMax - 1)
            .Select(i => ((ulong)i << 32) | (uint)i)];
        CompactBlock compact = CompactBlock.Create(
            block.Header, Nonce, chosen, [new PrefilledTransaction(0, block.Transactions[0])])!;
        Transaction[] mempool = [.. Enumerable.Range(0, 300).Select(Samples.Transaction)];
        RuleCode code = CompactReconstruction.Start(compact, mempool, out CompactReconstruction? state);
        Assert.Equal(RuleCode.Accepted, code);
        Assert.Equal(chosen.Length, state!.Missing.Count);
        Assert.True(state.Question!.Encode().Length <= GetBlockTxnMessage.BytesMax);
        Assert.Equal(compact, Sent(compact));
    }

    private static CompactBlock Sent(CompactBlock compact)
    {
        byte[] bytes = new CmpctBlockMessage(compact).Encode();
        Assert.Equal(RuleCode.Accepted, PeerMessage.Decode(PeerCommand.CmpctBlock, bytes, out PeerMessage? read));
        return ((CmpctBlockMessage)read!).Block;
    }

    private static Block BlockOf(int transactions, int seed) => Rooted([.. Enumerable.Range(0, transactions)
        .Select(i => Samples.Transaction(unchecked((seed * 1_000) + i)))]);

    private static Block Rooted(IReadOnlyList<Transaction> transactions) => new(
        PeerSamples.Network.Genesis.Header with { MerkleRoot = MerkleTree.Root(transactions, out bool _) },
        transactions);

    private static Transaction Large(uint number) => Transaction.Create(
        1,
        [],
        Enumerable.Repeat(new TxOutput(Amount.Zero, new Script(new byte[9_980])), 10),
        number,
        default);
}
