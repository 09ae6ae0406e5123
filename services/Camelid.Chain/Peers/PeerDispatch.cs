using Camelid.Chain.Peers.Relay;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Compact;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Peers;

/// <summary>
/// Rule P-31: each message goes to its part, once the handshake is done and its envelope names the two at the ends of
/// the link; what it costs is counted first.
/// </summary>
internal sealed class PeerDispatch(PeerParts parts, PeerDesks desks)
{
    private const int QuestionCost = 20;

    /// <summary>Judges the head of a frame before its body is kept.</summary>
    public static RuleCode Admit(Peer peer, PeerFrameHeader header) => header.Command switch
    {
        PeerCommand.Version => RuleCode.Accepted,
        PeerCommand.Verack => peer.Theirs is null ? RuleCode.PeerHandshakeOrder : RuleCode.Accepted,
        _ => peer.IsReady ? RuleCode.Accepted : RuleCode.PeerHandshakeOrder,
    };

    /// <summary>Takes a message.</summary>
    public void Take(Peer peer, PeerPacket packet)
    {
        peer.Traffic.Cost(CostOf(packet.Message), parts.Now);
        if (packet.Message is VersionMessage version)
        {
            desks.Handshakes.OnVersion(peer, packet, version);
            return;
        }

        RuleCode code = packet.CheckNeighbour(peer.Node, parts.Identity.Id);
        if (code != RuleCode.Accepted)
        {
            parts.Judge.Blame(peer, code);
        }
        else if (packet.Message is VerackMessage verack)
        {
            desks.Handshakes.OnVerack(peer, verack);
        }
        else if (!TakeOfChain(peer, packet.Message))
        {
            TakeOther(peer, packet);
        }
    }

    private static int CostOf(PeerMessage message) => message switch
    {
        GetHeadersMessage or GetBlockTxnMessage or MemPoolMessage or GetAddrMessage => QuestionCost,
        BlockMessage or HeadersMessage or BlockTxnMessage or GetDataMessage or MarketMessage => 0,
        _ => 1,
    };

    private bool TakeOfChain(Peer peer, PeerMessage message)
    {
        switch (message)
        {
            case HeadersMessage headers:
                desks.Headers.OnHeaders(peer, headers.Headers);
                return true;
            case BlockMessage block:
                desks.Arrivals.Take(peer, block.Block, isOwnWord: true);
                return true;
            case CmpctBlockMessage compact:
                desks.Compact.OnCompact(peer, compact.Block);
                return true;
            case BlockTxnMessage missing:
                desks.Compact.OnMissing(peer, missing);
                return true;
            case GetHeadersMessage question:
                desks.Server.OnGetHeaders(peer, question);
                return true;
            case GetDataMessage question:
                desks.Server.OnGetData(peer, question.List);
                return true;
            case GetBlockTxnMessage question:
                desks.Server.OnGetBlockTxn(peer, question);
                return true;
            case SendHeadersMessage:
                peer.Chain.WantsHeaders = true;
                return true;
            case SendCmpctMessage wish:
                BlockAnnouncer.OnSendCompact(peer, wish);
                return true;
            default:
                return false;
        }
    }

    private void TakeOther(Peer peer, PeerPacket packet)
    {
        switch (packet.Message)
        {
            case InvMessage inv:
                OnInventory(peer, inv.List);
                break;
            case NotFoundMessage missing:
                OnNotFound(peer, missing.List);
                break;
            case TxMessage transaction:
                desks.Transactions.OnTransaction(peer, transaction.Transaction);
                break;
            case MarketMessage told:
                desks.Market.OnItem(peer, told.Item);
                break;
            case FeeFilterMessage filter:
                peer.Inventory.FeeFilter = filter.GrainsPerThousandBytes;
                break;
            case MemPoolMessage:
                desks.Transactions.OnMempool(peer);
                break;
            case PingMessage ping:
                parts.Post.Send(peer, new PongMessage(ping.Nonce));
                break;
            case PongMessage pong:
                desks.Pulse.OnPong(peer, pong);
                break;
            case GetAddrMessage:
                desks.Gossip.OnGetAddr(peer);
                break;
            case AddrMessage addresses:
                desks.Gossip.OnAddr(peer, addresses.Entries);
                break;
            case RelayMessage:
                desks.Envelopes.OnRelay(peer, packet);
                break;
        }
    }

    private void OnInventory(Peer peer, InventoryList list)
    {
        BlockHash? last = null;
        foreach (InventoryEntry entry in list.Entries)
        {
            if (entry.Kind == InventoryKind.Transaction)
            {
                desks.Transactions.OnAnnounced(peer, new Txid(entry.Hash));
            }
            else if (entry.Market != MarketKind.Unset)
            {
                desks.Market.OnAnnounced(peer, entry);
            }
            else
            {
                last = new BlockHash(entry.Hash);
            }

            if (!peer.IsReady)
            {
                return;
            }
        }

        // Blocks are told lowest first: the headers of the last one bring all others.
        if (last is { } hash)
        {
            desks.Headers.OnAnnounced(peer, hash);
        }

        desks.Transactions.AskDue();
        desks.Market.AskDue();
    }

    private void OnNotFound(Peer peer, InventoryList list)
    {
        foreach (InventoryEntry entry in list.Entries)
        {
            if (entry.Kind == InventoryKind.Transaction)
            {
                desks.Transactions.OnNotFound(peer, new Txid(entry.Hash));
            }
            else if (entry.Market != MarketKind.Unset)
            {
                desks.Market.OnNotFound(peer, entry);
            }
            else
            {
                desks.Download.NotFound(peer, new BlockHash(entry.Hash));
            }
        }
    }
}
