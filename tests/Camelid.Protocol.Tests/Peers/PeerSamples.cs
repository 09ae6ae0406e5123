using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Compact;
using Camelid.Protocol.Tests.Market;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Tests.Peers;

/// <summary>One message of each command, and the nodes that send them.</summary>
internal static class PeerSamples
{
    public const uint Now = 1_800_000_000;

    public static Network Network => Network.Regtest;

    public static Hash256 Genesis => Network.GenesisHash.Value;

    public static NodeId Id(byte key) => NodeId.Of(Samples.Public(Samples.Key(key)));

    public static VersionMessage Version(byte key, ulong nonce = 7) => new()
    {
        Services = PeerServices.Blocks | PeerServices.Relay,
        Time = Now,
        Genesis = Genesis,
        Nonce = nonce,
        NodeKey = Samples.Public(Samples.Key(key)),
        ListeningPort = 18_334,
        ReceiverHost = PeerHost.Of(Address("203.0.113.9:1")),
        UserAgent = "/camelid:0.1/",
        StartHeight = 12,
    };

    public static PeerAddress Address(string text) =>
        PeerAddress.TryParse(text, out PeerAddress address) ? address : throw new FormatException(text);

    public static AddressEntry Entry(string text) =>
        new(Address(text), Now, PeerServices.Blocks, PeerStatus.Reached, Id(3));

    public static PeerPacket Relay(byte sender, NodeId receiver, uint time = Now, int bodyBytes = 40)
    {
        PrivateKey key = Samples.Key(sender);
        RelayMessage message = new()
        {
            Kind = 1,
            Time = time,
            SenderKey = Samples.Public(key),
            Body = new byte[bodyBytes],
        };
        return RelayRule.Sign(message, receiver, Genesis, key, Samples.Curve);
    }

    public static IReadOnlyList<PeerMessage> All { get; } = [.. Messages()];

    private static IEnumerable<PeerMessage> Messages()
    {
        Block genesis = Network.Genesis;
        Transaction coinbase = genesis.Transactions[0];
        InventoryList list = new([InventoryEntry.Of(coinbase.Txid), InventoryEntry.Of(genesis.Hash)]);
        yield return Version(3);
        yield return PeerHandshake.Sign(Version(3, 1), Version(4, 2), Samples.Key(3), Samples.Curve);
        yield return new PingMessage(1);
        yield return new PongMessage(ulong.MaxValue);
        yield return new GetAddrMessage();
        yield return new AddrMessage([Entry("198.51.100.7:18334"), Entry("[2001:db8::7]:8333")]);
        yield return new InvMessage(list);
        yield return new GetDataMessage(list);
        yield return new NotFoundMessage(list);
        yield return new GetHeadersMessage([genesis.Hash, genesis.Hash], default);
        yield return new HeadersMessage([genesis.Header, genesis.Header]);
        yield return new BlockMessage(genesis);
        yield return new TxMessage(coinbase);
        yield return new MemPoolMessage();
        yield return new FeeFilterMessage(1_000);
        yield return new SendHeadersMessage();
        yield return new SendCmpctMessage(true, SendCmpctMessage.VersionCurrent);
        yield return new CmpctBlockMessage(CompactBlock.Create(
            genesis.Header, 99, [0xffff_ffff_ffff, 1, 2], [new PrefilledTransaction(0, coinbase)])!);
        yield return new GetBlockTxnMessage(genesis.Hash, [0, 1, 5, 600]);
        yield return new BlockTxnMessage(genesis.Hash, [coinbase]);
        yield return Relay(3, Id(4)).Message;
        yield return new MarketMessage(MarketSamples.All[0]);
    }
}
