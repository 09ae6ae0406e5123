using Camelid.Chain.Peers.Limits;

namespace Camelid.Chain.Peers.Relay;

/// <summary>What passes between us and one peer about addresses.</summary>
internal sealed class PeerGossip
{
    /// <summary>Addresses that a peer may tell of at once, without being asked …</summary>
    public const int TellBurst = 10;

    /// <summary>… and so many more in a thousand seconds.</summary>
    public const int TellPerThousandSeconds = 100;

    /// <summary>Addresses that a peer is remembered to know.</summary>
    public const int KnownMax = 1_024;

    /// <summary>Addresses that wait to be told, at most.</summary>
    public const int ToTellMax = 1_000;

    /// <summary>A new connection.</summary>
    public PeerGossip(ulong salt, TimeSpan now)
    {
        Known = new RollingFilter(KnownMax, salt);
        Allowance = TokenBucket.PerThousandSeconds(TellBurst, TellPerThousandSeconds, now);
    }

    /// <summary>Addresses that it told or was told of.</summary>
    public RollingFilter Known { get; }

    /// <summary>Addresses that it may still tell of.</summary>
    public TokenBucket Allowance { get; }

    /// <summary>True once it asked for addresses; it is answered once.</summary>
    public bool HasAsked { get; set; }

    /// <summary>True from our question to its answer.</summary>
    public bool AnswerIsDue { get; set; }

    /// <summary>When our own address is told to it next.</summary>
    public TimeSpan AdvertiseAt { get; set; }

    /// <summary>Addresses to be told.</summary>
    public List<Protocol.Peers.AddressEntry> ToTell { get; } = [];

    /// <summary>When they are told.</summary>
    public TimeSpan TellAt { get; set; }
}
