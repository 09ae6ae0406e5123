using Camelid.JobPool.Jobs;
using Camelid.JobPool.Telemetry;
using Google.Protobuf;

namespace Camelid.JobPool.Trade;

/// <summary>
/// Why a message of another operator's node is refused. Names are stable: logs and metrics carry them.
/// </summary>
internal enum TradeFault
{
    /// <summary>None.</summary>
    Unset = 0,

    /// <summary>Not in canonical form.</summary>
    Malformed = 1,

    /// <summary>Made for another network.</summary>
    OtherNetwork = 2,

    /// <summary>About a job that this node has not, or not with the sender.</summary>
    OtherJob = 3,

    /// <summary>Not signed by the stake or the client that it names.</summary>
    WrongSignature = 4,

    /// <summary>Not sealed to a stake of this node.</summary>
    NotSealedHere = 5,

    /// <summary>A commitment that can't be paid: its testament, stake or ciphertext is not as it must be.</summary>
    BadCommitment = 6,

    /// <summary>More than a node or client may send or ask for.</summary>
    TooMany = 7,
}

/// <summary>
/// What is held against other operators' nodes. What no honest node sends costs much, what an old or unlucky one may
/// send costs little; with too many points a node is not listened to for a while. In memory, and bounded.
/// </summary>
internal sealed partial class NodeConduct(JobMetrics metrics, TimeProvider time, ILogger<NodeConduct> logger)
{
    /// <summary>Nodes that are remembered; where more come, the longest quiet ones are forgotten.</summary>
    public const int NodesMax = 4_096;

    /// <summary>Points from which on a node is not listened to.</summary>
    public const int PointsMax = 100;

    /// <summary>Messages of one node in a minute.</summary>
    public const int MessagesPerMinute = 2_000;

    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);

    private readonly Lock gate = new();
    private readonly Dictionary<ByteString, Record> records = [];

    /// <summary>A message came; false where it is not to be read.</summary>
    public bool Admit(ByteString node)
    {
        lock (gate)
        {
            Record record = Of(node);
            if (record.Points >= PointsMax)
            {
                return false;
            }

            TimeSpan now = Now;
            if (now - record.MinuteBegan >= TimeSpan.FromMinutes(1))
            {
                (record.MinuteBegan, record.Messages) = (now, 0);
            }

            if (++record.Messages <= MessagesPerMinute)
            {
                return true;
            }
        }

        Refuse(node, "message", TradeFault.TooMany, $"more than {MessagesPerMinute} in a minute");
        return false;
    }

    /// <summary>A message is refused.</summary>
    /// <param name="node">Whose it is.</param>
    /// <param name="what">What it was to be.</param>
    /// <param name="fault">What is wrong.</param>
    /// <param name="detail">The same for people.</param>
    public void Refuse(ByteString node, string what, TradeFault fault, string detail)
    {
        int points;
        lock (gate)
        {
            Record record = Of(node);
            record.Points += PointsOf(fault);
            record.Seen = Now;
            points = record.Points;
        }

        string code = JobFacets.NameOf(fault);
        metrics.Refused(code);
        LogRefused(what, Convert.ToHexStringLower(node.Span), code, detail, points);
    }

    /// <summary>Nodes that are remembered.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return records.Count;
            }
        }
    }

    private TimeSpan Now => time.GetElapsedTime(0, time.GetTimestamp());

    private static int PointsOf(TradeFault fault) => fault switch
    {
        TradeFault.Malformed or TradeFault.WrongSignature or TradeFault.OtherNetwork => 25,
        TradeFault.BadCommitment => 50,
        TradeFault.NotSealedHere or TradeFault.OtherJob => 2,
        _ => 1,
    };

    private Record Of(ByteString node)
    {
        TimeSpan now = Now;
        if (records.TryGetValue(node, out Record? known))
        {
            if (now - known.Seen >= Memory)
            {
                known.Points = 0;
            }

            known.Seen = known.Points == 0 ? now : known.Seen;
            return known;
        }

        if (records.Count >= NodesMax)
        {
            foreach (ByteString quiet in records.OrderBy(pair => pair.Value.Seen).Take(NodesMax / 8)
                .Select(pair => pair.Key).ToArray())
            {
                records.Remove(quiet);
            }
        }

        return records[node] = new Record { Seen = now, MinuteBegan = now };
    }

    private sealed class Record
    {
        public int Points { get; set; }

        public TimeSpan Seen { get; set; }

        public TimeSpan MinuteBegan { get; set; }

        public int Messages { get; set; }
    }

    [LoggerMessage(2057, LogLevel.Warning,
        "A {What} of node {Node} is refused: {Code}, {Detail}; {Points} points are held against it")]
    private partial void LogRefused(string what, string node, string code, string detail, int points);
}
