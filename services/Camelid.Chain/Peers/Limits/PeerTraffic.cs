namespace Camelid.Chain.Peers.Limits;

/// <summary>What goes over one connection: counts, rates, and what is due.</summary>
internal sealed class PeerTraffic
{
    /// <summary>What messages cost that are cheap to send and dear to answer: this much at once …</summary>
    public const int WorkBurst = 1_000;

    /// <summary>… and so much in a second; who sends more is read slower.</summary>
    public const int WorkPerSecond = 200;

    private readonly TokenBucket work;
    private readonly TokenBucket? download;
    private readonly TokenBucket? upload;

    /// <summary>A new connection.</summary>
    public PeerTraffic(PeerOptions options, TimeSpan now)
    {
        work = TokenBucket.PerSecond(WorkBurst, WorkPerSecond, now);
        download = Bucket(options.DownloadPerPeer, now);
        upload = Bucket(options.UploadPerPeer, now);
        LastReceivedAt = now;
        LastTakenAt = now;
    }

    /// <summary>Bytes received.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>Bytes handed to the transport.</summary>
    public long SentBytes { get; private set; }

    /// <summary>Frames received.</summary>
    public long ReceivedFrames { get; set; }

    /// <summary>When bytes came last.</summary>
    public TimeSpan LastReceivedAt { get; private set; }

    /// <summary>By when the unfinished frame must be complete; null where none has begun.</summary>
    public TimeSpan? FrameDueAt { get; set; }

    /// <summary>When the peer last took bytes that waited, or none waited.</summary>
    public TimeSpan LastTakenAt { get; private set; }

    private long takenBytes;

    /// <summary>A bucket for a rate, which holds a second's worth; null for 0, which means any number.</summary>
    public static TokenBucket? Bucket(long perSecond, TimeSpan now) =>
        perSecond <= 0 ? null : TokenBucket.PerSecond(Math.Min(perSecond, 1_000_000_000), perSecond, now);

    /// <summary>Counts received bytes.</summary>
    public void Received(int bytes, TimeSpan now)
    {
        ReceivedBytes += bytes;
        LastReceivedAt = now;
        download?.Take(bytes, now);
    }

    /// <summary>Counts bytes handed over.</summary>
    public void Sent(int bytes) => SentBytes += bytes;

    /// <summary>Counts bytes of what a peer asked for.</summary>
    public void Served(int bytes, TimeSpan now) => upload?.Take(bytes, now);

    /// <summary>Counts what a message costs.</summary>
    public void Cost(int units, TimeSpan now) => work.Take(units, now);

    /// <summary>How long to read no further, by what it cost so far.</summary>
    public TimeSpan ReadPause(TimeSpan now)
    {
        TimeSpan pause = work.Debt(now);
        TimeSpan bytes = download?.Debt(now) ?? TimeSpan.Zero;
        return pause > bytes ? pause : bytes;
    }

    /// <summary>True where the peer may be served now.</summary>
    public bool MayServe(TimeSpan now) => upload is null || upload.Debt(now) == TimeSpan.Zero;

    /// <summary>Notes how much waits on this side.</summary>
    public void Waiting(long queuedBytes, TimeSpan now)
    {
        long taken = SentBytes - queuedBytes;
        if (queuedBytes == 0 || taken > takenBytes)
        {
            LastTakenAt = now;
        }

        takenBytes = taken;
    }
}
