using Camelid.Chain.Peers;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Compact;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Peers;

/// <summary>
/// Rules P-31 to P-34 by chance: whatever peers send in whatever order, the engine goes on, costs no more than its
/// bound and follows its honest peer. The seed is printed; a run is repeated by it.
/// </summary>
public sealed class HostileSequenceTests : NetBed
{
    private const int Sequences = 150;
    private const int MessagesMax = 30;

    [Fact]
    public void Whatever_is_sent_in_whatever_order_the_engine_goes_on_and_follows_its_honest_peer()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        NetNode honest = Node();
        NetNode node = Node(NetNode.Quick with { DiscouragedFor = TimeSpan.FromSeconds(1) });
        honest.Mine(20);
        node.ConnectTo(honest);
        Assert.True(Net.RunUntil(() => node.Height == 20, 20), $"seed {seed}");
        IReadOnlyList<KeyValuePair<OutPoint, Utxo>> coins = honest.MatureCoins();
        for (int i = 0; i < Sequences; i++)
        {
            RawPeer peer = new(Net, 50 + (i % 100), greets: random.Next(5) > 0);
            peer.Dial(node);
            for (int sent = random.Next(MessagesMax); sent > 0 && peer.IsOpen; sent--)
            {
                peer.SendRaw(Mutated(Frame(peer, Any(node, honest, coins, random)), random));
                Net.Run(random.NextDouble() * 0.2);
            }

            if (random.Next(2) == 0 && peer.IsOpen)
            {
                peer.Close();
            }

            PeerCounts counts = node.Engine.View.Counts();
            Assert.InRange(counts.Orphans, 0, NetNode.Quick.OrphansMax);
            Assert.InRange(counts.QueuedBytes, 0, NetNode.Quick.SendQueueBytesTotal);
        }

        Block mined = honest.Mine()[0];
        Assert.True(Net.RunUntil(() => node.Tip.Hash == mined.Hash, 60), $"seed {seed}");
        Assert.Equal(honest.Tip.Hash, node.Tip.Hash);
    }

    private static byte[] Frame(RawPeer peer, PeerMessage message) =>
        PeerFrame.Encode(PeerPacket.ToNeighbour(peer.Id, message), Network.Regtest);

    /// <summary>Most frames as they are, some with a few wrong bytes, some cut, some twice.</summary>
    private static byte[] Mutated(byte[] frame, Random random)
    {
        switch (random.Next(8))
        {
            case 0:
                for (int i = random.Next(1, 4); i > 0; i--)
                {
                    frame[random.Next(frame.Length)] ^= (byte)(1 << random.Next(8));
                }

                return frame;
            case 1:
                return frame[..random.Next(frame.Length)];
            case 2:
                return [.. frame, .. frame];
            default:
                return frame;
        }
    }

    private static PeerMessage Any(
        NetNode node, NetNode honest, IReadOnlyList<KeyValuePair<OutPoint, Utxo>> coins, Random random)
    {
        Block tip = node.State.ReadBlock(node.Tip);
        Block other = node.State.ReadBlock(node.Tip.Ancestor(random.Next(1, node.Height)));
        Block next = node.Build(random.Next(2) == 0 ? node.Tip : node.Tip.Parent!);
        Hash256 chance = Hashes.Sha256(BitConverter.GetBytes(random.Next()));
        (OutPoint outPoint, Utxo coin) = coins[random.Next(coins.Count)];
        Transaction spend =
            honest.Sign(outPoint, coin.Output, coin.Output.Value.Grains - random.Next(1, 100_000));
        return random.Next(22) switch
        {
            0 => new PingMessage(1),
            1 => new PongMessage(1),
            2 => new VerackMessage(new byte[70]),
            3 => new GetAddrMessage(),
            4 => new AddrMessage([new AddressEntry(
                NetNode.AddressOf(random.Next(300)), 1_799_999_990, PeerServices.Blocks, PeerStatus.Heard, default)]),
            5 => new InvMessage(new InventoryList([new InventoryEntry(InventoryKind.Block, chance)])),
            6 => new InvMessage(new InventoryList([new InventoryEntry(InventoryKind.Transaction, chance)])),
            7 => new GetDataMessage(new InventoryList(
                [InventoryEntry.Of(other.Hash), new(InventoryKind.Block, chance)])),
            8 => new GetDataMessage(new InventoryList([new(InventoryKind.CompactBlock, tip.Hash.Value)])),
            9 => new NotFoundMessage(new InventoryList([InventoryEntry.Of(next.Hash)])),
            10 => new GetHeadersMessage([new BlockHash(chance), other.Hash], default),
            11 => new HeadersMessage([next.Header]),
            12 => new HeadersMessage([]),
            13 => new BlockMessage(next),
            14 => new BlockMessage(new Block(next.Header, other.Transactions)),
            15 => new TxMessage(spend),
            16 => new TxMessage(honest.Sign(new OutPoint(new Txid(chance), 0), spend.Outputs[0], 1_000)),
            17 => new FeeFilterMessage(random.Next()),
            18 => new SendCmpctMessage(random.Next(2) == 0, SendCmpctMessage.VersionCurrent),
            19 => new CmpctBlockMessage(CompactBlockEncoding.Encode(next, 3)),
            20 => new GetBlockTxnMessage(tip.Hash, [random.Next(3)]),
            _ => new BlockTxnMessage(next.Hash, next.Transactions),
        };
    }
}
