using Camelid.Client.Receipts;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Cli.Verification;

/// <summary>What a payment must agree with.</summary>
/// <param name="Parameters">The job.</param>
/// <param name="Testament">What the worker signed.</param>
/// <param name="Network">Its chain.</param>
internal readonly record struct PaymentFacts(JobParameters Parameters, Testament Testament, Network Network);

/// <summary>The payment transaction: this job's, to this testament and worker, of the right amount.</summary>
/// <remarks>That it is in a block can only a chain say; <c>camelid chain tx</c> asks one.</remarks>
internal static class ReceiptPaymentCheck
{
    public static void Run(ReceiptDocument receipt, PaymentFacts facts, FindingList findings)
    {
        ReceiptPayment said = receipt.Payment;
        uint tokensRun = Pricing.TokensRun(facts.Parameters, facts.Testament.TokenCount);
        if (facts.Testament.TokenCount > facts.Parameters.MaxTokens)
        {
            findings.Add("testament.tokenCount", $"is above the {facts.Parameters.MaxTokens} tokens that were ordered");
            return;
        }

        Amount due = Pricing.PaymentGrains(facts.Parameters, tokensRun);
        findings.Same("payment.amountGrains", said.AmountGrains, due.Grains);
        if (!ReceiptBytes.TryHex(said.Raw, out byte[] bytes)
            || !Transaction.TryDecode(bytes, out Transaction? transaction))
        {
            findings.Add("payment.raw", "holds no canonical transaction: the job is not paid, or the receipt was cut");
            return;
        }

        findings.Same("payment.txid", said.Txid, transaction.Txid.ToString());
        findings.Require(transaction.JobId == facts.Parameters.Id, "payment.raw", "is a transaction of another job");
        findings.Require(
            transaction.LockTime == (ulong)facts.Parameters.Created + facts.Network.WindowSeconds, "payment.raw",
            "does not have the lock time created + W of this job");
        bool found = false;
        foreach (TxOutput output in transaction.Outputs)
        {
            if (PaymentScript.TryParse(output.Script, out PaymentScript script)
                && script.TestamentHash == facts.Testament.Hash)
            {
                found = true;
                CheckOutput(output, script, facts, due, findings);
            }
        }

        findings.Require(found, "payment.raw", "has no output that pays this testament");
    }

    private static void CheckOutput(
        TxOutput output, PaymentScript script, PaymentFacts facts, Amount due, FindingList findings)
    {
        findings.Require(output.Value == due, "payment.raw",
            $"pays {output.Value.Grains} grains where {due.Grains} are due");
        findings.Require(script.KeyHash == facts.Testament.KeyHash, "payment.raw", "asks for another output key");
        findings.Require(Hash160.Of(script.Worker.Span) == facts.Testament.RewardAddress, "payment.raw",
            "pays another key than the testament's reward address");
        findings.Require(script.Client == facts.Parameters.ClientKey, "payment.raw",
            "would be refunded to another client");
    }
}
