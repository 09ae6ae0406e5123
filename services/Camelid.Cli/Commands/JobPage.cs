using System.Globalization;
using Camelid.Client.Jobs;

namespace Camelid.Cli.Commands;

/// <summary>
/// One job for people: where it is, when it came there, what it cost, and the transactions to look up.
/// </summary>
internal static class JobPage
{
    public static void Write(Terminal terminal, JobDocument job)
    {
        terminal.Out.WriteLine($"{job.Payment.State}, verification {job.Verification.Verdict}");
        terminal.Out.WriteLine();
        terminal.WritePage([.. Facts(job)]);
        if (job.Transitions.Count > 0)
        {
            terminal.Out.WriteLine();
            terminal.WriteRows(["AFTER", "WHAT", "BECAME", "BECAUSE"], [.. job.Transitions.Select(change =>
                (IReadOnlyList<string>)[After(job, change.AtUnixMs), change.Facet, change.To, change.Cause])]);
        }

        (string Name, string? Txid, int Height)[] transactions = [.. Transactions(job.Payment)];
        if (transactions.Length > 0)
        {
            terminal.Out.WriteLine();
            terminal.WriteRows(["TRANSACTION", "TXID", "BLOCK"], [.. transactions.Select(transaction =>
                (IReadOnlyList<string>)[
                    transaction.Name,
                    transaction.Txid!,
                    transaction.Height > 0 ? transaction.Height.ToString(CultureInfo.InvariantCulture) : "-"])]);
        }

        if (job.Text is { } text)
        {
            terminal.Out.WriteLine();
            terminal.Out.WriteLine(text);
        }
    }

    private static IEnumerable<(string Name, string Value)> Facts(JobDocument job)
    {
        yield return ("job", job.JobId);
        yield return ("model", job.ModelRoot);
        if (job.Side is "bought" or "sold")
        {
            yield return ("side", job.Side == "bought" ? "bought from another operator" : "sold to another operator");
        }

        if (job.PeerNode is { } peer)
        {
            yield return ("counterpart", $"node {peer}");
        }

        if (job.WorkerStake is { } stake)
        {
            yield return ("worker stake", stake);
        }

        if (job.VerifierNode is { } verifier)
        {
            yield return ("verifier", $"node {verifier}");
        }

        yield return ("created", DateTimeOffset.FromUnixTimeMilliseconds(job.CreatedUnixMs)
            .ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        yield return ("tokens", $"{job.PromptTokens} prompt, {job.OutputTokens} output"
            + (job.FinishReason is { } reason ? $", ended by {reason}" : ""));
        if (job.Worker is { } worker)
        {
            yield return ("worker", job.Attempt > 1 ? $"{worker}, attempt {job.Attempt}" : worker);
        }

        if (job.Money is { } money)
        {
            yield return ("money", money);
        }

        if (job.WaitingFor is { } waiting)
        {
            yield return ("waiting for", waiting);
        }

        if (job.Payment.Grains > 0)
        {
            yield return ("payment", $"{Amounts.Coins(job.Payment.Grains)} CML");
        }

        yield return ("promised", $"{Amounts.Coins(job.Payment.RewardGrains)} CML at most");
        if (job.Failure is { } failure)
        {
            yield return ("failure", failure);
        }

        if (job.Receipt is not null)
        {
            yield return ("receipt", $"camelid verify {job.JobId}");
        }
    }

    private static IEnumerable<(string Name, string? Txid, int Height)> Transactions(JobPaymentDocument payment) =>
        new (string Name, string? Txid, int Height)[]
        {
            ("offer", payment.OfferTxid, 0),
            ("payment", payment.Txid, payment.Height),
            ("claim", payment.ClaimTxid, payment.ClaimHeight),
            ("refund", payment.RefundTxid, 0),
        }.Where(transaction => transaction.Txid is not null);

    private static string After(JobDocument job, long atUnixMs) => string.Create(
        CultureInfo.InvariantCulture, $"{(atUnixMs - job.CreatedUnixMs) / 1000.0,8:F3} s");
}
