using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Compact;
using Camelid.Protocol.Tests.Market;
using Camelid.Protocol.Tests.Peers;
using Camelid.Protocol.Transactions;

namespace Camelid.Fuzz.Engine;

/// <summary>Good messages that a peer may send, in any order: two bytes choose one.</summary>
internal static class EngineMenu
{
    /// <summary>Kinds of messages.</summary>
    public const int Kinds = 24;

    /// <summary>A message.</summary>
    /// <param name="peer">Who sends it.</param>
    /// <param name="kind">What it is; any byte.</param>
    /// <param name="about">What it is about; any byte.</param>
    public static PeerMessage Of(EnginePeer peer, byte kind, byte about)
    {
        Block offered = EngineChain.Offered[about % EngineChain.Offered.Count];
        Block known = EngineChain.Base[about % EngineChain.Base.Count];
        Transaction payment = EngineChain.Payments[about % EngineChain.Payments.Count];
        return (kind % Kinds) switch
        {
            0 => new PingMessage(about),
            1 => new PongMessage(about % 2 == 0 ? peer.Ping : about),
            2 => new GetAddrMessage(),
            3 => new AddrMessage([PeerSamples.Entry($"8.8.{about}.8:8633")]),
            4 => new InvMessage(new InventoryList([InventoryEntry.Of(offered.Hash)])),
            5 => new InvMessage(new InventoryList([InventoryEntry.Of(payment.Txid)])),
            6 => new InvMessage(Strangers(about)),
            7 => new GetDataMessage(new InventoryList([InventoryEntry.Of(known.Hash)])),
            8 => new GetDataMessage(new InventoryList([new(InventoryKind.CompactBlock, known.Hash.Value)])),
            9 => new GetDataMessage(new InventoryList([InventoryEntry.Of(payment.Txid)])),
            10 => new NotFoundMessage(peer.Asked ?? new InventoryList([InventoryEntry.Of(offered.Hash)])),
            11 => new GetHeadersMessage([known.Hash], about % 2 == 0 ? default : offered.Hash),
            12 => new HeadersMessage([offered.Header]),
            13 => new HeadersMessage([.. EngineChain.Offered.Take(about % 3).Select(block => block.Header)]),
            14 => new HeadersMessage([.. EngineChain.Base.Skip(about % 8).Select(block => block.Header)]),
            15 => new BlockMessage(offered),
            16 => new BlockMessage(known),
            17 => new TxMessage(payment),
            18 => new FeeFilterMessage(about * 1_000L),
            19 => new SendCmpctMessage(about % 2 == 0, SendCmpctMessage.VersionCurrent),
            20 => new CmpctBlockMessage(CompactBlockEncoding.Encode(offered, about)),
            21 => new GetBlockTxnMessage(known.Hash, [about % 3]),
            22 => new BlockTxnMessage(offered.Hash, offered.Transactions),
            _ => Other(about),
        };
    }

    private static PeerMessage Other(byte about) => (about % 8) switch
    {
        0 => new MemPoolMessage(),
        1 => new SendHeadersMessage(),
        2 => PeerSamples.Version(about),
        3 => new InvMessage(new InventoryList(
            [.. MarketSamples.All.Select(item => InventoryEntry.Of(item.Kind, item.Id))])),
        4 => new GetDataMessage(new InventoryList([ItemOf(about)])),
        5 => new MarketMessage(MarketSamples.All[about / 8 % MarketSamples.All.Count]),
        6 => new NotFoundMessage(new InventoryList([ItemOf(about)])),
        _ => PeerSamples.Relay(3, PeerSamples.Id((byte)(1 + (about % 30)))).Message,
    };

    private static InventoryEntry ItemOf(byte about)
    {
        MarketItem item = MarketSamples.All[about / 8 % MarketSamples.All.Count];
        return InventoryEntry.Of(item.Kind, item.Id);
    }

    private static InventoryList Strangers(byte about) => new(
        [.. Enumerable.Range(0, 1 + (about % 20)).Select(i =>
            new InventoryEntry(InventoryKind.Transaction, Hashes.Sha256([about, (byte)i])))]);
}
