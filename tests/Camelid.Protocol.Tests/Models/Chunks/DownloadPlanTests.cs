using Camelid.Protocol.Models.Chunks;

namespace Camelid.Protocol.Tests.Models.Chunks;

/// <summary>Rules J-35 to J-37: whom a download asks for what.</summary>
public sealed class DownloadPlanTests
{
    private const int ChunksCount = 200;
    private static readonly TimeSpan Limit = TimeSpan.FromHours(10);
    private static readonly TimeSpan Now = TimeSpan.FromSeconds(5);

    /// <summary>Rules J-36 and J-37, the scenario: a liar with 5 % wrong chunks and one that dies.</summary>
    [Fact]
    [Trait("Rule", "J-37")]
    public void With_a_liar_and_one_that_dies_no_chunk_comes_more_than_twice()
    {
        int liarsFound = 0;
        for (int seed = 0; seed < 500; seed++)
        {
            Random random = new(seed);
            SwarmRun run = new(seed, new ChunkBits(ChunksCount),
                new SwarmHolder { ChunkTime = Time(random) },
                new SwarmHolder { ChunkTime = Time(random), WrongPerMille = 50 },
                new SwarmHolder { ChunkTime = Time(random), DiesAfter = random.Next(100) });
            Assert.True(run.Run(Limit), $"seed {seed}");
            Assert.True(Enumerable.Range(0, ChunksCount).All(chunk => run.Plan.FetchesOf(chunk) is 1 or 2),
                $"seed {seed}");
            Assert.Equal(HolderFault.None, run.Plan.Of(0).Fault);
            Assert.True(run.Plan.Of(1).Fault is HolderFault.None or HolderFault.WrongChunk);
            liarsFound += run.Plan.Of(1).Fault == HolderFault.WrongChunk ? 1 : 0;
            Assert.True(run.DoubleCount <= 9, $"seed {seed}: {run.DoubleCount} chunks came twice");
        }

        Assert.InRange(liarsFound, 300, 500);
    }

