using Camelid.JobPool.Jobs;
using Camelid.JobPool.Rpc;
using Camelid.Protocol.Jobs;

namespace Camelid.JobPool.Tests.Rpc;

/// <summary>Whose money is where, in a plain sentence for every state of a job.</summary>
public sealed class MoneyStoryTests
{
    [Theory]
    [InlineData(JobSide.Own)]
    [InlineData(JobSide.Bought)]
    [InlineData(JobSide.Sold)]
    public void Every_state_of_every_side_has_a_sentence(string side)
    {
        foreach (PaymentState state in Enum.GetValues<PaymentState>().Where(state => state != PaymentState.Unset))
        {
            Assert.EndsWith(".", MoneyStory.Of(Row(side, JobFacets.NameOf(state))), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(JobSide.Bought, "expired", "No money moved: our deposit is free again, less the fee of the offer.")]
    [InlineData(JobSide.Sold, "expired", "No money moved: the client keeps its deposit.")]
    [InlineData(JobSide.Bought, "refunded", "0.00007 CML are our client's again, less a fee.")]
    [InlineData(JobSide.Sold, "refunded", "0.00007 CML are the client's again, less a fee.")]
    [InlineData(JobSide.Sold, "settled", "0.00007 CML are ours, less the fee of the claim.")]
    public void The_sentence_says_whose_it_is(string side, string state, string sentence) =>
        Assert.Equal(sentence, MoneyStory.Of(Row(side, state)));

    [Fact]
    public void An_expired_job_with_a_signed_payment_does_not_say_that_nothing_moved() => Assert.DoesNotContain(
        "No money moved", MoneyStory.Of(Row(JobSide.Bought, "expired") with { PaymentTxid = [1] }),
        StringComparison.Ordinal);

    [Fact]
    public void An_inconclusive_verification_changes_nothing_about_the_money()
    {
        JobRow settled = Row(JobSide.Bought, "settled");
        string story = MoneyStory.Of(settled with { VerificationState = "inconclusive" });
        Assert.StartsWith(MoneyStory.Of(settled), story, StringComparison.Ordinal);
        Assert.Contains("no money depends on that", story, StringComparison.Ordinal);
    }

    private static JobRow Row(string side, string state) => new()
    {
        JobId = new string('1', 64),
        RequestKey = "key",
        PaymentState = state,
        VerificationState = "pending",
        Parameters = [],
        ModelRoot = [],
        Nonce = [],
        Side = side,
        PaymentGrains = 7000,
    };
}
