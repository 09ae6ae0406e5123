using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Protocol;

namespace Camelid.Chain.Peers;

/// <summary>What an engine is given; nothing in it knows a thread, a socket or a file.</summary>
internal sealed record PeerSetting
{
    /// <summary>Who this node is.</summary>
    public required PeerIdentity Identity { get; init; }

    /// <summary>The bounds and times.</summary>
    public required PeerOptions Options { get; init; }

    /// <summary>The chain, to be read.</summary>
    public required ChainState State { get; init; }

    /// <summary>The chain's door for headers and blocks.</summary>
    public required ChainCore Core { get; init; }

    /// <summary>The mempool.</summary>
    public required TransactionPool Pool { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>The source of every choice and nonce: seeded in a simulation.</summary>
    public required Random Random { get; init; }

    /// <summary>What carries the bytes.</summary>
    public required IPeerTransport Transport { get; init; }

    /// <summary>Where addresses are kept.</summary>
    public required IPeerStore Store { get; init; }

    /// <summary>For whom envelopes are that are addressed to this node.</summary>
    public IAddressedMessageHandler? Addressed { get; init; }

    /// <summary>The address that is told to others; null where this node takes no connections from afar.</summary>
    public Protocol.Peers.PeerAddress? PublicAddress { get; init; }

    /// <summary>Where decisions are logged.</summary>
    public required ILoggerFactory Loggers { get; init; }
}

/// <summary>What the parts of one engine share.</summary>
internal sealed class PeerParts
{
    /// <summary>Makes what is shared.</summary>
    public PeerParts(PeerSetting setting)
    {
        Setting = setting;
        Clock = new PeerClock(setting.Time, setting.Options.ClockStepMax);
        Post = new PeerPost(setting.Identity, setting.Options, Peers, setting.Transport);
        Judge = new PeerJudge(this, setting.Loggers.CreateLogger<PeerJudge>());
        Post.Drop = Judge.Close;
    }

    /// <summary>What the engine was given.</summary>
    public PeerSetting Setting { get; }

    /// <summary>The bounds and times.</summary>
    public PeerOptions Options => Setting.Options;

    /// <summary>Who this node is.</summary>
    public PeerIdentity Identity => Setting.Identity;

    /// <summary>The network.</summary>
    public Network Network => Setting.Identity.Network;

    /// <summary>The chain, to be read.</summary>
    public ChainState State => Setting.State;

    /// <summary>The source of every choice.</summary>
    public Random Random => Setting.Random;

    /// <summary>The two times.</summary>
    public PeerClock Clock { get; }

    /// <summary>The present, for time-outs.</summary>
    public TimeSpan Now => Clock.Now;

    /// <summary>The connections.</summary>
    public PeerTable Peers { get; } = new();

    /// <summary>What is sent.</summary>
    public PeerPost Post { get; }

    /// <summary>What is held against peers.</summary>
    public PeerJudge Judge { get; }

    /// <summary>The port on which it listens; 0 where it does not.</summary>
    public ushort ListeningPort { get; set; }

    /// <summary>64 random bits.</summary>
    public ulong Nonce()
    {
        Span<byte> bytes = stackalloc byte[8];
        Random.NextBytes(bytes);
        return BitConverter.ToUInt64(bytes);
    }

    /// <summary>A time with an exponential distribution: no matter how long one waited, the rest is as long.</summary>
    /// <param name="mean">The mean; what is drawn is at most seven times as long.</param>
    public TimeSpan Exponential(TimeSpan mean)
    {
        // -ln(u), in whole thousandths of the mean, so that every machine draws the same.
        double drawn = -Math.Log(1 - Random.NextDouble());
        return TimeSpan.FromMilliseconds(mean.TotalMilliseconds * Math.Round(Math.Min(drawn, 7), 3));
    }
}
