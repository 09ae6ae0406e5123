using Camelid.Contracts.JobPool.V1;
using Camelid.Dashboard.Jobs;
using Google.Protobuf;

namespace Camelid.Dashboard.Tests.Jobs;

public sealed class JobStageTests
{
    [Theory]
    [InlineData("created", "pending", "DCWWWW")]
    [InlineData("accepted", "pending", "DCWWWW")]
    [InlineData("committed", "pending", "DDDCWW")]
    [InlineData("committed", "passed", "DDDDCW")]
    [InlineData("paid", "passed", "DDDDDC")]
    [InlineData("delivered", "passed", "DDDDDC")]
    [InlineData("settled", "passed", "DDDDDD")]
    [InlineData("committed", "failed", "DDDFCW")]
    [InlineData("expired", "pending", "DFFFFF")]
    [InlineData("refunded", "passed", "DDDDDF")]
    public void The_path_shows_what_was_reached_what_is_under_way_and_what_never_will_be(
        string payment, string verification, string progress)
    {
        IReadOnlyList<JobStage> stages = JobStage.Of(Job(payment, verification));
        Assert.Equal(progress, string.Concat(stages.Select(stage => stage.Progress.ToString()[0])));
    }

    [Fact]
    public void Each_transaction_stands_at_its_stage_as_explorers_show_it()
    {
        JobDetails job = Job("settled", "passed");
        job.OfferTxid = Hash(1);
        job.Summary.PaymentTxid = Hash(2);
        job.ClaimTxid = Hash(3);
        job.PaymentHeight = 20;
        job.ClaimHeight = 22;
        IReadOnlyList<JobStage> stages = JobStage.Of(job);
        Assert.Equal(
            [("offer", 0), ("payment", 20), ("claim", 22)],
            stages.Where(stage => stage.Txid is not null).Select(stage => (stage.TransactionName, stage.Height)));
        Assert.Equal("02" + new string('0', 60) + "ff", stages[4].Txid);
    }

    [Fact]
    public void A_refused_answer_is_never_called_verified() =>
        Assert.DoesNotContain(JobStage.Of(Job("committed", "failed")), stage => stage.Name == "Verified");

    /// <summary>A hash whose last byte in display is ff.</summary>
    private static ByteString Hash(byte last)
    {
        byte[] bytes = new byte[32];
        bytes[0] = 0xff;
        bytes[31] = last;
        return ByteString.CopyFrom(bytes);
    }

    private static JobDetails Job(string payment, string verification)
    {
        JobDetails job = new()
        {
            Summary = new JobSummary
            {
                CreatedUnixMs = 1_790_000_000_000,
                PaymentState = payment,
                VerificationState = verification,
            },
        };
        string[] path = payment switch
        {
            "expired" => ["created", "expired"],
            "refunded" => ["created", "accepted", "committed", "paid", "refunded"],
            _ => ["created", "accepted", "committed", "paid", "delivered", "settled"],
        };
        for (int index = 1; index <= Array.IndexOf(path, payment); index++)
        {
            job.Transitions.Add(Change("payment", path[index - 1], path[index], index));
        }

        if (verification != "pending")
        {
            job.Transitions.Add(Change("verification", "pending", verification, path.Length));
        }

        return job;
    }

    private static JobTransition Change(string facet, string from, string to, int second) => new()
    {
        Facet = facet,
        From = from,
        To = to,
        AtUnixMs = 1_790_000_000_000 + (second * 1000),
    };
}
