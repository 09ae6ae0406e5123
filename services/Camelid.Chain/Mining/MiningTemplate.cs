using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mining;

/// <summary>
/// A block to be mined, whatever its coinbase, time and nonce will be. Immutable; several threads work on one.
/// </summary>
internal sealed class MiningTemplate
{
    private readonly BlockTemplate template;
    private readonly IReadOnlyList<Hash256> branch;

    /// <summary>Takes a template. The Merkle branch of its coinbase is computed once, here.</summary>
    public MiningTemplate(BlockTemplate template)
    {
        this.template = template;
        FeeGrains = template.FeeGrains;
        branch = MerkleTree.Branch(
            [Hash256.Zero, .. template.Transactions.Select(chosen => chosen.Transaction.Txid.Value)], 0);
    }

    /// <summary>The block that it builds on.</summary>
    public BlockHash PreviousHash => template.PreviousHash;

    /// <summary>Its height.</summary>
    public int Height => template.Height;

    /// <summary>Transactions besides the coinbase.</summary>
    public int TransactionCount => template.Transactions.Count;

    /// <summary>What they pay, in grains.</summary>
    public long FeeGrains { get; }

    /// <summary>Rule M-34: the block's time at a moment: the clock's, but never before the template's own.</summary>
    /// <param name="now">Unix seconds.</param>
    public uint TimeAt(uint now) => Math.Max(now, template.Time);

    /// <summary>A coinbase of its own with the header that commits to it, nonce 0.</summary>
    /// <param name="extraNonce">Makes it unlike every other.</param>
    /// <param name="now">Unix seconds.</param>
    public (Transaction Coinbase, BlockHeader Header) Draw(ulong extraNonce, uint now)
    {
        Transaction coinbase = (template with { ExtraNonce = extraNonce }).BuildCoinbase();
        BlockHeader header = new()
        {
            Version = 1,
            PreviousHash = template.PreviousHash,
            MerkleRoot = MerkleTree.RootOfBranch(coinbase.Txid.Value, 0, branch)!.Value,
            Time = TimeAt(now),
            Bits = template.Bits,
            Nonce = 0,
        };
        return (coinbase, header);
    }

    /// <summary>The block of a header that has its proof of work.</summary>
    public Block Seal(Transaction coinbase, BlockHeader header) =>
        new(header, template.Transactions.Select(chosen => chosen.Transaction).Prepend(coinbase));
}
