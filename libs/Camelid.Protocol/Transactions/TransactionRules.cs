using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;

namespace Camelid.Protocol.Transactions;

/// <summary>The rules of one transaction, used alike by the mempool and by the connection of blocks.</summary>
public static class TransactionRules
{
    /// <summary>
    /// Rule C-20: most signature operations in the scripts that one transaction spends. Each may hash the whole of it.
    /// </summary>
    public const int SpentSignatureOperationsMax = 2_500;

    private const uint SequenceDisabled = 1u << 31;
    private const uint SequenceSeconds = 1u << 22;
    private const uint SequenceBlocks = 0xffff;

    /// <summary>Rule C-14: what can be judged without any context.</summary>
    public static RuleCode Check(Transaction transaction)
    {
        if (transaction.Version < 1)
        {
            return RuleCode.TransactionVersion;
        }

        if (transaction.Inputs.Count == 0)
        {
            return RuleCode.TransactionWithoutInputs;
        }

        if (transaction.Outputs.Count == 0)
        {
            return RuleCode.TransactionWithoutOutputs;
        }

        if (transaction.ByteCount > Transaction.BytesMax)
        {
            return RuleCode.TransactionTooLarge;
        }

        if (OutputGrains(transaction) > Amount.GrainsMax)
        {
            return RuleCode.OutputsAboveSupply;
        }

        return transaction.IsCoinbase ? CheckCoinbase(transaction) : CheckInputs(transaction);
    }

    /// <summary>
    /// Rule C-15: may this transaction, not a coinbase, be in the block of <paramref name="context"/>?
    /// </summary>
    /// <remarks>
    /// Does not repeat <see cref="Check"/>; call that first. A mempool that keeps a job transaction until its lock time
    /// asks with a block time of at least that lock time.
    /// </remarks>
    public static SpendResult CheckSpend(Transaction transaction, SpendContext context, IUtxoView view)
    {
        SpendResult result = CheckCoins(transaction, context, view);
        bool ranCheckJob = false;
        for (int i = 0; i < result.Spent.Count; i++)
        {
            ScriptOutcome outcome = CheckScript(InputOf(transaction, i, result.Spent[i], context));
            if (outcome.Code != RuleCode.Accepted)
            {
                return SpendResult.Refused(outcome.Code);
            }

            ranCheckJob |= outcome.RanCheckJob;
        }

        return result with { SpendsThroughCheckJob = ranCheckJob };
    }

    /// <summary>All of <see cref="CheckSpend"/> but the scripts, which the caller has still to run.</summary>
    public static SpendResult CheckCoins(Transaction transaction, SpendContext context, IUtxoView view)
    {
        if (transaction.IsCoinbase)
        {
            return SpendResult.Refused(RuleCode.CoinbaseOutsideBlock);
        }

        if (!IsJobForm(transaction) && !IsFinal(transaction, context.Height, context.MedianTimePast))
        {
            return SpendResult.Refused(RuleCode.NotFinal);
        }

        Utxo[] spent = new Utxo[transaction.Inputs.Count];
        Int128 inputs = 0;
        int signatureOperations = 0;
        for (int i = 0; i < spent.Length; i++)
        {
            TxInput input = transaction.Inputs[i];
            if (!view.TryGet(input.Previous, out Utxo? utxo))
            {
                return SpendResult.Refused(RuleCode.MissingInput);
            }

            RuleCode code = CheckAge(transaction, input, utxo, context);
            if (code != RuleCode.Accepted)
            {
                return SpendResult.Refused(code);
            }

            spent[i] = utxo;
            inputs += utxo.Output.Value.Grains;
            signatureOperations += utxo.Output.Script.SignatureOperationCountExact();
        }

        if (signatureOperations > SpentSignatureOperationsMax)
        {
            return SpendResult.Refused(RuleCode.TooManySignatureOperations);
        }

        Int128 fee = inputs - OutputGrains(transaction);
        return fee < 0 || fee > Amount.GrainsMax
            ? SpendResult.Refused(RuleCode.OutputsAboveInputs)
            : new SpendResult
            {
                Code = RuleCode.Accepted,
                Fee = Amount.Grain((long)fee),
                Spent = spent,
                SpentSignatureOperations = signatureOperations,
            };
    }

