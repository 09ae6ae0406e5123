using Camelid.Protocol.Models.Chunks;

namespace Camelid.Protocol.Tests.Models.Chunks;

/// <summary>How a holder of a simulated download behaves.</summary>
internal sealed record SwarmHolder
{
    public required TimeSpan ChunkTime { get; init; }

    /// <summary>Of a thousand chunks, so many are wrong.</summary>
    public int WrongPerMille { get; init; }

    /// <summary>Leaves after so many chunks, with the next one half sent.</summary>
    public int? DiesAfter { get; init; }

    /// <summary>Answers nothing after so many chunks.</summary>
    public int? SilentAfter { get; init; }

    /// <summary>Which chunks it has; null for all.</summary>
    public ChunkBits? Has { get; init; }

    /// <summary>Says that it has not so many of a thousand chunks that it announced.</summary>
    public int LacksPerMille { get; init; }

    public bool IsHonest => WrongPerMille == 0 && DiesAfter is null && SilentAfter is null && LacksPerMille == 0
        && Has is null;
}

/// <summary>A download in virtual time: every holder serves one ask after the other.</summary>
internal sealed class SwarmRun
{
    private const int WindowMax = 8;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private readonly Random random;
    private readonly SwarmHolder[] holders;
    private readonly Queue<int>[] queues;
    private readonly TimeSpan?[] busyUntil;
    private readonly int[] served;
    private readonly HashSet<int> dropped = [];

    public SwarmRun(int seed, ChunkBits have, params SwarmHolder[] holders)
    {
        (random, this.holders, Plan) = (new Random(seed), holders, new DownloadPlan(have));
        queues = [.. holders.Select(_ => new Queue<int>())];
        (busyUntil, served) = (new TimeSpan?[holders.Length], new int[holders.Length]);
        for (int i = 0; i < holders.Length; i++)
        {
            Assert.True(Plan.Join(i, holders[i].Has, WindowMax, TimeSpan.Zero));
        }
    }

    public DownloadPlan Plan { get; }

    public TimeSpan Now { get; private set; }

    /// <summary>Chunks that came twice although nobody lied about them.</summary>
    public int DoubleCount { get; private set; }

    /// <summary>Runs until all is there, or nobody is left to be asked.</summary>
    public bool Run(TimeSpan limit)
    {
        TimeSpan nextTick = Tick;
        Ask();
        while (!Plan.IsComplete && Plan.HasHolders && Now < limit)
        {
            int first = -1;
            for (int i = 0; i < holders.Length; i++)
            {
                if (busyUntil[i] is { } until && (first < 0 || until < busyUntil[first]))
                {
                    first = i;
                }
            }

            if (first < 0 || busyUntil[first] > nextTick)
            {
                Now = nextTick;
                nextTick += Tick;
                foreach (int overdue in Plan.LeaveOverdue(Now))
                {
                    Drop(overdue);
                }
            }
            else
            {
                Now = busyUntil[first]!.Value;
                Serve(first);
            }

            Ask();
        }

        return Plan.IsComplete;
    }

    private void Ask()
    {
        foreach (ChunkAsk ask in Plan.Next(Now))
        {
            Assert.DoesNotContain(ask.Holder, dropped);
            Assert.True(holders[ask.Holder].Has is not { } has || has[ask.Chunk]);
            Assert.InRange(Plan.Of(ask.Holder).AskedCount, 1, WindowMax);
            queues[ask.Holder].Enqueue(ask.Chunk);
            busyUntil[ask.Holder] ??= IsSilent(ask.Holder) ? null : Now + holders[ask.Holder].ChunkTime;
        }
    }

    private bool IsSilent(int holder) => served[holder] >= holders[holder].SilentAfter;

    private void Serve(int holder)
    {
        int chunk = queues[holder].Dequeue();
        if (served[holder] == holders[holder].DiesAfter)
        {
            Plan.Leave(holder, HolderFault.Gone);
            Drop(holder);
            return;
        }

        served[holder]++;
        if (random.Next(1000) < holders[holder].LacksPerMille)
        {
            Plan.Lack(holder, chunk);
        }
        else
        {
            DoubleCount += Plan.FetchesOf(chunk) > 0 ? 1 : 0;
            Assert.True(Plan.Receive(holder, chunk, Now));
            bool isProven = random.Next(1000) >= holders[holder].WrongPerMille;
            Plan.Judge(holder, chunk, isProven);
            if (!isProven)
            {
                Drop(holder);
                return;
            }
        }

        busyUntil[holder] = queues[holder].Count == 0 || IsSilent(holder) ? null : Now + holders[holder].ChunkTime;
    }

    private void Drop(int holder)
    {
        Assert.False(Plan.Of(holder).IsHere);
        dropped.Add(holder);
        queues[holder].Clear();
        busyUntil[holder] = null;
    }
}
