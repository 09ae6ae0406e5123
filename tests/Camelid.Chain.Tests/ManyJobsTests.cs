using System.Diagnostics;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol.Jobs;

namespace Camelid.Chain.Tests;

/// <summary>Jobs at once, and one that is stopped after every step: each is paid once and claimed once.</summary>
public sealed class ManyJobsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-many").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Thirty_two_jobs_at_once_are_each_paid_and_claimed_once()
    {
        await using ChainHost chain = await ChainHost.StartAsync(folder, time);
        Stopwatch watch = Stopwatch.StartNew();
        List<TestJob> jobs = [];
        for (int i = 0; i < 32; i++)
        {
            jobs.Add(await TestJob.MakeAsync(chain, time, i));
        }

        await Task.WhenAll(jobs.Select(job => job.OfferAsync()));
        await Task.WhenAll(jobs.Select(job => job.PayAsync()));
        time.Advance(10);
        await chain.RunAsync();
        await Task.WhenAll(jobs.Select(job => job.ClaimAsync()));
        await chain.RunAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"32 jobs settled in {watch.ElapsedMilliseconds} ms");
        Assert.All(jobs, job => Assert.Equal((1, 1), PaidAndClaimed(chain, job.Id)));
        Assert.Equal(0, chain.Pool.Count);
        Assert.Equal(0, SupplyInvariant.Check(chain).PaymentsGrains);
        BalancesReply balances = await chain.Wallet.GetBalances(new GetBalancesRequest(), new CallContext());
        Assert.Equal((32, 0), (balances.DepositsFree, balances.DepositsOpen));
    }

    [Fact]
    public async Task A_job_whose_node_is_killed_after_every_step_is_paid_and_claimed_once()
    {
        Func<TestJob, ChainHost, Task>[] steps =
        [
            (job, _) => job.OfferAsync(),
            (job, _) => job.AssignAsync(),
            (job, _) => job.PayAsync(),
            (_, chain) => MineAfterAsync(chain, 10),
            (_, chain) => chain.RunAsync(),
            async (job, _) =>
            {
                await job.DemandAsync();
                await job.ClaimAsync();
            },
            (_, chain) => chain.RunAsync(),
        ];
        JobId id = default;
        await using (await ChainHost.StartAsync(folder, time, "Chain:DepositCount=2"))
        {
        }

        uint created = time.UnixSeconds;
        foreach (Func<TestJob, ChainHost, Task> step in steps)
        {
            await using ChainHost chain = await ChainHost.OpenAsync(folder, time, "Chain:DepositCount=2");
            ManualTime then = new(DateTimeOffset.FromUnixTimeSeconds(created));
            TestJob job = await TestJob.MakeAsync(chain, then, 1);
            id = job.Id;
            await step(job, chain);
        }

        await using ChainHost last = await ChainHost.StartAsync(folder, time, "Chain:DepositCount=2");
        Assert.Equal((1, 1), PaidAndClaimed(last, id));
        SupplyInvariant.Check(last);
    }

    private async Task MineAfterAsync(ChainHost chain, double seconds)
    {
        time.Advance(seconds);
        await chain.RunAsync();
    }

    /// <summary>Transactions of the job on the active chain: those that pay, and those that take a payment.</summary>
    private static (int Paid, int Claimed) PaidAndClaimed(ChainHost chain, JobId id)
    {
        Protocol.Transactions.Transaction[] found = [.. chain.BlocksFrom(1)
            .SelectMany(block => block.Transactions).Where(transaction => transaction.JobId == id)];
        int paid = found.Count(transaction => transaction.Outputs.Any(output =>
            Protocol.Scripts.PaymentScript.TryParse(output.Script, out Protocol.Scripts.PaymentScript _)));
        return (paid, found.Length - paid);
    }
}