    /// <summary>
    /// Runs the scripts of one input, and judges what only they decide: rule C-16 holds for a transaction that could be
    /// a job transaction and did not run CHECKJOB.
    /// </summary>
    /// <remarks>
    /// CHECKJOB has held the block's own time against the lock time (E-05); all else goes by BIP113 (decision 0002). A
    /// job transaction has one input (E-04), so each input can be judged alone.
    /// </remarks>
    public static ScriptOutcome CheckScript(ScriptContext input)
    {
        Transaction transaction = input.Transaction;
        ScriptOutcome outcome = ScriptInterpreter.Verify(
            transaction.Inputs[input.InputIndex].Script, input.Spent.Output.Script, input);
        bool isFinal = outcome.Code != RuleCode.Accepted || outcome.RanCheckJob || !IsJobForm(transaction)
            || IsFinal(transaction, input.Block.Height, input.Block.MedianTimePast);
        return isFinal ? outcome : new ScriptOutcome(RuleCode.NotFinal, false);
    }

    /// <summary>
    /// Rule C-16: a lock time is over where it is below the height or the time given, or where every sequence is final.
    /// </summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="height">The height of the block.</param>
    /// <param name="medianTimePast">The median time of the eleven blocks before, Unix seconds (BIP113).</param>
    public static bool IsFinal(Transaction transaction, int height, uint medianTimePast)
    {
        uint limit = transaction.LockTime < Transaction.LockTimeThreshold ? (uint)height : medianTimePast;
        return transaction.LockTime == 0 || transaction.LockTime < limit
            || transaction.Inputs.All(input => input.Sequence == TxInput.SequenceFinal);
    }

    internal static ScriptContext InputOf(Transaction transaction, int index, Utxo spent, SpendContext block) =>
        new() { Transaction = transaction, InputIndex = index, Spent = spent, Block = block };

    /// <summary>True where CHECKJOB could hold (E-04); in any other transaction it refuses.</summary>
    private static bool IsJobForm(Transaction transaction) => CheckJob.CheckForm(transaction) == RuleCode.Accepted;

    /// <summary>
    /// Rule C-17: a coinbase output is mature; a relative lock (BIP68, version 2, blocks only) is over.
    /// </summary>
    public static RuleCode CheckAge(Transaction transaction, TxInput input, Utxo utxo, SpendContext context)
    {
        int age = context.Height - utxo.Height;
        if (!utxo.IsMatureAt(context.Height, context.Network))
        {
            return RuleCode.CoinbaseImmature;
        }

        if (transaction.Version < 2 || (input.Sequence & SequenceDisabled) != 0)
        {
            return RuleCode.Accepted;
        }

        if ((input.Sequence & SequenceSeconds) != 0)
        {
            return RuleCode.RelativeLockInSeconds;
        }

        return age >= (int)(input.Sequence & SequenceBlocks) ? RuleCode.Accepted : RuleCode.RelativeLockNotPassed;
    }

    private static RuleCode CheckInputs(Transaction transaction)
    {
        // Most transactions have one input, which no other can equal.
        HashSet<OutPoint>? seen = transaction.InputSpan.Length == 1 ? null : [];
        foreach (TxInput input in transaction.InputSpan)
        {
            if (input.Previous.Txid.Value.IsZero)
            {
                return RuleCode.EmptyOutPoint;
            }

            if (seen?.Add(input.Previous) == false)
            {
                return RuleCode.DuplicateInput;
            }
        }

        return RuleCode.Accepted;
    }

    private static RuleCode CheckCoinbase(Transaction transaction)
    {
        int bytes = transaction.Inputs[0].Script.Length;
        if (bytes is < Coinbase.ScriptBytesMin or > Coinbase.ScriptBytesMax)
        {
            return RuleCode.CoinbaseScriptBytes;
        }

        return transaction.JobId.IsNone ? RuleCode.Accepted : RuleCode.CoinbaseWithJob;
    }

    private static Int128 OutputGrains(Transaction transaction)
    {
        Int128 sum = 0;
        foreach (TxOutput output in transaction.OutputSpan)
        {
            sum += output.Value.Grains;
        }

        return sum;
    }
}

/// <summary>What came of <see cref="TransactionRules.CheckSpend"/>.</summary>
public sealed record SpendResult
{
    /// <summary>Accepted, or the first refusal.</summary>
    public required RuleCode Code { get; init; }

    /// <summary>What the inputs are worth above the outputs; zero where refused.</summary>
    public Amount Fee { get; init; }

    /// <summary>True where it is a job transaction: CHECKJOB ran and held.</summary>
    public bool SpendsThroughCheckJob { get; init; }

    /// <summary>The outputs spent, in the order of the inputs; empty where refused.</summary>
    public IReadOnlyList<Utxo> Spent { get; init; } = [];

    /// <summary>Rule C-20: signature operations in the scripts that are spent.</summary>
    public int SpentSignatureOperations { get; init; }

    internal static SpendResult Refused(RuleCode code) => new() { Code = code };
}
