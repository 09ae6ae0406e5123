using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Compact;
using Camelid.Protocol.Tests.Peers;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;

namespace Camelid.Fuzz.Targets;

/// <summary>
/// A compact block that is put together again from a mempool: a short byte says how many transactions are at hand, the
/// rest is the message. Only the very block may come out.
/// </summary>
internal sealed class CompactBlockTarget : IFuzzTarget
{
    private static readonly Transaction[] Mempool = [.. Enumerable.Range(1, 6).Select(Samples.Transaction)];

    private static readonly Block Whole = MakeBlock();

    /// <inheritdoc/>
    public string Name => "compact-block";

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => ["PeerMessage.Decode"];

    /// <inheritdoc/>
    public FuzzAllowance Allowance => FuzzAllowance.Decoder;

    /// <inheritdoc/>
    IEnumerable<byte[]> IFuzzTarget.Samples()
    {
        byte[] message = new CmpctBlockMessage(CompactBlockEncoding.Encode(Whole, 7)).Encode();
        return [[6, .. message], [2, .. message]];
    }

    /// <inheritdoc/>
    public bool Run(ReadOnlySpan<byte> input)
    {
        if (input.Length == 0
            || PeerMessage.Decode(PeerCommand.CmpctBlock, input[1..], out PeerMessage? read) != RuleCode.Accepted)
        {
            return false;
        }

        CompactBlock compact = ((CmpctBlockMessage)read!).Block;
        RuleCode code = CompactReconstruction.Start(
            compact, Mempool.Take(input[0]), out CompactReconstruction? state);
        if (code != RuleCode.Accepted)
        {
            FuzzFault.Require(state is null && code == RuleCode.CompactBlockAmbiguous, code.ToReason());
            return false;
        }

        if (state!.Question is { } question)
        {
            FuzzFault.Require(question.Encode().Length <= GetBlockTxnMessage.BytesMax, "a question above its bound");
            BlockTxnMessage answer = CompactBlockEncoding.Answer(question, Whole)
                ?? new BlockTxnMessage(question.BlockHash, [Mempool[0]]);
            if (state.Fill(answer) != RuleCode.Accepted)
            {
                return false;
            }
        }

        bool isBuilt = state.Build(out Block? built) == RuleCode.Accepted;
        FuzzFault.Require(
            !isBuilt || MerkleTree.Root(built!.Transactions, out bool _) == compact.Header.MerkleRoot, "another block");
        return isBuilt;
    }

    private static Block MakeBlock()
    {
        Transaction[] transactions = [PeerSamples.Network.Genesis.Transactions[0], .. Mempool];
        Hash256 root = MerkleTree.Root(transactions, out bool _);
        return new Block(PeerSamples.Network.Genesis.Header with { MerkleRoot = root }, transactions);
    }
}
