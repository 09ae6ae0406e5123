using Camelid.Contracts.JobPool.V1;
using Camelid.Gateway.Errors;
using Camelid.Gateway.Jobs;
using Camelid.Gateway.Tests.Completions;

namespace Camelid.Gateway.Tests.Jobs;

public sealed class JobEndingTests
{
    private const string Money = "No money moved: the deposit is free again.";

    [Theory]
    [InlineData("created", "deadline-passed", "no worker took it", 503, "job_lapsed")]
    [InlineData("accepted", "deadline-passed", "no testament came", 503, "worker_lost")]
    [InlineData("committed", "testament-expired", "no payment was mined", 503, "job_lapsed")]
    [InlineData("paid", "refund-mined", "no claim was made", 503, "worker_lost")]
    [InlineData("created", "withdrawn", "worker-refused: busy", 503, "worker_refused")]
    [InlineData("accepted", "withdrawn", "commitment-refused: another key", 502, "commitment_refused")]
    [InlineData("committed", "payment-mined", "wrong-key: the claim's key does not open", 502, "wrong_key")]
    [InlineData("accepted", "withdrawn", "no worker can run the job: x", 503, "worker_lost")]
    [InlineData("accepted", "withdrawn", "the client cancelled the job before its first token", 409, "cancelled")]
    [InlineData("committed", "output-rejected", "verification-failed: position 3", 502, "job_failed")]
    [InlineData("paid", "stake-slashed", "the key opened another text", 502, "job_failed")]
    public void An_end_without_an_answer_names_the_job_the_reason_and_the_money(
        string from, string cause, string failure, int status, string code)
    {
        ApiError error = JobEnding.ErrorOf(
            new JobDetails
            {
                Summary = new JobSummary { JobId = SampleRequest.Hash(7), PaymentState = "expired", Money = Money },
                Transitions =
                {
                    new JobTransition { Facet = "payment", From = from, To = "expired", Cause = cause },
                    new JobTransition { Facet = "verification", From = "pending", To = "inconclusive" },
                },
            },
            failure);
        Assert.Equal((status, code), (error.Status, error.Code));
        Assert.Contains(string.Concat(Enumerable.Repeat("07", 32)), error.Message, StringComparison.Ordinal);
        Assert.Contains(failure, error.Message, StringComparison.Ordinal);
        Assert.Contains(Money, error.Message, StringComparison.Ordinal);
    }
}
