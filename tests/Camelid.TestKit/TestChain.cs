using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.TestKit;

/// <summary>A regtest chain in memory, by the real rules: mines blocks on demand and takes the tip off again.</summary>
public sealed class TestChain(ISecp256k1 curve) : IUtxoView
{
    /// <summary>Seconds between two blocks, unless a test says otherwise.</summary>
    public const uint SpacingSeconds = 60;

    private readonly Dictionary<OutPoint, Utxo> utxos = [];
    private readonly List<(Block Block, BlockUndo? Undo)> blocks = [(Network.Regtest.Genesis, null)];

    /// <summary>The curve.</summary>
    public ISecp256k1 Curve { get; } = curve;

    /// <summary>The height of the tip.</summary>
    public int Height => blocks.Count - 1;

    /// <summary>The tip.</summary>
    public Block Tip => blocks[^1].Block;

    /// <summary>All unspent outputs.</summary>
    public IReadOnlyDictionary<OutPoint, Utxo> Utxos => utxos;

    /// <summary>The median time of the last eleven blocks.</summary>
    public uint MedianTimePast => BlockRules.MedianTimePast(
        blocks.TakeLast(BlockRules.MedianTimeBlocks).Select(entry => entry.Block.Header.Time));

    /// <summary>The context of a transaction in the next block.</summary>
    public SpendContext NextSpend => new(
        Height + 1, Tip.Header.Time + SpacingSeconds, MedianTimePast, Network.Regtest, Curve);

    private ChainContext Next => new(Network.Regtest, Curve, Tip.Hash, MedianTimePast)
    {
        Bits = Network.Regtest.GenesisBits,
    };

    /// <inheritdoc/>
    public bool TryGet(
        OutPoint outPoint, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Utxo? utxo) =>
        utxos.TryGetValue(outPoint, out utxo);

    /// <summary>
    /// The next block with proof of work, not connected; <paramref name="time"/> 0 is a minute later.
    /// </summary>
    public Block Build(Script payee, uint time = 0, params TransactionWithFee[] transactions)
    {
        Block block = new BlockTemplate
        {
            Network = Network.Regtest,
            PreviousHash = Tip.Hash,
            Height = Height + 1,
            Bits = Network.Regtest.GenesisBits,
            Time = time == 0 ? Tip.Header.Time + SpacingSeconds : time,
            Payee = payee,
            Transactions = transactions,
        }.Build();
        return Seal(block.Header, block.Transactions);
    }

    /// <summary>A block of these transactions with their Merkle root and proof of work.</summary>
    public static Block Seal(BlockHeader header, IReadOnlyList<Transaction> transactions)
    {
        BlockHeader rooted = header with { MerkleRoot = MerkleTree.Root(transactions, out bool _) };
        return new Block(ProofOfWork.TryFind(rooted, 0, uint.MaxValue)!, transactions);
    }

    /// <summary>Connects a block where the rules say yes.</summary>
    public ConnectResult Connect(Block block)
    {
        ConnectResult result = ChainConnector.Connect(block, Height + 1, Next, this);
        if (result.Code == RuleCode.Accepted)
        {
            Apply(result.Changes);
            blocks.Add((block, result.Undo));
        }

        return result;
    }

    /// <summary>Builds and connects the next block.</summary>
    public ConnectResult Mine(Script payee, params TransactionWithFee[] transactions) =>
        Connect(Build(payee, 0, transactions));

    /// <summary>Mines empty blocks.</summary>
    public void MineMany(Script payee, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (Mine(payee).Code != RuleCode.Accepted)
            {
                throw new InvalidOperationException("an empty block was refused");
            }
        }
    }

    /// <summary>Takes the tip off, its undo data through their bytes.</summary>
    public Block Disconnect()
    {
        (Block block, BlockUndo? undo) = blocks[^1];
        if (undo is null || !BlockUndo.TryDecode(undo.Encode(), out BlockUndo? read))
        {
            throw new InvalidOperationException("genesis stays, and undo data can be read back");
        }

        Apply(ChainConnector.Disconnect(block, read, this));
        blocks.RemoveAt(blocks.Count - 1);
        return block;
    }

    private void Apply(IReadOnlyList<UtxoChange> changes)
    {
        foreach (UtxoChange change in changes)
        {
            bool sound = change.After is null
                ? utxos.Remove(change.OutPoint)
                : utxos.TryAdd(change.OutPoint, change.After);
            if (!sound)
            {
                throw new InvalidOperationException($"a change that does not fit the set: {change.OutPoint}");
            }
        }
    }
}
