using System.Net;
using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Chain.Mempool;
using Camelid.Chain.Peers;
using Camelid.Chain.Peers.Host;
using Camelid.Chain.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.Secp256k1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Camelid.Benchmarks.Chain;

/// <summary>Chain and peers of a node, with its real files and sockets, without the services around them.</summary>
internal sealed class SyncNode : IAsyncDisposable
{
    private readonly ISecp256k1 curve = Secp256k1Provider.Create();
    private readonly OperatorKeys keys;
    private readonly ChainState state;
    private readonly PeerServer server;
    private readonly PeerEngine engine;
    private readonly PeerLoop loop;
    private readonly Task running;

    public SyncNode(string folder, byte number)
    {
        keys = new OperatorKeys([.. new byte[63], number], Network.Regtest, curve);
        state = ChainState.Open(
            new FileChainStore(
                new DiskFolder(Path.Combine(folder, "chain")), Network.Regtest.GenesisHash, new ChainStoreOptions()),
            new ChainIdentity(Network.Regtest, curve, keys));
        TransactionPool pool = new(state, new PoolPolicy(), TimeProvider.System);
        Core = new ChainCore(state, pool, TimeProvider.System, NullLogger<ChainCore>.Instance);
        PeerOptions options = PeerOptions.For(Network.Regtest) with { Discovers = false };
        server = new PeerServer(
            options, new LinkTerms(Network.Regtest, curve), TimeProvider.System, NullLogger<PeerServer>.Instance);
        engine = new PeerEngine(new PeerSetting
        {
            Identity = new PeerIdentity(
                Network.Regtest, curve, keys[KeyRole.Node].Private, keys[KeyRole.Node].Public),
            Options = options,
            State = state,
            Core = Core,
            Pool = pool,
            Time = TimeProvider.System,
            Random = new CryptographicRandom(),
            Transport = server,
            Store = new PeerFiles(folder, NullLogger<PeerFiles>.Instance),
            Loggers = NullLoggerFactory.Instance,
        });
        loop = new PeerLoop(engine, TimeProvider.System, NullLogger<PeerLoop>.Instance);
        server.Attach(loop);
        Core.Changed += engine.Note;
        running = Task.Run(loop.RunAsync);
    }

    public ChainCore Core { get; }

    public int Port => server.EndPoints[0].Port;

    public void Listen() => server.Listen([new IPEndPoint(IPAddress.Loopback, 0)]);

    public void Connect(PeerAddress address) =>
        loop.Post(target => target.Operator.Connect(address.ToString(), address));

    /// <summary>Mines a block with these transactions, a minute behind the one before.</summary>
    public void Mine(IReadOnlyList<TransactionWithFee> transactions) => Core.Mine(() =>
    {
        BlockEntry tip = state.Read(reading => reading.Tip);
        Block block = new BlockTemplate
        {
            Network = Network.Regtest,
            PreviousHash = tip.Hash,
            Height = tip.Height + 1,
            Time = tip.Header.Time + 60,
            Bits = state.NextBits(tip),
            Payee = keys[KeyRole.Miner].Address.ToScript(),
            Transactions = transactions,
        }.Build();
        return new Block(ProofOfWork.TryFind(block.Header, 0, uint.MaxValue)!, block.Transactions);
    });

    /// <summary>Spends the coinbase of a height.</summary>
    public TransactionWithFee SpendOf(int height)
    {
        RoleKey miner = keys[KeyRole.Miner];
        Transaction coinbase = state.ReadBlock(state.Read(reading => reading.Active[height])).Transactions[0];
        Transaction unsigned = Transaction.Create(
            2, [new TxInput(new OutPoint(coinbase.Txid, 0), Script.Empty, TxInput.SequenceFinal)],
            [coinbase.Outputs[0]], 0, default);
        byte[] signature = SignatureHash.Sign(unsigned, 0, coinbase.Outputs[0].Script, miner.Private, curve);
        return new TransactionWithFee(
            unsigned.WithScript(0, P2pkhScript.Unlock(signature, miner.Public)), Amount.Zero);
    }

    public async ValueTask DisposeAsync()
    {
        server.StopListening();
        loop.Post(target => target.Stop());
        loop.Stop();
        await running;
        await server.DrainAsync();
        loop.Dispose();
        state.Dispose();
    }
}
