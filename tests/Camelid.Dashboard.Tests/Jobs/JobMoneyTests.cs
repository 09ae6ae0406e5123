using Camelid.Contracts.JobPool.V1;
using Camelid.Dashboard.Jobs;

namespace Camelid.Dashboard.Tests.Jobs;

public sealed class JobMoneyTests
{
    private static readonly string[] States =
    [
        "created", "accepted", "committed", "paid", "delivered", "settled", "expired", "refunded", "slashed",
        "dismissed",
    ];

    [Theory]
    [InlineData("own")]
    [InlineData("bought")]
    [InlineData("sold")]
    public void Every_state_of_every_side_has_a_sentence(string side)
    {
        foreach (string state in States)
        {
            string sentence = JobMoney.Of(Job(side, state));
            Assert.EndsWith(".", sentence, StringComparison.Ordinal);
            Assert.DoesNotContain("unknown", sentence, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("bought", "expired", "No money moved: the time ran out, and your deposit is free again.")]
    [InlineData("sold", "expired", "No money moved: the time ran out, and the client's deposit is free again.")]
    [InlineData("bought", "refunded", "Your payment of 0.00007 CML came back to you: the worker never took it.")]
    [InlineData("sold", "refunded", "The client took 0.00007 CML back after the refund time: you were not paid.")]
    [InlineData("sold", "settled", "0.00007 CML is yours.")]
    public void The_sentence_says_whose_it_is(string side, string state, string sentence) =>
        Assert.Equal(sentence, JobMoney.Of(Job(side, state)));

    [Fact]
    public void An_inconclusive_verification_changes_nothing_about_the_money()
    {
        JobDetails job = Job("bought", "settled");
        job.Summary.VerificationState = "inconclusive";
        Assert.StartsWith(JobMoney.Of(Job("bought", "settled")), JobMoney.Of(job), StringComparison.Ordinal);
        Assert.Contains("no money depends on that", JobMoney.Of(job), StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_job_pool_says_comes_first()
    {
        JobDetails job = Job("bought", "paid");
        job.Summary.Money = "It is in the post.";
        Assert.Equal("It is in the post.", JobMoney.Of(job));
    }

    private static JobDetails Job(string side, string state) => new()
    {
        Summary = new JobSummary { Side = side, PaymentState = state, PaymentGrains = 7000 },
    };
}
