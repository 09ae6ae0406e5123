using Camelid.Contracts.JobPool.V1;
using Camelid.Dashboard.Panels;

namespace Camelid.Dashboard.Jobs;

/// <summary>Whose money is where, in a plain sentence for every state of a job.</summary>
public static class JobMoney
{
    /// <summary>JobPool's sentence where it has one, otherwise what follows from side and state.</summary>
    public static string Of(JobDetails job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (job.Summary.Money.Length > 0)
        {
            return job.Summary.Money;
        }

        string amount = DisplayText.Coin(
            job.Summary.PaymentGrains == 0 ? job.RewardGrains : job.Summary.PaymentGrains);
        string sentence = job.Summary.Side switch
        {
            "bought" => Bought(job, amount),
            "sold" => Sold(job, amount),
            _ => Own(job, amount),
        };
        return job.Summary.VerificationState == "inconclusive"
            ? sentence + " Nobody could say in time whether the answer holds; no money depends on that."
            : sentence;
    }

    private static string Bought(JobDetails job, string amount) => job.Summary.PaymentState switch
    {
        "created" => "Nothing is paid: your deposit is held by the offer until it lapses.",
        "accepted" => "Nothing is paid: your deposit is held by the offer while the worker computes.",
        "committed" => $"Your payment of {amount} goes out now and waits for its block.",
        "paid" => $"Your payment of {amount} is in a block. The worker takes it by showing its key; if it does not, "
            + "it is yours again after the refund time.",
        "delivered" => $"You have the answer, and {amount} goes to the worker.",
        "settled" => $"You have the answer, and {amount} is the worker's.",
        "refunded" => $"Your payment of {amount} came back to you: the worker never took it.",
        "slashed" => "The worker's stake was slashed for what it did with this job.",
        _ => NothingMoved(job, "your deposit is free again"),
    };

    private static string Sold(JobDetails job, string amount) => job.Summary.PaymentState switch
    {
        "created" or "accepted" => "Nothing is paid: the client's deposit stands behind the offer.",
        "committed" => $"The client's payment of {amount} is awaited; your key stays with you until it is buried.",
        "paid" => $"The client's payment of {amount} is in a block and locked to your key: it is claimed once it is "
            + "buried.",
        "delivered" => $"Your claim of {amount} is on its way into a block.",
        "settled" => $"{amount} is yours.",
        "refunded" => $"The client took {amount} back after the refund time: you were not paid.",
        "slashed" => "Your worker's stake was slashed for what it did with this job.",
        _ => NothingMoved(job, "the client's deposit is free again"),
    };

    private static string Own(JobDetails job, string amount) => job.Summary.PaymentState switch
    {
        "created" or "accepted" => "Nothing is paid: your deposit is held by the offer.",
        "committed" => $"The payment of {amount} to your own worker waits for its block.",
        "paid" or "delivered" => $"The payment of {amount} is in a block; your own worker claims it.",
        "settled" => $"{amount} went from your client to your own worker.",
        "refunded" => $"The payment of {amount} came back to your client.",
        "slashed" => "Your worker's stake was slashed for what it did with this job.",
        _ => NothingMoved(job, "your deposit is free again"),
    };

    private static string NothingMoved(JobDetails job, string deposit) => job.Summary.PaymentState switch
    {
        "expired" => $"No money moved: the time ran out, and {deposit}.",
        "dismissed" when job.PaymentHeight == 0 => $"No money moved: the job was given up, and {deposit}.",
        "dismissed" => "The payment stays as the dispute left it: its transactions are below.",
        _ => "Where the money is cannot be said: the state is unknown here.",
    };
}
