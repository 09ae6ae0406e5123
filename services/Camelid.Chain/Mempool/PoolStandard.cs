using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>What a node lets wait by its form alone, beyond what consensus asks.</summary>
internal static class PoolStandard
{
    /// <summary>Rule M-01: the highest version; 2 turns relative lock times on (BIP68).</summary>
    public const int VersionMax = 2;

    /// <summary>Rule M-01: the longest unlocking script, in bytes: enough for every template.</summary>
    public const int UnlockBytesMax = 1_650;

    /// <summary>
    /// Bytes of the input that will spend an output: outpoint, length, signature and key, sequence. Those of an
    /// address; the other templates are near it.
    /// </summary>
    private const int SpendBytes = OutPoint.Bytes + 1 + 107 + 4;

    /// <summary>
    /// Rules M-01 and M-02: version 1 or 2, short unlocking scripts, each output one of the templates and above dust.
    /// </summary>
    /// <remarks>
    /// The size has no second bound: the 100,000 bytes of C-06 are the limit here too. No encoding has 64 bytes, so
    /// none can pose as a node of a Merkle tree.
    /// </remarks>
    public static RuleCode Check(Transaction transaction)
    {
        if (transaction.Version is < 1 or > VersionMax
            || transaction.Inputs.Any(input => input.Script.Length > UnlockBytesMax))
        {
            return RuleCode.NotStandard;
        }

        foreach (TxOutput output in transaction.Outputs)
        {
            if (OutputPurpose.Of(output.Script).Kind == OutputKind.Other)
            {
                return RuleCode.NotStandard;
            }

            if (output.Value.Grains < DustGrains(output.Script))
            {
                return RuleCode.OutputDust;
            }
        }

        return RuleCode.Accepted;
    }

    /// <summary>
    /// Rules M-01 and M-03: each script that is spent is one of the templates, and they and the transaction's own
    /// scripts have at most 4,000 signature operations.
    /// </summary>
    /// <remarks>A script of no template may be slow to run, and whoever sends it risks nothing.</remarks>
    public static RuleCode CheckSpent(Transaction transaction, IReadOnlyList<Utxo> spent)
    {
        int operations = PoolPolicy.SignatureOperations(transaction);
        foreach (Utxo utxo in spent)
        {
            operations += utxo.Output.Script.SignatureOperationCount();
        }

        if (operations > PoolPolicy.SignatureOperationsMax)
        {
            return RuleCode.TransactionSignatureOperations;
        }

        return spent.Any(utxo => OutputPurpose.Of(utxo.Output.Script).Kind == OutputKind.Other)
            ? RuleCode.NotStandard
            : RuleCode.Accepted;
    }

    /// <summary>Rule M-02: the least value of an output, in grains: what it and its spending cost.</summary>
    public static long DustGrains(Script script) =>
        PoolPolicy.DustRate.FeeFor(8 + 1 + (script.Length < 0xfd ? 0 : 2) + script.Length + SpendBytes);

    /// <summary>What a transaction does, told by the templates that it spends.</summary>
    /// <remarks>
    /// A deposit's selector is empty or 0x01 (C-08), and 0x01 is pushed by OP_1 and nothing else; so the last byte of
    /// the unlocking script says whether CHECKJOB runs. The judge holds this against what the scripts did.
    /// </remarks>
    public static PoolKind KindOf(Transaction transaction, IReadOnlyList<Utxo> spent)
    {
        if (spent.All(utxo => OutputPurpose.Of(utxo.Output.Script).Kind == OutputKind.Payment))
        {
            return PoolKind.Redemption;
        }

        bool isJob = OutputPurpose.Of(spent[0].Output.Script).Kind == OutputKind.Deposit
            && transaction.Inputs[0].Script.Span is [.., (byte)Opcode.One];
        return !isJob ? PoolKind.Ordinary : PaymentGrains(transaction) > 0 ? PoolKind.Payment : PoolKind.Offer;
    }

    /// <summary>The payments that a transaction makes, in grains.</summary>
    public static long PaymentGrains(Transaction transaction) =>
        Payments(transaction).Sum(output => output.Value.Grains);

    /// <summary>The outputs that are payments (E-02).</summary>
    public static IEnumerable<TxOutput> Payments(Transaction transaction) => transaction.Outputs
        .Where(output => PaymentScript.TryParse(output.Script, out PaymentScript _));

    /// <summary>True where a script may ask chain state for a verdict (E-10).</summary>
    public static bool AsksForVerdicts(IReadOnlyList<Utxo> spent) =>
        spent.Any(utxo => OutputPurpose.Of(utxo.Output.Script).Kind == OutputKind.Stake);
}
