using System.Diagnostics.CodeAnalysis;
using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Chain.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.Secp256k1;
using Camelid.TestKit;

namespace Camelid.Chain.Tests.Storage;

/// <summary>
/// A tree of regtest blocks with spends, made by a seed, and for each block the hash of the unspent outputs by a
/// dictionary and the rules alone: what a chain state must never differ from.
/// </summary>
internal sealed class TestForest
{
    private static readonly Script Anyone = new([(byte)Opcode.One]);

    private readonly Dictionary<BlockHash, Node> nodes = [];
    private readonly Random random;

    public TestForest(int seed, int count)
    {
        random = new Random(seed);
        Curve = Secp256k1Provider.Create();
        Identity = new ChainIdentity(Network.Regtest, Curve, new OperatorKeys(new byte[64], Network.Regtest, Curve));
        Node last = new(Network.Regtest.Genesis, null, new Dictionary<OutPoint, Utxo>());
        nodes.Add(last.Block.Hash, last);
        for (int i = 0; i < count; i++)
        {
            Node parent = last;
            for (int back = random.Next(8) == 0 ? random.Next(1, 6) : 0; back > 0 && parent.Parent is not null; back--)
            {
                parent = parent.Parent;
            }

            Node made = Grow(parent);
            Blocks.Add(made.Block);
            last = made.Height >= last.Height || random.Next(3) == 0 ? made : last;
        }
    }

    public ISecp256k1 Curve { get; }

    public ChainIdentity Identity { get; }

    /// <summary>All blocks but genesis, parents before children.</summary>
    public List<Block> Blocks { get; } = [];

    public int HeightOf(BlockHash hash) => nodes[hash].Height;

    public BlockHash ParentOf(BlockHash hash) => nodes[hash].Parent!.Block.Hash;

    /// <summary>The hash of the unspent outputs as this block leaves them.</summary>
    public Hash256 OutputsOf(BlockHash hash) => nodes[hash].OutputsHash;

    /// <summary>The state never shows a wrong balance: the outputs are those that its tip leaves.</summary>
    public void CheckOutputs(ChainState state)
    {
        (BlockHash tip, Hash256 hash) = state.Read(reading => (reading.Tip.Hash, reading.Outputs.ContentHash()));
        Assert.Equal(OutputsOf(tip), hash);
    }

    private Node Grow(Node parent)
    {
        List<TransactionWithFee> chosen = [];
        Dictionary<OutPoint, Utxo> left = parent.Outputs
            .Where(pair => pair.Value.IsMatureAt(parent.Height + 1, Network.Regtest))
            .ToDictionary(pair => pair.Key, pair => pair.Value);
        for (int i = random.Next(4); i > 0 && left.Count > 0; i--)
        {
            (OutPoint spent, Utxo utxo) = left.ElementAt(random.Next(left.Count));
            left.Remove(spent);
            int parts = random.Next(1, 4);
            Amount share = Amount.Grain(utxo.Output.Value.Grains / (parts + 1));
            Transaction transaction = Transaction.Create(
                1,
                [new TxInput(spent, Script.Empty, TxInput.SequenceFinal)],
                Enumerable.Repeat(new TxOutput(share, Anyone), parts),
                0,
                default);
            chosen.Add(new TransactionWithFee(
                transaction, Amount.Grain(utxo.Output.Value.Grains - (share.Grains * parts))));
        }

        Block block = new BlockTemplate
        {
            Network = Network.Regtest,
            PreviousHash = parent.Block.Hash,
            Height = parent.Height + 1,
            Bits = Network.Regtest.GenesisBits,
            Time = parent.Block.Header.Time + 60 + (uint)nodes.Count,
            Payee = Anyone,
            Transactions = chosen,
        }.Build();
        block = TestChain.Seal(block.Header, block.Transactions);
        Node node = new(block, parent, Connected(parent, block));
        nodes.Add(block.Hash, node);
        return node;
    }

    private Dictionary<OutPoint, Utxo> Connected(Node parent, Block block)
    {
        List<uint> times = [];
        for (Node? at = parent; at is not null && times.Count < BlockRules.MedianTimeBlocks; at = at.Parent)
        {
            times.Add(at.Block.Header.Time);
        }

        ChainContext context = new(
            Network.Regtest, Curve, parent.Block.Hash, BlockRules.MedianTimePast(times))
        {
            Bits = Network.Regtest.GenesisBits,
        };
        ConnectResult result = ChainConnector.Connect(block, parent.Height + 1, context, new View(parent.Outputs));
        Assert.Equal(RuleCode.Accepted, result.Code);
        Dictionary<OutPoint, Utxo> outputs = new(parent.Outputs);
        foreach (UtxoChange change in result.Changes)
        {
            Assert.True(change.After is null
                ? outputs.Remove(change.OutPoint)
                : outputs.TryAdd(change.OutPoint, change.After));
        }

        return outputs;
    }

    private sealed class Node
    {
        public Node(Block block, Node? parent, Dictionary<OutPoint, Utxo> outputs)
        {
            (Block, Parent, Outputs) = (block, parent, outputs);
            CompactOutputs compact = new(1);
            foreach ((OutPoint outPoint, Utxo utxo) in outputs)
            {
                compact.TryAdd(outPoint, utxo);
            }

            OutputsHash = compact.ContentHash();
            Height = parent is null ? 0 : parent.Height + 1;
        }

        public Block Block { get; }

        public Node? Parent { get; }

        public Dictionary<OutPoint, Utxo> Outputs { get; }

        public Hash256 OutputsHash { get; }

        public int Height { get; }
    }

    private sealed class View(Dictionary<OutPoint, Utxo> outputs) : IUtxoView
    {
        public bool TryGet(OutPoint outPoint, [NotNullWhen(true)] out Utxo? utxo) =>
            outputs.TryGetValue(outPoint, out utxo);
    }
}
