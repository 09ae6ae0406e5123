using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Peers;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;

namespace Camelid.Fuzz.Targets;

/// <summary>Blocks, transactions and what a chain keeps of them.</summary>
internal static class ChainTargets
{
    internal static IEnumerable<IFuzzTarget> All =>
    [
        new CodecTarget<Transaction>(
            "transaction",
            input => Transaction.TryDecode(input, out Transaction? transaction) ? transaction : null,
            transaction => transaction.Encode())
        {
            Values = Transactions,
            Use = transaction => TransactionRules.Check(transaction),
        },
        new CodecTarget<Block>(
            "block", input => Block.TryDecode(input, out Block? block) ? block : null, block => block.Encode())
        {
            Values = Blocks,
            Use = block => BlockRules.CheckBlock(block, Network.Regtest),
        },
        new CodecTarget<BlockHeader>(
            "block-header",
            input => BlockHeader.TryDecode(input, out BlockHeader? header) ? header : null,
            header => header.Encode())
        {
            Values = () => [PeerSamples.Network.Genesis.Header, Network.Main.Genesis.Header],
            Use = header => ProofOfWork.Check(header, Network.Main),
        },
        new CodecTarget<BlockUndo>(
            "block-undo",
            input => BlockUndo.TryDecode(input, out BlockUndo? undo) ? undo : null,
            undo => undo.Encode())
        {
            Values = Undos,
            AreEqual = (left, right) => left.Spent.SequenceEqual(right.Spent),
        },
        new CodecTarget<Utxo>(
            "utxo", input => Utxo.TryDecode(input, out Utxo? utxo) ? utxo : null, utxo => utxo.Encode())
        {
            Values = () => [Samples.Utxo(1), Samples.Utxo(2)],
        },
        new TextTarget(
            "outpoint-text", text => OutPoint.TryParse(text, out OutPoint outPoint) ? outPoint.ToString() : null)
        {
            Covers = ["OutPoint.TryParse", "Txid.TryParse", "Hash256.TryParse"],
            Texts = () => [OutPoint.None.ToString(), Samples.OutPoint(new Random(1)).ToString()],
        },
        new TextTarget("block-hash-text", text => BlockHash.TryParse(text, out BlockHash hash) ? hash.ToString() : null)
        {
            Covers = ["BlockHash.TryParse", "Hash256.TryParse"],
            Texts = () => [Network.Main.GenesisHash.ToString()],
        },
        new TextTarget("script-text", text => Script.TryParse(text, out Script script) ? script.ToString() : null)
        {
            Covers = ["Script.TryParse"],
            Texts = () => ["", Samples.P2pkh(Samples.Client).ToString()],
        },
        new TextTarget("network-text", text => Network.TryParse(text, out Network? network) ? network.Name : null)
        {
            Covers = ["Network.TryParse"],
            Texts = () => ["main", "test", "regtest"],
        },
        new NumberTarget(),
        new ScriptTarget(),
        new ScriptFormTarget(),
    ];

    private static IEnumerable<Transaction> Transactions() =>
    [
        PeerSamples.Network.Genesis.Transactions[0], Samples.Transaction(1), Samples.Transaction(2),
        Samples.Spend([Samples.OutPoint(new Random(3))], [], Samples.Client, lockTime: 500_000_001),
    ];

    private static IEnumerable<Block> Blocks()
    {
        Block genesis = PeerSamples.Network.Genesis;
        yield return genesis;
        yield return new Block(genesis.Header, [.. genesis.Transactions, .. Transactions()]);
    }

    private static IEnumerable<BlockUndo> Undos()
    {
        Random random = new(5);
        yield return new BlockUndo([]);
        yield return new BlockUndo(Enumerable.Range(0, 3).Select(seed =>
            new SpentOutput(Samples.OutPoint(random), Samples.Utxo(seed))));
    }
}
