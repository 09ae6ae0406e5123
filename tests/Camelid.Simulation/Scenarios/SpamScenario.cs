using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Transactions;
using Camelid.Simulation.Nodes;

namespace Camelid.Simulation.Scenarios;

/// <summary>
/// Neighbours send what is worthless: garbage, orphans, transactions without money, headers without work, blocks that
/// break rules, inventories of nothing. Payments of honest people are confirmed all the same.
/// </summary>
internal sealed class SpamScenario : Scenario
{
    /// <inheritdoc/>
    public override string Name => "spam";

    /// <summary>At how many points a peer is discouraged; without a bound for a control.</summary>
    public int ScoreMax { get; init; } = new Chain.Peers.PeerOptions().ScoreMax;

    /// <inheritdoc/>
    protected override string Tell(Arena arena)
    {
        arena.PeerOptions = arena.PeerOptions with { ScoreMax = ScoreMax };
        arena.AddHonest(arena.World.Random.Next(4, 8));
        arena.ShareHashRate(NormalHashRate);
        arena.World.Run(WarmUp);
        List<SimulatedNode> spammers = [];
        for (int i = 0; i < 3; i++)
        {
            spammers.Add(arena.Add(Arena.AttackerAddress(10 + i, 1), [Arena.AddressOf(0), Arena.AddressOf(1)]));
        }

        arena.World.Run(TimeSpan.FromSeconds(30));
        List<Txid> paid = [];
        int sent = 0;
        for (int round = 0; round < 60; round++)
        {
            arena.World.Run(TimeSpan.FromSeconds(5));
            foreach (SimulatedNode spammer in spammers)
            {
                for (int i = 0; i < 8; i++)
                {
                    Send(arena, spammer);
                    sent++;
                }
            }

            if (round % 6 == 0 && Pay(arena) is { } txid)
            {
                paid.Add(txid);
            }

            Invariants.MemoryIsBounded(arena);
        }

        arena.World.Run(TimeSpan.FromMinutes(5));
        Invariants.Settle(arena, Patience);

        // What waits is known to everybody: whoever mines next confirms it.
        SimulatedNode node = arena.Nodes[0];
        node.MineNow();
        Invariants.Settle(arena, Patience);
        HashSet<Txid> mined = [.. node.State.Read(reading => reading.Active.Skip(1).ToArray())
            .SelectMany(entry => node.State.ReadBlock(entry).Transactions.Select(transaction => transaction.Txid))];
        Invariants.Require(
            arena, paid.All(mined.Contains), () => $"{paid.Count(txid => !mined.Contains(txid))} payments are missing");
        int refused = arena.Honest.Sum(honest => honest.Engine!.View.Banned().Count);
        Invariants.Require(arena, refused > 0, () => "nobody was discouraged");
        return $"{sent} worthless messages, {paid.Count} payments confirmed, {refused} times a host was discouraged";
    }

    private static Txid? Pay(Arena arena)
    {
        SimulatedNode payer = arena.Honest.FirstOrDefault(node => node.Coins().Count > 0)
            ?? arena.Nodes[0];
        if (payer.Coins() is not [var coin, ..])
        {
            return null;
        }

        Transaction payment = payer.Pay(
            coin, arena.Nodes[1].Purse.Address, coin.Value.Output.Value.Grains / 3, 50_000);
        return payer.Hand(payment).IsAccepted ? payment.Txid : null;
    }

    private static void Send(Arena arena, SimulatedNode spammer)
    {
        Random random = arena.World.Random;
        switch (random.Next(7))
        {
            case 0:
                byte[] garbage = new byte[random.Next(1, 400)];
                random.NextBytes(garbage);
                spammer.SayToAll(garbage);
                break;
            case 1:
                spammer.SayToAll(new TxMessage(Forged(arena, spammer)));
                break;
            case 2:
                arena.HeadersMade++;
                Block block = spammer.Build(spammer.Tip, spammer.Tip.Header.Time + 1, []);
                spammer.SayToAll(new HeadersMessage([block.Header with { Nonce = block.Header.Nonce + 1 }]));
                break;
            case 3:
                arena.HeadersMade++;
                spammer.SayToAll(new BlockMessage(Greedy(spammer)));
                break;
            case 4:
                spammer.SayToAll(new InvMessage(new InventoryList(Enumerable.Range(0, 500).Select(_ =>
                    new InventoryEntry(InventoryKind.Transaction, Noise(random))))));
                break;
            case 5:
                spammer.SayToAll(new AddrMessage(Enumerable.Range(0, 50).Select(_ => new AddressEntry(
                    Arena.AttackerAddress(random.Next(250), random.Next(1_000)), 0, PeerServices.None,
                    PeerStatus.Heard, NodeId.None))));
                break;
            default:
                byte[] frame = PeerFrame.Encode(
                    PeerPacket.ToNeighbour(spammer.Id, new PingMessage((ulong)random.NextInt64())), arena.Rules);
                frame[random.Next(frame.Length)] ^= (byte)(1 << random.Next(8));
                spammer.SayToAll(frame);
                break;
        }
    }

    /// <summary>A transaction in form that spends what is not there.</summary>
    private static Transaction Forged(Arena arena, SimulatedNode spammer)
    {
        OutPoint nothing = new(new Txid(Noise(arena.World.Random)), 0);
        Utxo coin = new(new TxOutput(Amount.Grain(1_000_000), spammer.Purse.Address.ToScript()), 1, false, 1, default);
        return spammer.Pay(KeyValuePair.Create(nothing, coin), spammer.Purse.Address, 900_000, 50_000);
    }

    /// <summary>A block with proof of work whose coinbase claims a grain too much.</summary>
    private static Block Greedy(SimulatedNode spammer)
    {
        Block good = spammer.Build(spammer.Tip, spammer.Tip.Header.Time + 1, []);
        Transaction coinbase = Transaction.Create(
            1, good.Transactions[0].Inputs,
            [new TxOutput(Amount.Grain(Subsidy.FirstGrains + 1), spammer.Purse.Address.ToScript())], 0, default);
        BlockHeader header = good.Header with { MerkleRoot = coinbase.Txid.Value, Nonce = 0 };
        return new Block(ProofOfWork.TryFind(header, 0, uint.MaxValue)!, [coinbase]);
    }

    private static Hash256 Noise(Random random)
    {
        byte[] bytes = new byte[Hash256.Bytes];
        random.NextBytes(bytes);
        return Hash256.FromBytes(bytes);
    }
}
