using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Chain.Peers.Limits;
using Camelid.Chain.Peers.Market;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Compact;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Peers.Relay;

/// <summary>
/// Rule P-40: answers what peers ask for, as fast as they read it: what they asked for waits as a list of ids, not as
/// bytes. Blocks are served from the active chain and from young branches; transactions only to
/// whom they were announced, so that nobody can find out by asking when one arrived here.
/// </summary>
internal sealed class BlockServer(PeerParts parts, MarketTable market)
{
    /// <summary>Blocks from the tip down that are sent as compact blocks; deeper ones are sent whole.</summary>
    public const int CompactDepthMax = 10;

    /// <summary>Blocks below the tip to which a block beside the active chain is served.</summary>
    private const int StaleDepthMax = 288;

    /// <summary>Entries that are looked at for one peer before others have their turn.</summary>
    private const int EntriesPerTurn = 256;

    private TokenBucket? upload;

    /// <summary>Bytes of blocks and transactions that peers asked for.</summary>
    public long ServedBytes { get; private set; }

    /// <summary>A peer asks for headers.</summary>
    public void OnGetHeaders(Peer peer, GetHeadersMessage message)
    {
        IReadOnlyList<BlockEntry> entries = parts.State.Read(
            reading => reading.HeadersAfter(message.Locator, message.Stop, HeadersMessage.HeadersMax));
        if (entries.Count > 0)
        {
            peer.Chain.LastTold = entries[^1];
        }

        parts.Post.Send(peer, new HeadersMessage(entries.Select(entry => entry.Header)));
    }

    /// <summary>A peer asks for blocks or transactions.</summary>
    public void OnGetData(Peer peer, InventoryList list)
    {
        if (peer.Inventory.Wanted.Count + list.Entries.Count > PeerInventory.WantedMax)
        {
            parts.Judge.Blame(peer, RuleCode.PeerAsksTooMuch);
            return;
        }

        foreach (InventoryEntry entry in list.Entries)
        {
            peer.Inventory.Wanted.Enqueue(entry);
        }
    }

    /// <summary>A peer asks for what it lacks of a compact block.</summary>
    public void OnGetBlockTxn(Peer peer, GetBlockTxnMessage message)
    {
        (BlockEntry? entry, bool isNear) = parts.State.Read(reading =>
        {
            BlockEntry? found = reading.Find(message.BlockHash);
            return (found, found is not null && reading.IsActive(found)
                && found.Height > reading.Tip.Height - CompactDepthMax);
        });
        if (entry is not { HasBlock: true })
        {
            return;
        }

        if (!isNear)
        {
            // Old blocks are served in their turn, and whole.
            OnGetData(peer, new InventoryList([InventoryEntry.Of(message.BlockHash)]));
            return;
        }

        if (parts.State.TryReadBlock(entry) is not { } block)
        {
            return;
        }

        if (CompactBlockEncoding.Answer(message, block) is { } answer)
        {
            Serve(peer, answer);
        }
        else
        {
            parts.Judge.Blame(peer, RuleCode.PeerAsksTooMuch);
        }
    }

    /// <summary>Serves what waits, to everybody who can take it.</summary>
    public void Run()
    {
        foreach (Peer peer in parts.Peers.Ready.Where(peer => peer.Inventory.Wanted.Count > 0).ToArray())
        {
            Run(peer);
        }
    }

    private void Run(Peer peer)
    {
        List<InventoryEntry> missing = [];
        for (int turn = 0; turn < EntriesPerTurn && peer.IsReady && !IsBusy(peer)
            && peer.Inventory.Wanted.TryDequeue(out InventoryEntry wanted); turn++)
        {
            if (!TryServe(peer, wanted))
            {
                missing.Add(wanted);
            }
        }

        if (missing.Count > 0)
        {
            parts.Post.Send(peer, new NotFoundMessage(new InventoryList(missing)));
        }
    }

    private bool IsBusy(Peer peer)
    {
        upload ??= PeerTraffic.Bucket(parts.Options.UploadTotal, parts.Now);
        return parts.Post.IsFull(peer) || parts.Post.IsFullForAll || !peer.Traffic.MayServe(parts.Now)
            || upload?.Debt(parts.Now) > TimeSpan.Zero;
    }

    private bool TryServe(Peer peer, InventoryEntry wanted) => wanted.Kind switch
    {
        InventoryKind.Transaction => TryServeTransaction(peer, new Txid(wanted.Hash)),
        InventoryKind.Block or InventoryKind.CompactBlock =>
            TryServeBlock(peer, new BlockHash(wanted.Hash), wanted.Kind == InventoryKind.CompactBlock),
        _ => TryServeMarket(peer, wanted),
    };

    private bool TryServeMarket(Peer peer, InventoryEntry wanted)
    {
        if (!peer.RelaysAll || market.Find(wanted.Hash) is not { } entry || entry.Item.Kind != wanted.Market)
        {
            return false;
        }

        Serve(peer, new MarketMessage(entry.Item));
        return true;
    }

    private bool TryServeTransaction(Peer peer, Txid txid)
    {
        if (!peer.Inventory.Known.Contains(txid.Value)
            || !parts.Setting.Pool.TryFind(txid, out PoolEntry? entry))
        {
            return false;
        }

        Serve(peer, new TxMessage(entry.Transaction));
        return true;
    }

    private bool TryServeBlock(Peer peer, BlockHash hash, bool asCompact)
    {
        (BlockEntry? entry, int depth) = parts.State.Read(reading =>
        {
            BlockEntry? found = reading.Find(hash);
            bool isServed = found is { HasBlock: true } && (reading.IsActive(found)
                || (!found.IsRefused && found.Height > reading.Tip.Height - StaleDepthMax));
            return (isServed ? found : null, found is null ? 0 : reading.Tip.Height - found.Height);
        });
        if (entry is null || parts.State.TryReadBlock(entry) is not { } block)
        {
            return false;
        }

        Serve(peer, asCompact && depth < CompactDepthMax
            ? new CmpctBlockMessage(CompactBlockEncoding.Encode(block, parts.Nonce()))
            : new BlockMessage(block));
        peer.Chain.Knows(entry);
        return true;
    }

    private void Serve(Peer peer, PeerMessage message)
    {
        byte[] frame = parts.Post.Frame(message);
        peer.Traffic.Served(frame.Length, parts.Now);
        upload?.Take(frame.Length, parts.Now);
        ServedBytes += frame.Length;
        parts.Post.Send(peer, frame);
    }
}
