namespace Camelid.Protocol.Models.Chunks;

/// <summary>What a plan knows of one holder of chunks.</summary>
internal sealed class HolderState(int number)
{
    private readonly Dictionary<int, TimeSpan> asked = [];

    public int Number { get; } = number;

    public bool IsHere { get; set; }

    public HolderFault Fault { get; set; }

    public int Departures { get; set; }

    public int ProvenCount { get; set; }

    /// <summary>Which chunks it has; null for all.</summary>
    public ChunkBits? Has { get; set; }

    public int WindowMax { get; set; } = 1;

    public int Window { get; set; } = 1;

    /// <summary>Smoothed time of a chunk; zero before the first one.</summary>
    public TimeSpan ChunkTime { get; private set; }

    public IReadOnlyDictionary<int, TimeSpan> Asked => asked;

    public bool HasRoom => IsHere && asked.Count < Window;

    private TimeSpan LastAnswer { get; set; }

    public bool MayHave(int chunk) => Has is null || Has[chunk];

    public void Begin(ChunkBits? has, int windowMax, TimeSpan now)
    {
        (IsHere, Fault, Has, WindowMax, LastAnswer) = (true, HolderFault.None, has?.Copy(), windowMax, now);
        Window = Math.Min(DownloadPlan.WindowFirst, windowMax);
    }

    public void Ask(int chunk, TimeSpan now) => asked.Add(chunk, now);

    public bool Forget(int chunk) => asked.Remove(chunk);

    public void ForgetAll() => asked.Clear();

    /// <summary>Learns how fast the holder is: a quick one is asked for more at once, a slow one for less.</summary>
    public bool Receive(int chunk, TimeSpan now)
    {
        if (!asked.Remove(chunk, out TimeSpan at))
        {
            return false;
        }

        TimeSpan served = now - (at > LastAnswer ? at : LastAnswer);
        ChunkTime = ChunkTime == TimeSpan.Zero ? served : new TimeSpan(((3 * ChunkTime.Ticks) + served.Ticks) / 4);
        LastAnswer = now;
        TimeSpan waited = now - at;
        Window = waited <= DownloadPlan.QuickAnswer ? Math.Min(Window + 1, WindowMax)
            : waited > DownloadPlan.SlowAnswer ? Math.Max(1, Window / 2) : Window;
        return true;
    }

    /// <summary>True where it was asked for something, and nothing came for too long.</summary>
    public bool IsOverdue(TimeSpan now)
    {
        if (!IsHere || asked.Count == 0)
        {
            return false;
        }

        TimeSpan oldest = asked.Values.Min();
        return now - (oldest > LastAnswer ? oldest : LastAnswer) > DownloadPlan.StallAfter;
    }

    /// <summary>When all that it was asked for can be expected to have come; null where nothing came yet.</summary>
    public TimeSpan? ExpectedEnd() => ChunkTime == TimeSpan.Zero
        ? null
        : LastAnswer + new TimeSpan(ChunkTime.Ticks * asked.Count);
}

/// <summary>What a plan says of one holder.</summary>
/// <param name="Number">Its number.</param>
/// <param name="IsHere">True while it can be asked.</param>
/// <param name="Fault">What is held against it.</param>
/// <param name="ProvenCount">Chunks that it sent and proved.</param>
/// <param name="AskedCount">Chunks that it was asked for and has not sent.</param>
public readonly record struct HolderView(
    int Number, bool IsHere, HolderFault Fault, int ProvenCount, int AskedCount);
