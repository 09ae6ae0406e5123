using Camelid.Contracts.JobPool.V1;
using Camelid.Dashboard.Jobs;
using Google.Protobuf;

namespace Camelid.Dashboard.Tests.Jobs;

public sealed class ForeignStagesTests
{
    private static readonly string[] Path = ["created", "accepted", "committed", "paid", "delivered", "settled"];

    [Theory]
    [InlineData("created", "pending", "DCWWWWW")]
    [InlineData("accepted", "pending", "DDCWWWW")]
    [InlineData("committed", "pending", "DDDCWWW")]
    [InlineData("paid", "pending", "DDDDCWW")]
    [InlineData("delivered", "pending", "DDDDDCC")]
    [InlineData("settled", "pending", "DDDDDDC")]
    [InlineData("settled", "passed", "DDDDDDD")]
    [InlineData("settled", "failed", "DDDDDDF")]
    [InlineData("settled", "inconclusive", "DDDDDDF")]
    public void A_bought_job_is_paid_before_it_is_delivered_and_verified_last(
        string payment, string verification, string progress) =>
        Assert.Equal(progress, ProgressOf(Job("bought", payment, verification)));

    [Theory]
    [InlineData("bought", "accepted", "expired", "DDFFFFW")]
    [InlineData("bought", "committed", "expired", "DDDFFFW")]
    [InlineData("bought", "paid", "refunded", "DDDDFDW")]
    [InlineData("sold", "paid", "refunded", "DDDDFF")]
    [InlineData("sold", "accepted", "dismissed", "DDFFFF")]
    public void An_end_on_the_way_leaves_the_rest_unreached_and_a_refund_in_the_place_of_the_claim(
        string side, string reached, string end, string progress)
    {
        JobDetails job = Job(side, reached, "pending");
        job.Summary.PaymentState = end;
        job.Transitions.Add(new JobTransition { Facet = "payment", From = reached, To = end, AtUnixMs = 99 });
        job.RefundTxid = ByteString.CopyFrom(new byte[32]);
        Assert.Equal(progress, ProgressOf(job));
        Assert.Equal(end == "refunded", JobStage.Of(job).Any(stage => stage.TransactionName == "refund"));
    }

    [Fact]
    public void An_inconclusive_verification_is_never_called_verified() =>
        Assert.DoesNotContain(
            JobStage.Of(Job("bought", "settled", "inconclusive")), stage => stage.Name is "Verified" or "Refused");

    [Fact]
    public void A_sold_job_has_no_stage_for_what_its_client_does_afterwards() =>
        Assert.Equal("Settled", JobStage.Of(Job("sold", "settled", "pending"))[^1].Name);

    private static string ProgressOf(JobDetails job) =>
        string.Concat(JobStage.Of(job).Select(stage => stage.Progress.ToString()[0]));

    private static JobDetails Job(string side, string payment, string verification)
    {
        JobDetails job = new()
        {
            Summary = new JobSummary
            {
                Side = side, PaymentState = payment, VerificationState = verification, CreatedUnixMs = 1,
            },
        };
        foreach (string state in Path.Skip(1).Take(Array.IndexOf(Path, payment)))
        {
            job.Transitions.Add(new JobTransition { Facet = "payment", To = state, AtUnixMs = 2 });
        }

        if (verification != "pending")
        {
            job.Transitions.Add(new JobTransition { Facet = "verification", To = verification, AtUnixMs = 3 });
        }

        return job;
    }
}
