using System.Net;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Host;

/// <summary>Configuration section <c>Chain</c>, as far as it is about peers.</summary>
internal sealed record PeerConfiguration
{
    /// <summary>Most bytes in a second that a limit may say, in kilobytes.</summary>
    private const int KilobytesMax = 1_000_000;

    /// <summary>
    /// Where to listen for peers, such as <c>0.0.0.0:8633</c> or <c>[::]:8633</c>; several are separated by commas. An
    /// address that cannot be had ends the start.
    /// </summary>
    public string Listen { get; init; } = "";

    /// <summary>
    /// Where <see cref="Listen"/> is empty: the port on loopback to listen on, 0 for any free one; null not to listen.
    /// One that is taken is done without.
    /// </summary>
    public int? PeerPort { get; init; }

    /// <summary>Nodes to be connected to, host:port, separated by commas.</summary>
    public string Connect { get; init; } = "";

    /// <summary>Nodes that are asked for addresses where none are known, host:port, separated by commas.</summary>
    public string SeedNodes { get; init; } = "";

    /// <summary>
    /// True where connections are opened to nodes that others tell of; unset: unless <see cref="Connect"/> says whom to
    /// connect to.
    /// </summary>
    public bool? Discover { get; init; }

    /// <summary>The address that others are told, ip:port; empty where this node cannot be reached from afar.</summary>
    public string PublicAddress { get; init; } = "";

    /// <summary>
    /// Rule P-22: true encrypts the connections that this node opens, and opens none that can't be. What others open
    /// may be encrypted or not.
    /// </summary>
    public bool EncryptPeers { get; init; } = true;

    /// <summary>True takes no connection that is not encrypted.</summary>
    public bool RequireEncryption { get; init; }

    /// <summary>Most connections that others open.</summary>
    public int InboundMax { get; init; } = 117;

    /// <summary>Kilobytes in a second that one peer is served, 0 for any number.</summary>
    public int UploadPerPeerKilobytes { get; init; }

    /// <summary>The same for all peers together.</summary>
    public int UploadKilobytes { get; init; }

    /// <summary>Kilobytes in a second that one peer may send, 0 for any number.</summary>
    public int DownloadPerPeerKilobytes { get; init; }

    /// <summary>The same for all peers together.</summary>
    public int DownloadKilobytes { get; init; }

    /// <summary>The names in <see cref="Connect"/>.</summary>
    public IReadOnlyList<string> ConnectNames => Split(Connect);

    /// <summary>The names in <see cref="SeedNodes"/>.</summary>
    public IReadOnlyList<string> SeedNames => Split(SeedNodes);

    /// <summary>The engine's bounds for this configuration.</summary>
    /// <exception cref="InvalidOperationException">A value is out of range; the message names it.</exception>
    public PeerOptions ToOptions(Network network)
    {
        Check(InboundMax is >= 0 and <= 1_000, "InboundMax: 0 … 1,000");
        Check(ConnectNames.Count <= new PeerOptions().ManualMax, "Connect: too many nodes");
        return PeerOptions.For(network) with
        {
            InboundMax = InboundMax,
            Discovers = Discover ?? ConnectNames.Count == 0,
            UploadPerPeer = BytesOf(UploadPerPeerKilobytes, "UploadPerPeerKilobytes"),
            UploadTotal = BytesOf(UploadKilobytes, "UploadKilobytes"),
            DownloadPerPeer = BytesOf(DownloadPerPeerKilobytes, "DownloadPerPeerKilobytes"),
            DownloadTotal = BytesOf(DownloadKilobytes, "DownloadKilobytes"),
        };
    }

    /// <summary>Which links are opened and taken.</summary>
    /// <exception cref="InvalidOperationException">The two settings contradict each other.</exception>
    public LinkTerms ToLinkTerms(Network network, ISecp256k1 curve)
    {
        Check(EncryptPeers || !RequireEncryption, "RequireEncryption: not together with EncryptPeers=false");
        return new LinkTerms(network, curve) { Encrypts = EncryptPeers, TakesEncryptedOnly = RequireEncryption };
    }

    /// <summary>Where to listen.</summary>
    /// <exception cref="InvalidOperationException">A value is no address.</exception>
    public IReadOnlyList<IPEndPoint> ToEndPoints()
    {
        if (Listen.Length == 0)
        {
            Check(PeerPort is null or (>= 0 and <= 65_535), "PeerPort: 0 … 65,535");
            return PeerPort is { } port ? [new IPEndPoint(IPAddress.Loopback, port)] : [];
        }

        List<IPEndPoint> endPoints = [];
        foreach (string text in Split(Listen))
        {
            Check(IPEndPoint.TryParse(text, out IPEndPoint? endPoint) && text.Contains(':', StringComparison.Ordinal),
                $"Listen: '{text}' is not like 0.0.0.0:8633");
            endPoints.Add(endPoint!);
        }

        return endPoints;
    }

    /// <summary>The address that others are told.</summary>
    /// <exception cref="InvalidOperationException">It is no address.</exception>
    public PeerAddress? ToPublicAddress()
    {
        Check(PublicAddress.Length == 0 || PeerAddress.TryParse(PublicAddress, out PeerAddress _),
            $"PublicAddress: '{PublicAddress}' is not like 192.0.2.1:8633");
        return PeerAddress.TryParse(PublicAddress, out PeerAddress address) ? address : null;
    }

    private static string[] Split(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static long BytesOf(int kilobytes, string name)
    {
        Check(kilobytes is >= 0 and <= KilobytesMax, $"{name}: 0 … 1,000,000");
        return kilobytes * 1_000L;
    }

    private static void Check(bool isGood, string what)
    {
        if (!isGood)
        {
            throw new InvalidOperationException($"{ChainOptions.Section}:{what}");
        }
    }
}
