using System.Net;
using Camelid.Chain.Peers.Limits;
using Camelid.Protocol;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers;

/// <summary>
/// Rule P-32: what a peer does wrong is a <see cref="RuleCode"/> that costs it points; with
/// <see cref="PeerOptions.ScoreMax"/> points its connection ends, and its host is not spoken to for a while.
/// </summary>
internal sealed partial class PeerJudge(PeerParts parts, ILogger<PeerJudge> logger)
{
    /// <summary>Hosts that are not spoken to.</summary>
    public HostList Discouraged { get; } = new(parts.Options.DiscouragedMax);

    private readonly BanFile bans = new(parts.Setting);

    /// <summary>Hosts that the operator has banned.</summary>
    public HostList Banned { get; } = BanFile.Load(parts.Setting);

    /// <summary>Connections ended by us, by why.</summary>
    public Dictionary<RuleCode, long> Ended { get; } = [];

    /// <summary>True where connections from and to a host are refused.</summary>
    public bool IsRefused(PeerAddress address) =>
        Discouraged.Contains(PeerHost.Of(address), parts.Now) || Banned.Contains(PeerHost.Of(address), parts.Now);

    /// <summary>A peer did something wrong.</summary>
    public void Blame(Peer peer, RuleCode code) => Blame(peer, code, Conduct.Points(code));

    /// <summary>A peer sent a block that was refused in its place.</summary>
    public void BlameForBlock(Peer peer, RuleCode code) => Blame(peer, code, Conduct.PointsOfBlock(code));

    private void Blame(Peer peer, RuleCode code, int points)
    {
        if (points == 0 || peer.Stage == PeerStage.Closed)
        {
            return;
        }

        peer.Score += points;
        LogBlamed(peer.Id, peer.Address, code.ToReason(), peer.Score);
        if (peer.Score < parts.Options.ScoreMax)
        {
            return;
        }

        if (peer.Kind != PeerKind.Manual && !IPAddress.IsLoopback(peer.Address.ToEndPoint().Address))
        {
            Discouraged.Add(PeerHost.Of(peer.Address), parts.Now + parts.Options.DiscouragedFor);
        }

        Close(peer, code);
    }

    /// <summary>Ends a connection.</summary>
    public void Close(Peer peer, RuleCode reason)
    {
        if (peer.Stage == PeerStage.Closed)
        {
            return;
        }

        peer.Reason = reason;
        Ended[reason] = Ended.GetValueOrDefault(reason) + 1;
        LogClosed(peer.Id, peer.Address, reason.ToReason());
        parts.Setting.Transport.Close(peer.Id);
        parts.Peers.Close(peer);
    }

    /// <summary>A host is not spoken to for a while; its connections end.</summary>
    public void Ban(PeerHost host, TimeSpan time)
    {
        Banned.Add(host, parts.Now + time);
        foreach (Peer peer in parts.Peers.All.Where(peer => PeerHost.Of(peer.Address) == host).ToArray())
        {
            Close(peer, RuleCode.PeerEndedByOperator);
        }

        bans.Save(Banned, parts.Now);
    }

    /// <summary>A host is spoken to again.</summary>
    /// <returns>False where nothing was held against it.</returns>
    public bool Unban(PeerHost host)
    {
        bool wasBanned = Banned.Remove(host);
        bans.Save(Banned, parts.Now);
        return Discouraged.Remove(host) || wasBanned;
    }

    /// <summary>Forgets hosts whose time is over.</summary>
    public void Expire()
    {
        Discouraged.Expire(parts.Now);
        Banned.Expire(parts.Now);
    }

    [LoggerMessage(1140, LogLevel.Information, "Peer {Peer} {Address}: {Reason}, {Score} points")]
    private partial void LogBlamed(PeerId peer, PeerAddress address, string reason, int score);

    [LoggerMessage(1141, LogLevel.Information, "Peer {Peer} {Address} closed: {Reason}")]
    private partial void LogClosed(PeerId peer, PeerAddress address, string reason);
}
