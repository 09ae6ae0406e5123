using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Chain.Storage;
using Camelid.Chain.Tests.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;

namespace Camelid.Fuzz.Engine;

/// <summary>
/// What every input begins with: a short chain on a disk in memory, and blocks and transactions that strangers may
/// send. Made once; nothing of it changes.
/// </summary>
internal static class EngineChain
{
    /// <summary>The clock at the beginning, Unix seconds.</summary>
    public const uint Start = 1_800_000_000;

    /// <summary>Blocks that the node has; two of their coinbases may be spent.</summary>
    private const int BaseBlocks = 12;

    private const uint SecondsBetween = 30;

    /// <summary>Blocks that only the honest peer has: with them its chain has the most work.</summary>
    private const int HonestBlocks = 4;

    /// <summary>The node's keys.</summary>
    public static OperatorKeys Keys { get; } = new(new byte[64], Network.Regtest, Samples.Curve);

    /// <summary>The blocks that the node has, genesis left out.</summary>
    public static IReadOnlyList<Block> Base { get; } = Grow(Network.Regtest.Genesis, 0, BaseBlocks, payee: 1);

    /// <summary>What strangers may send: good ones, a fork, one that claims too much, one of later.</summary>
    public static IReadOnlyList<Block> Offered { get; } = MakeOffered();

    /// <summary>What the honest peer sends at the end.</summary>
    public static IReadOnlyList<Block> Honest { get; } = Grow(Base[^1], BaseBlocks, HonestBlocks, payee: 9);

    /// <summary>A payment, its replacement, its child, one whose parent nobody has, one with a bad signature.</summary>
    public static IReadOnlyList<Transaction> Payments { get; } = MakePayments();

    private static readonly IReadOnlyDictionary<string, byte[]> Files = MakeFiles();

    /// <summary>The files of the chain, to be damaged.</summary>
    public static IEnumerable<KeyValuePair<string, byte[]>> Disk => Files;

    /// <summary>A disk that holds the chain.</summary>
    public static SimulatedDisk NewDisk()
    {
        SimulatedDisk disk = new(1);
        foreach ((string name, byte[] bytes) in Files)
        {
            disk.Put(name, bytes);
        }

        return disk;
    }

    /// <summary>The chain on a disk.</summary>
    public static ChainState Open(SimulatedDisk disk) => ChainState.Open(
        NewStore(disk), new ChainIdentity(Network.Regtest, Samples.Curve, Keys), Options);

    /// <summary>The store on a disk.</summary>
    public static FileChainStore NewStore(SimulatedDisk disk) =>
        new(disk, Network.Regtest.GenesisHash, new ChainStoreOptions { CheckAllAtStart = true });

    private static ChainStateOptions Options => new() { SnapshotBlocks = 5 };

    private static Block[] MakeOffered()
    {
        Block[] good = [.. Grow(Base[^1], BaseBlocks, 2, payee: 2)];
        Block[] fork = [.. Grow(Base[^2], BaseBlocks - 1, 2, payee: 3)];
        BlockTemplate greedy = Template(Base[^1], BaseBlocks + 1, 4, Start - 5);
        Transaction claim = greedy.BuildCoinbase();
        Transaction tooMuch = Transaction.Create(
            claim.Version, claim.Inputs, [claim.Outputs[0] with { Value = Amount.Grain(Amount.GrainsMax / 2) }], 0,
            default);
        Block refused = greedy.Build();
        BlockHeader header = refused.Header with { MerkleRoot = MerkleTree.Root([tooMuch], out bool _) };
        Block later = Mine(Template(Base[^1], BaseBlocks + 1, 5, Start + 200));
        return
        [
            .. good, .. fork, new Block(ProofOfWork.TryFind(header, 0, uint.MaxValue)!, [tooMuch]), later,
            new Block(good[0].Header, refused.Transactions),
        ];
    }

    private static Transaction[] MakePayments()
    {
        OutPoint coin = new(Base[0].Transactions[0].Txid, 0);
        long grains = Base[0].Transactions[0].Outputs[0].Value.Grains;
        Transaction first = Pay(coin, grains - 10_000);
        Transaction missing = Pay(new OutPoint(new Txid(Hashes.Sha256([1])), 0), 5_000);
        Script wrong = new(first.Inputs[0].Script.Span.ToArray().Reverse().ToArray());
        return
        [
            first, Pay(coin, grains - 50_000), Pay(new OutPoint(first.Txid, 0), grains - 20_000), missing,
            Pay(coin, grains - 90_000).WithScript(0, wrong),
        ];
    }

    private static Transaction Pay(OutPoint from, long grains) => Samples.Spend(
        [from], [new TxOutput(Amount.Grain(grains), Samples.P2pkh(Samples.Key(1)))], Samples.Key(1));

    private static Dictionary<string, byte[]> MakeFiles()
    {
        SimulatedDisk disk = new(1);
        using (ChainState state = ChainState.Open(
            NewStore(disk), new ChainIdentity(Network.Regtest, Samples.Curve, Keys), Options))
        {
            foreach (Block block in Base)
            {
                FuzzFault.Require(state.Submit(block).Code == RuleCode.Accepted, "a block of the chain is refused");
            }
        }

        return disk.List().ToDictionary(name => name, disk.Contents, StringComparer.Ordinal);
    }

    /// <summary>Blocks on a block of a height.</summary>
    private static List<Block> Grow(Block parent, int height, int count, byte payee)
    {
        List<Block> grown = [];
        for (int i = 1; i <= count; i++)
        {
            uint time = Start - ((uint)(BaseBlocks + HonestBlocks + 2 - height - i) * SecondsBetween);
            grown.Add(Mine(Template(grown.Count > 0 ? grown[^1] : parent, height + i, payee, time)));
        }

        return grown;
    }

    private static BlockTemplate Template(Block on, int height, byte payee, uint time) => new()
    {
        Network = Network.Regtest,
        PreviousHash = on.Hash,
        Height = height,
        Time = time,
        Bits = Network.Regtest.Genesis.Header.Bits,
        Payee = Samples.P2pkh(Samples.Key(payee)),
    };

    private static Block Mine(BlockTemplate template)
    {
        Block block = template.Build();
        return new Block(ProofOfWork.TryFind(block.Header, 0, uint.MaxValue)!, block.Transactions);
    }
}
