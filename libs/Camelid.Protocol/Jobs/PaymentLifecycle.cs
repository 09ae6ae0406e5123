namespace Camelid.Protocol.Jobs;

/// <summary>
/// Rule J-10: where a job's money is. One of two facets; the other is <see cref="VerificationState"/>.
/// </summary>
public enum PaymentState
{
    /// <summary>No state: has no successor.</summary>
    Unset = 0,

    /// <summary>The client made the job.</summary>
    Created = 1,

    /// <summary>The client assigned it to a stake, and the worker took it.</summary>
    Accepted = 2,

    /// <summary>The worker computed and signed its testament.</summary>
    Committed = 3,

    /// <summary>The payment is in a block.</summary>
    Paid = 4,

    /// <summary>The key opened the ciphertext.</summary>
    Delivered = 5,

    /// <summary>The claim is in a block.</summary>
    Settled = 6,

    /// <summary>Time ran out before a payment. A payment that is mined all the same opens it again.</summary>
    Expired = 7,

    /// <summary>The client took the payment back after its refund time. Terminal.</summary>
    Refunded = 8,

    /// <summary>The worker's stake was slashed. Terminal.</summary>
    Slashed = 9,

    /// <summary>Given up before a payment, or a dispute ended without proof. Terminal.</summary>
    Dismissed = 10,
}

/// <summary>
/// What moves a payment on. Report what ends a job only once it is buried: terminal states have no way back.
/// </summary>
public enum PaymentCause
{
    /// <summary>No cause: moves nothing.</summary>
    Unset = 0,

    /// <summary>The client signed an assignment and the worker took it.</summary>
    AssignmentSigned = 1,

    /// <summary>The worker signed its testament.</summary>
    TestamentSigned = 2,

    /// <summary>The payment was mined.</summary>
    PaymentMined = 3,

    /// <summary>A key with the committed hash opened the ciphertext to the committed root.</summary>
    KeyOpened = 4,

    /// <summary>The claim was mined.</summary>
    ClaimMined = 5,

    /// <summary>The block of the payment was disconnected.</summary>
    PaymentDisconnected = 6,

    /// <summary>The block of the claim was disconnected.</summary>
    ClaimDisconnected = 7,

    /// <summary>The deadline passed without a testament.</summary>
    DeadlinePassed = 8,

    /// <summary>The testament expired without a payment.</summary>
    TestamentExpired = 9,

    /// <summary>The client withdrew the job, or no worker can run it.</summary>
    Withdrawn = 10,

    /// <summary>The client checked the output before paying, and it failed.</summary>
    OutputRejected = 11,

    /// <summary>The refund was mined.</summary>
    RefundMined = 12,

    /// <summary>A final verdict or a fraud proof slashed the stake.</summary>
    StakeSlashed = 13,

    /// <summary>The key did not open the ciphertext, and the dispute about it ended without proof.</summary>
    DisputeDismissed = 14,
}

/// <summary>Rule J-10: the only ways from one payment state to the next.</summary>
public static class PaymentLifecycle
{
    /// <summary>
    /// True where nothing can follow. Settled can still be slashed, or lose its block; expired was judged by the clock,
    /// and the chain has the last word.
    /// </summary>
    public static bool IsTerminal(PaymentState state) =>
        state is PaymentState.Refunded or PaymentState.Slashed or PaymentState.Dismissed;

    /// <summary>The next state, or null: impossible, and the caller refuses it aloud.</summary>
    public static PaymentState? Next(PaymentState state, PaymentCause cause) => (state, cause) switch
    {
        (PaymentState.Created, PaymentCause.AssignmentSigned) => PaymentState.Accepted,
        (PaymentState.Accepted, PaymentCause.TestamentSigned) => PaymentState.Committed,
        (PaymentState.Committed, PaymentCause.PaymentMined) => PaymentState.Paid,
        (PaymentState.Paid, PaymentCause.KeyOpened) => PaymentState.Delivered,
        (PaymentState.Delivered, PaymentCause.ClaimMined) => PaymentState.Settled,

        (PaymentState.Created or PaymentState.Accepted, PaymentCause.DeadlinePassed) => PaymentState.Expired,
        (PaymentState.Created or PaymentState.Accepted, PaymentCause.Withdrawn) => PaymentState.Dismissed,
        (PaymentState.Committed, PaymentCause.TestamentExpired) => PaymentState.Expired,

        // A signed payment can still be mined, where a reorganisation gives its deposit back: the money is followed.
        (PaymentState.Expired, PaymentCause.PaymentMined) => PaymentState.Paid,
        (PaymentState.Committed, PaymentCause.OutputRejected) => PaymentState.Dismissed,

        // A reorganisation takes the payment out of the chain: the key is opened again once it is back.
        (PaymentState.Paid or PaymentState.Delivered, PaymentCause.PaymentDisconnected) => PaymentState.Committed,
        (PaymentState.Settled, PaymentCause.ClaimDisconnected) => PaymentState.Delivered,

        (PaymentState.Paid or PaymentState.Delivered, PaymentCause.RefundMined) => PaymentState.Refunded,
        (PaymentState.Paid, PaymentCause.DisputeDismissed) => PaymentState.Dismissed,

        // The evidence is the key, which the claim publishes: so slashing comes after settling as well.
        (PaymentState.Paid or PaymentState.Delivered or PaymentState.Settled, PaymentCause.StakeSlashed)
            => PaymentState.Slashed,
        _ => null,
    };
}
