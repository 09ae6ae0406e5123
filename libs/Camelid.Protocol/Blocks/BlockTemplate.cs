using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Blocks;

/// <summary>A transaction that a miner has chosen, and the fee that it pays.</summary>
/// <param name="Transaction">The transaction.</param>
/// <param name="Fee">Its fee.</param>
public sealed record TransactionWithFee(Transaction Transaction, Amount Fee);

/// <summary>What a miner builds a block from.</summary>
public sealed record BlockTemplate
{
    /// <summary>The network.</summary>
    public required Network Network { get; init; }

    /// <summary>The block before.</summary>
    public required BlockHash PreviousHash { get; init; }

    /// <summary>The height of the new block.</summary>
    public required int Height { get; init; }

    /// <summary>Its time, Unix seconds, later than the median time past.</summary>
    public required uint Time { get; init; }

    /// <summary>Rule C-24: the bits that are due.</summary>
    public required uint Bits { get; init; }

    /// <summary>Where subsidy and fees go.</summary>
    public required Script Payee { get; init; }

    /// <summary>The transactions, parents before children.</summary>
    public IReadOnlyList<TransactionWithFee> Transactions { get; init; } = [];

    /// <summary>A number in the coinbase: with another one all nonces are new. Null leaves it out.</summary>
    public ulong? ExtraNonce { get; init; }

    /// <summary>What the transactions pay, in grains.</summary>
    public long FeeGrains => (long)Transactions.Aggregate((Int128)0, (sum, chosen) => sum + chosen.Fee.Grains);

    /// <summary>The first transaction: it claims the subsidy and all fees.</summary>
    public Transaction BuildCoinbase()
    {
        byte[] extra = ExtraNonce is { } number ? new CanonicalWriter().UInt64(number).ToArray() : [];
        return Transaction.Create(
            1,
            [new TxInput(OutPoint.None, Coinbase.Script(Height, Network, extra), TxInput.SequenceFinal)],
            [new TxOutput(Amount.Grain(checked(Subsidy.At(Height).Grains + FeeGrains)), Payee)],
            0,
            default);
    }

    /// <summary>
    /// The block without proof of work: nonce 0, to be searched by <see cref="ProofOfWork.TryFind"/>.
    /// </summary>
    public Block Build()
    {
        Transaction coinbase = BuildCoinbase();
        Transaction[] all = [coinbase, .. Transactions.Select(chosen => chosen.Transaction)];
        BlockHeader header = new()
        {
            Version = 1,
            PreviousHash = PreviousHash,
            MerkleRoot = MerkleTree.Root(all, out bool _),
            Time = Time,
            Bits = Bits,
            Nonce = 0,
        };
        return new Block(header, all);
    }
}
