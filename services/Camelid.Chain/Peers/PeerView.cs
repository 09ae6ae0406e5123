using Camelid.Protocol;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers;

/// <summary>A connection as an operator sees it.</summary>
internal sealed record PeerInfo
{
    /// <summary>Its number.</summary>
    public required long Number { get; init; }

    /// <summary>What it is for.</summary>
    public required PeerKind Kind { get; init; }

    /// <summary>How far it has come.</summary>
    public required PeerStage Stage { get; init; }

    /// <summary>The address at the other end.</summary>
    public required PeerAddress Address { get; init; }

    /// <summary>Its name; none before the handshake.</summary>
    public required NodeId Node { get; init; }

    /// <summary>Its software; empty before the handshake.</summary>
    public required string UserAgent { get; init; }

    /// <summary>The height of the best header that it is known to have; until then the one that it told of.</summary>
    public required int Height { get; init; }

    /// <summary>How long it has been connected.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>The last answer to a ping; zero before the first.</summary>
    public required TimeSpan Ping { get; init; }

    /// <summary>How far its clock was ahead of ours, seconds.</summary>
    public required long ClockOffsetSeconds { get; init; }

    /// <summary>Bytes received.</summary>
    public required long ReceivedBytes { get; init; }

    /// <summary>Bytes sent.</summary>
    public required long SentBytes { get; init; }

    /// <summary>Blocks that it was asked for.</summary>
    public required int BlocksInFlight { get; init; }

    /// <summary>True where nobody on the way can read what passes.</summary>
    public required bool IsEncrypted { get; init; }

    /// <summary>Points for what it did wrong.</summary>
    public required int Score { get; init; }
}

/// <summary>A host that is not spoken to.</summary>
/// <param name="Host">The host.</param>
/// <param name="Left">For how much longer.</param>
/// <param name="IsByOperator">False where it was discouraged for what it did.</param>
internal sealed record BannedHost(PeerHost Host, TimeSpan Left, bool IsByOperator);

/// <summary>What goes over all connections.</summary>
internal sealed record PeerCounts
{
    /// <summary>Connections whose handshake is done.</summary>
    public required int Ready { get; init; }

    /// <summary>Of these, the ones that others opened.</summary>
    public required int Inbound { get; init; }

    /// <summary>Bytes received.</summary>
    public required long ReceivedBytes { get; init; }

    /// <summary>Bytes sent.</summary>
    public required long SentBytes { get; init; }

    /// <summary>Blocks that were asked for and have not come.</summary>
    public required int BlocksInFlight { get; init; }

    /// <summary>Transactions that were announced and have not come.</summary>
    public required int TransactionsWanted { get; init; }

    /// <summary>Transactions whose parents are missing.</summary>
    public required int Orphans { get; init; }

    /// <summary>Addresses of nodes that are known.</summary>
    public required int Addresses { get; init; }

    /// <summary>Bytes that wait to be sent.</summary>
    public required long QueuedBytes { get; init; }

    /// <summary>Envelopes for this node.</summary>
    public required long EnvelopesDelivered { get; init; }

    /// <summary>Envelopes for others.</summary>
    public required long EnvelopesForwarded { get; init; }

    /// <summary>Envelopes that wait to be sent.</summary>
    public required int EnvelopesWaiting { get; init; }

    /// <summary>Envelopes that were not sent, for want of room.</summary>
    public required long EnvelopesDropped { get; init; }

    /// <summary>Service announcements that are known.</summary>
    public required int MarketServices { get; init; }

    /// <summary>Holding announcements that are known.</summary>
    public required int MarketHoldings { get; init; }

    /// <summary>Offers that are known.</summary>
    public required int MarketOffers { get; init; }

    /// <summary>Connections that this node ended, by why.</summary>
    public required IReadOnlyDictionary<RuleCode, long> Ended { get; init; }
}

/// <summary>What an operator and the metrics are shown. To be asked on the engine's loop.</summary>
internal sealed class PeerView(PeerParts parts, PeerDesks desks)
{
    /// <summary>The connections, by number.</summary>
    public IReadOnlyList<PeerInfo> List() => [.. parts.Peers.All.Select(InfoOf)];

    /// <summary>The hosts that are not spoken to.</summary>
    public IReadOnlyList<BannedHost> Banned() =>
    [
        .. parts.Judge.Banned.All.Select(pair => new BannedHost(pair.Key, pair.Value - parts.Now, true)),
        .. parts.Judge.Discouraged.All.Select(pair => new BannedHost(pair.Key, pair.Value - parts.Now, false)),
    ];

    /// <summary>The counts.</summary>
    public PeerCounts Counts() => new()
    {
        Ready = parts.Peers.Ready.Count(),
        Inbound = parts.Peers.Ready.Count(peer => peer.IsInbound),
        ReceivedBytes = desks.Pace.ReceivedBytes,
        SentBytes = parts.Post.SentBytes,
        BlocksInFlight = desks.Download.Count,
        TransactionsWanted = desks.Transactions.WantedCount,
        Orphans = desks.Transactions.OrphanCount,
        Addresses = desks.Gossip.Book.Count,
        QueuedBytes = parts.Post.QueuedBytes,
        EnvelopesDelivered = desks.Envelopes.Delivered,
        EnvelopesForwarded = desks.Envelopes.Forwarded,
        EnvelopesWaiting = desks.Envelopes.Outbox.Count,
        EnvelopesDropped = desks.Envelopes.Outbox.Dropped,
        MarketServices = desks.Market.Table.Services.Count,
        MarketHoldings = desks.Market.Table.Holdings.Count,
        MarketOffers = desks.Market.Table.Offers.Count,
        Ended = parts.Judge.Ended.ToDictionary(),
    };

    private PeerInfo InfoOf(Peer peer) => new()
    {
        Number = peer.Id.Number,
        Kind = peer.Kind,
        Stage = peer.Stage,
        Address = peer.Address,
        Node = peer.Node,
        UserAgent = peer.Theirs?.UserAgent ?? "",
        Height = peer.Chain.Best?.Height ?? peer.Theirs?.StartHeight ?? 0,
        Age = parts.Now - peer.Since,
        Ping = peer.PingLast,
        ClockOffsetSeconds = peer.ClockOffsetSeconds,
        ReceivedBytes = peer.Traffic.ReceivedBytes,
        SentBytes = peer.Traffic.SentBytes,
        BlocksInFlight = peer.Chain.InFlight.Count,
        Score = peer.Score,
        IsEncrypted = peer.Link != default,
    };
}
