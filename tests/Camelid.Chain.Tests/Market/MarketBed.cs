using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Chain.Peers;
using Camelid.Chain.Peers.Market;
using Camelid.Chain.Signing;
using Camelid.Chain.Tests.Peers;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Market;

/// <summary>Nodes on a virtual network with stakes and deposits, and what their operators say.</summary>
public abstract class MarketBed : NetBed
{
    internal const long DepositGrains = Amount.GrainsPerCoin;

    internal uint Now => (uint)Net.Time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>A line of nodes; the first one has coins, and the stakes and deposits that are asked for.</summary>
    internal NetNode[] Funded(int count, IReadOnlyList<TxOutput> outputs, PeerOptions? options = null)
    {
        NetNode[] line = Line(count, options);
        Fund(line[0], outputs);
        Assert.True(Net.RunUntil(() => line.All(node => node.Height == line[0].Height), 30));
        return line;
    }

    /// <summary>Mines coins, and a block in which the outputs are made of them.</summary>
    internal static Transaction Fund(NetNode node, IReadOnlyList<TxOutput> outputs)
    {
        node.Mine(12);
        RoleKey miner = node.State.Keys[KeyRole.Miner];
        (OutPoint place, Utxo coin) = node.MatureCoins()[0];
        long change = coin.Output.Value.Grains - outputs.Sum(output => output.Value.Grains) - 100_000;
        TxOutput[] all = [.. outputs, new TxOutput(Amount.Grain(change), miner.Address.ToScript())];
        Transaction unsigned = Transaction.Create(
            2, [new TxInput(place, Script.Empty, TxInput.SequenceFinal)], all, 0, default);
        byte[] signature = SignatureHash.Sign(unsigned, 0, coin.Output.Script, miner.Private, node.State.Curve);
        Transaction signed = unsigned.WithScript(0, P2pkhScript.Unlock(signature, miner.Public));
        Assert.True(node.Pool.Accept(signed).IsAccepted);
        node.Mine();
        return signed;
    }

    internal TxOutput StakeOf(PublicKey key, long coins = 2) =>
        new(Amount.Grain(coins * Amount.GrainsPerCoin), new StakeScript(Now + 10_000_000, key).Build());

    internal TxOutput DepositOf(PublicKey client, long grains = DepositGrains) =>
        new(Amount.Grain(grains), new DepositScript(Now + 10_000_000, client).Build());

    /// <summary>A key of nobody on the network.</summary>
    internal static PrivateKey KeyOf(NetNode node, int number) =>
        PrivateKey.FromBytes([.. new byte[28], .. BitConverter.GetBytes(number + 1_000_000)], node.State.Curve)!;

    internal ServiceAnnouncement Service(NetNode node, StakeId stake, uint? created = null) => new()
    {
        Genesis = node.State.Network.GenesisHash.Value,
        Created = created ?? Now,
        Role = ServiceRole.Worker,
        Node = node.NodeId,
        StakeKey = node.State.Keys[KeyRole.Worker].Public,
        Stake = stake,
        Models = [new ServedModel(Hashes.Sha256("model"u8), 100, Hashes.Sha256("class"u8))],
        Slots = 2,
        SlotsBusy = 0,
        Queue = 0,
        LifetimeSeconds = 60,
    };

    internal HoldingAnnouncement Holding(NetNode node, PublicKey key, uint? created = null) => new()
    {
        Genesis = node.State.Network.GenesisHash.Value,
        Created = created ?? Now,
        NodeKey = key,
        ChunkAddress = node.Address,
        Models = [new HeldModel(Hashes.Sha256("model"u8), "kamel", 9, default)],
        LifetimeSeconds = 60,
    };

    internal static T Signed<T>(T item, NetNode node, PrivateKey key)
        where T : MarketItem => item with { Signature = node.State.Curve.Sign(key, item.SigningHash) };

    /// <summary>The node's own worker, on an output of that transaction.</summary>
    internal ServiceAnnouncement Worker(NetNode node, Transaction funding, uint index = 0) => Signed(
        Service(node, new StakeId(funding.Txid.Value, index)), node, node.State.Keys[KeyRole.Worker].Private);

    internal JobParameters JobOf(NetNode node, int number, ulong fee = 10_000) => new()
    {
        ModelRoot = Hashes.Sha256("model"u8),
        PromptTokens = [(uint)number, 2, 3],
        MaxTokens = 16,
        PriceGrainsPerToken = 100,
        FeeGrains = fee,
        Created = Now,
        Deadline = Now + 60,
        ClientKey = node.State.Keys[KeyRole.Client].Public,
        NonceHash = Hashes.Sha256("nonce"u8),
    };

    /// <summary>J0 of a job on a deposit of the node.</summary>
    internal static Transaction OfferOf(
        NetNode node, JobParameters job, Transaction funding, uint index, uint? dueAt = null)
    {
        JobTransactions build = new(new ChainIdentity(node.State.Network, node.State.Curve, node.State.Keys));
        OutPoint place = new(funding.Txid, index);
        return build.Rotate(
            job.Id, new Coin(place, funding.Outputs[(int)index]), (long)job.FeeGrains,
            dueAt ?? (job.Deadline + node.State.Network.WindowSeconds));
    }

    internal static JobOffer Offer(NetNode node, JobParameters job, Transaction backing) => Signed(
        JobOffer.Of(job, node.State.Network.GenesisHash.Value, node.NodeId, backing.Txid.Value), node,
        node.State.Keys[KeyRole.Client].Private);

    /// <summary>A stranger that announces items and sends those that it is asked for.</summary>
    internal RawPeer Telling(NetNode node, int number, params MarketItem[] items)
    {
        Dictionary<Hash256, MarketItem> known = items.ToDictionary(item => item.Id);
        RawPeer peer = new(Net, number)
        {
            Answer = message => message is GetDataMessage asked
                ? asked.List.Entries.Where(entry => known.ContainsKey(entry.Hash))
                    .Select(entry => new MarketMessage(known[entry.Hash]))
                : [],
        };
        peer.Dial(node);
        foreach (MarketItem[] some in items.Chunk(1_000))
        {
            peer.Send(new InvMessage(new InventoryList(some.Select(item => InventoryEntry.Of(item.Kind, item.Id)))));
        }

        return peer;
    }

    internal static MarketTable Table(NetNode node) => node.Engine.Market.Table;

    internal static bool Knows(NetNode node, MarketItem item) => Table(node).Find(item.Id) is not null;
}
