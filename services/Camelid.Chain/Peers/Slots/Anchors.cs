using Camelid.Protocol.Peers;
using Camelid.Protocol.Peers.Addresses;

namespace Camelid.Chain.Peers.Slots;

/// <summary>
/// Rule P-53: the nodes to which we were connected for blocks alone are connected to first after a start: who could
/// make us start again can't choose our peers by it. Each is tried once.
/// </summary>
internal sealed class Anchors
{
    private const string FileName = "anchors";

    private readonly PeerParts parts;
    private readonly Queue<PeerAddress> left;

    /// <summary>Reads the anchors of the last run; none where their file is damaged.</summary>
    public Anchors(PeerParts parts)
    {
        this.parts = parts;
        AnchorFile.Decode(parts.Setting.Store.Read(FileName), parts.Network, out IReadOnlyList<PeerAddress> read);
        left = new Queue<PeerAddress>(read.Take(parts.Options.AnchorsMax));
    }

    /// <summary>The next one that was not tried; null where there is none.</summary>
    public PeerAddress? Next() => left.TryDequeue(out PeerAddress address) ? address : null;

    /// <summary>Keeps those to which we are connected now.</summary>
    public void Keep() => parts.Setting.Store.Write(FileName, AnchorFile.Encode(
        [
            .. parts.Peers.Ready.Where(peer => peer.Kind == PeerKind.BlocksOnly).Select(peer => peer.Address)
                .Distinct().Take(parts.Options.AnchorsMax),
        ],
        parts.Network));
}