    /// <summary>Rules J-35 and J-36: whatever the others do, one honest holder of everything is enough.</summary>
    [Fact]
    [Trait("Rule", "J-36")]
    public void It_always_ends_where_one_honest_holder_has_everything()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            Random random = new(seed);
            int count = random.Next(1, 300);
            SwarmHolder[] others = [.. Enumerable.Range(0, random.Next(12)).Select(_ => Drawn(random, count))];
            SwarmRun run = new(seed, Some(random, count, random.Next(100)),
                [.. others, new SwarmHolder { ChunkTime = Time(random) }]);
            Assert.True(run.Run(Limit), $"seed {seed}");
            int liars = others.Count(other => other.WrongPerMille > 0);
            for (int chunk = 0; chunk < count; chunk++)
            {
                Assert.True(run.Plan.FetchesOf(chunk) <= 2 + liars, $"seed {seed}");
            }
        }
    }

    [Fact]
    public void The_same_answers_lead_to_the_same_asks()
    {
        SwarmRun[] runs = [.. Enumerable.Range(0, 2).Select(_ => new SwarmRun(7, new ChunkBits(ChunksCount),
            Drawn(new Random(1), ChunksCount), Drawn(new Random(2), ChunksCount),
            new SwarmHolder { ChunkTime = TimeSpan.FromMilliseconds(30) }))];
        Assert.True(runs.All(run => run.Run(Limit)));
        Assert.Equal(runs[0].Now, runs[1].Now);
        Assert.Equal(runs[0].Plan.Holders, runs[1].Plan.Holders);
    }

    /// <summary>Rule J-35: a fast holder brings more, and three bring it sooner than one.</summary>
    [Fact]
    [Trait("Rule", "J-35")]
    public void Work_goes_by_speed()
    {
        SwarmHolder fast = new() { ChunkTime = TimeSpan.FromMilliseconds(20) };
        SwarmHolder slow = new() { ChunkTime = TimeSpan.FromMilliseconds(100) };
        SwarmRun together = new(1, new ChunkBits(ChunksCount), fast, slow, slow);
        SwarmRun alone = new(1, new ChunkBits(ChunksCount), fast);
        Assert.True(together.Run(Limit) && alone.Run(Limit));
        Assert.InRange(together.Plan.Of(0).ProvenCount, 110, 160);
        Assert.InRange(together.Now, TimeSpan.Zero, alone.Now * 0.85);
    }

    /// <summary>Rule J-37: at the end nobody waits for one that crawls.</summary>
    [Fact]
    public void A_crawling_holder_is_overtaken_at_the_end()
    {
        SwarmRun run = new(1, new ChunkBits(ChunksCount),
            new SwarmHolder { ChunkTime = TimeSpan.FromMilliseconds(20) },
            new SwarmHolder { ChunkTime = TimeSpan.FromSeconds(25) });
        Assert.True(run.Run(Limit));
        Assert.InRange(run.Now, TimeSpan.Zero, TimeSpan.FromSeconds(8));
        Assert.True(Enumerable.Range(0, ChunksCount).All(chunk => run.Plan.AsksOf(chunk) <= 2));
    }

    /// <summary>Rule J-35: what only one has is fetched before what all have.</summary>
    [Fact]
    public void The_rarest_chunk_is_asked_for_first()
    {
        DownloadPlan plan = new(new ChunkBits(8));
        ChunkBits without = ChunkBits.Full(8);
        without.Clear(5);
        Assert.True(plan.Join(1, null, 8, Now));
        Assert.True(plan.Join(2, without, 8, Now));
        Assert.Equal(new ChunkAsk(1, 5), plan.Next(Now)[0]);
    }

    /// <summary>Rule J-36: one wrong chunk ends it; its chunks go to another, and it never comes back.</summary>
    [Fact]
    public void A_liar_is_dropped_for_good_and_its_chunks_are_asked_of_another()
    {
        DownloadPlan plan = new(new ChunkBits(2));
        Assert.True(plan.Join(1, null, 8, Now));
        Assert.Equal([new ChunkAsk(1, 0), new ChunkAsk(1, 1)], plan.Next(Now));
        Assert.True(plan.Join(2, null, 8, Now));
        Assert.Empty(plan.Next(Now));
        Assert.True(plan.Receive(1, 0, Now));
        Assert.False(plan.Judge(1, 0, isProven: false));
        Assert.Equal((false, HolderFault.WrongChunk), (plan.Of(1).IsHere, plan.Of(1).Fault));
        Assert.Equal([new ChunkAsk(2, 0), new ChunkAsk(2, 1)], plan.Next(Now));
        Assert.False(plan.Join(1, null, 8, Now));
        Assert.True(plan.Receive(2, 0, Now) && plan.Judge(2, 0, true) && plan.Receive(2, 1, Now));
        Assert.True(plan.Judge(2, 1, true) && plan.IsComplete);
    }

    /// <summary>Rule J-36: what came before its holder was found lying counts where it is proven.</summary>
    [Fact]
    public void A_chunk_under_judgement_stays_claimed_when_its_holder_leaves()
    {
        DownloadPlan plan = new(new ChunkBits(2));
        plan.Join(1, null, 8, Now);
        plan.Next(Now);
        Assert.True(plan.Receive(1, 0, Now) && plan.Receive(1, 1, Now));
        Assert.False(plan.Judge(1, 0, isProven: false));
        plan.Join(2, null, 8, Now);
        Assert.Equal([new ChunkAsk(2, 0)], plan.Next(Now));
        Assert.True(plan.Judge(1, 1, isProven: true));
        Assert.Equal(1, plan.FetchesOf(1));
    }

    [Theory]
    [InlineData(HolderFault.Gone, true)]
    [InlineData(HolderFault.Stalled, true)]
    [InlineData(HolderFault.Busy, true)]
    [InlineData(HolderFault.WrongHead, false)]
    [InlineData(HolderFault.BadMessage, false)]
    public void Who_was_only_away_may_come_back_three_times(HolderFault fault, bool mayReturn)
    {
        DownloadPlan plan = new(new ChunkBits(2));
        Assert.True(plan.Join(1, null, 8, Now));
        for (int departure = 1; departure <= DownloadPlan.DeparturesMax + 1; departure++)
        {
            plan.Leave(1, fault);
            Assert.Equal(mayReturn && departure <= DownloadPlan.DeparturesMax, plan.Join(1, null, 8, Now));
        }
    }

    [Fact]
    public void A_chunk_that_was_not_asked_for_ends_its_holder()
    {
        DownloadPlan plan = new(new ChunkBits(9));
        plan.Join(1, null, 1, Now);
        Assert.Equal([new ChunkAsk(1, 0)], plan.Next(Now));
        Assert.False(plan.Receive(1, 7, Now));
        Assert.Equal(HolderFault.Unasked, plan.Of(1).Fault);
        Assert.Equal(0, plan.FetchesOf(7));
    }

    [Fact]
    public void No_more_than_64_holders_are_kept()
    {
        DownloadPlan plan = new(new ChunkBits(9));
        Assert.All(
            Enumerable.Range(0, DownloadPlan.HoldersMax), number => Assert.True(plan.Join(number, null, 1, Now)));
        Assert.False(plan.Join(DownloadPlan.HoldersMax, null, 1, Now));
        Assert.False(plan.Join(0, new ChunkBits(8), 1, Now));
    }

    /// <summary>Rule J-36: 30 s without an answer, counted from the last one.</summary>
    [Fact]
    public void Silence_is_counted_from_the_last_answer()
    {
        DownloadPlan plan = new(new ChunkBits(9));
        plan.Join(1, null, 2, Now);
        plan.Next(Now);
        TimeSpan later = Now + TimeSpan.FromSeconds(29);
        Assert.True(plan.Receive(1, 0, later));
        Assert.Empty(plan.LeaveOverdue(later + DownloadPlan.StallAfter));
        Assert.Equal([1], plan.LeaveOverdue(later + DownloadPlan.StallAfter + TimeSpan.FromTicks(1)));
    }

    private static TimeSpan Time(Random random) => TimeSpan.FromMilliseconds(random.Next(5, 400));

    private static SwarmHolder Drawn(Random random, int count) => random.Next(6) switch
    {
        0 => new SwarmHolder { ChunkTime = Time(random), WrongPerMille = random.Next(1, 1001) },
        1 => new SwarmHolder { ChunkTime = Time(random), DiesAfter = random.Next(50) },
        2 => new SwarmHolder { ChunkTime = Time(random), SilentAfter = random.Next(50) },
        3 => new SwarmHolder { ChunkTime = Time(random), Has = Some(random, count, random.Next(100)) },
        4 => new SwarmHolder { ChunkTime = Time(random), LacksPerMille = random.Next(1, 500) },
        _ => new SwarmHolder { ChunkTime = TimeSpan.FromSeconds(random.Next(1, 29)) },
    };

    private static ChunkBits Some(Random random, int count, int percent)
    {
        ChunkBits bits = new(count);
        for (int chunk = 0; chunk < count; chunk++)
        {
            if (random.Next(100) < percent)
            {
                bits.Set(chunk);
            }
        }

        return bits;
    }
}
