using Camelid.Contracts.Chain.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;

namespace Camelid.JobPool.Tests.Steps;

/// <summary>
/// A signed payment decides over its job as long as it can be mined, whatever the clock says: found by the simulation
/// of a partition, where jobs expired with their money in the chain.
/// </summary>
public sealed class UnminedTests
{
    private const long Expiry = 2_000_000_000;

    private static readonly JobRow Committed = new()
    {
        JobId = new string('1', 64),
        RequestKey = "key",
        PaymentState = "committed",
        VerificationState = "passed",
        IsOpen = 1,
        Parameters = [],
        ModelRoot = [],
        Nonce = [],
        TestamentExpiry = Expiry,
        PaymentTxid = [1],
    };

    private static readonly JobRow Closed = Committed with { PaymentState = "expired", IsOpen = 0 };

    /// <summary>Confirmations of the payment; -1 where it neither waits nor is in a block.</summary>
    public static TheoryData<string, int, bool, string> Cases => new()
    {
        { "committed", -1, false, "" },
        { "committed", -1, true, "expired" },
        { "committed", 0, true, "" },
        { "committed", 1, true, "paid" },
        { "expired", -1, true, "" },
        { "expired", 0, true, "" },
        { "expired", 1, true, "paid" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_job_expires_only_where_its_payment_is_gone_and_is_paid_once_a_block_holds_it(
        string state, int confirmations, bool isOver, string becomes)
    {
        TransactionReply? payment =
            confirmations < 0 ? null : new TransactionReply { Confirmations = confirmations };
        JobRow row = state == "expired" ? Closed : Committed;
        JobChange? change = PaymentSteps.Unmined(row, payment, (Expiry * 1000) - (isOver ? 0 : 1)).Change;
        Assert.Equal(becomes, change?.Row.PaymentState ?? "");
        Assert.True(change is null || change.Row.IsOpen == 1);
    }

    [Fact]
    public void An_expired_job_whose_payment_is_not_mined_is_closed()
    {
        JobChange? change = PaymentSteps.Unmined(Closed with { IsOpen = 1 }, null, Expiry * 1000).Change;
        Assert.Equal(0, change!.Row.IsOpen);
        Assert.Empty(change.Transitions);
    }
}
