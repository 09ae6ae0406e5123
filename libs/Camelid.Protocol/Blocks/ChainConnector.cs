using System.Diagnostics;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Blocks;

/// <summary>What a block is connected to.</summary>
/// <param name="Network">The network.</param>
/// <param name="Curve">The curve.</param>
/// <param name="PreviousHash">The tip.</param>
/// <param name="MedianTimePast">The median time of the last eleven blocks, the tip included.</param>
public sealed record ChainContext(Network Network, ISecp256k1 Curve, BlockHash PreviousHash, uint MedianTimePast)
{
    /// <summary>Rule C-24: the bits that are due.</summary>
    public required uint Bits { get; init; }

    /// <summary>What the header is judged against.</summary>
    public HeaderContext Header => new(Network, PreviousHash, MedianTimePast, Bits);

    /// <summary>The verdicts in chain state.</summary>
    public IVerdictView Verdicts { get; init; } = NoVerdicts.Instance;

    /// <summary>What runs the scripts; on one thread unless said otherwise.</summary>
    public IScriptRunner Scripts { get; init; } = SequentialScripts.Instance;
}

/// <summary>What came of connecting a block.</summary>
public sealed record ConnectResult
{
    /// <summary>Accepted, or the first refusal.</summary>
    public required RuleCode Code { get; init; }

    /// <summary>What disconnects it again; null where refused.</summary>
    public BlockUndo? Undo { get; init; }

    /// <summary>The changes of the unspent outputs, each outpoint once; empty where refused.</summary>
    public IReadOnlyList<UtxoChange> Changes { get; init; } = [];

    /// <summary>The fees of all transactions.</summary>
    public Amount Fees { get; init; }

    /// <summary>The fee of each transaction, in the order of the block; the coinbase's is zero.</summary>
    public IReadOnlyList<Amount> TransactionFees { get; init; } = [];
}

/// <summary>
/// Rule C-18: connects blocks to the set of unspent outputs, and disconnects them. Changes nothing itself.
/// </summary>
/// <remarks>
/// Coin is moved in the order of the block; the scripts, which need no order, are run by
/// <see cref="ChainContext.Scripts"/> beside that. What is refused without scripts is refused first (rule C-21).
/// </remarks>
public static class ChainConnector
{
    /// <summary>Judges a block wholly, its time against the clock aside, and says what it changes.</summary>
    public static ConnectResult Connect(Block block, int height, ChainContext context, IUtxoView view)
    {
        RuleCode code = BlockRules.CheckHeader(block.Header, context.Header);
        code = code == RuleCode.Accepted ? BlockRules.CheckBlock(block, context.Network) : code;
        code = code == RuleCode.Accepted ? Coinbase.Check(block.Transactions[0], height, context.Network) : code;
        if (code != RuleCode.Accepted)
        {
            return new ConnectResult { Code = code };
        }

        SpendContext spend = new(height, block.Header.Time, context.MedianTimePast, context.Network, context.Curve)
        {
            Verdicts = context.Verdicts,
        };
        BlockOverlay overlay = new(view);
        List<Amount> fees = [];
        using IScriptBatch scripts = context.Scripts.Start();
        code = Spend(block, spend, overlay, scripts, fees);
        Int128 feeGrains = fees.Aggregate((Int128)0, (sum, fee) => sum + fee.Grains);
        code = code == RuleCode.Accepted ? CheckClaim(block.Transactions[0], Subsidy.At(height), feeGrains) : code;
        code = code == RuleCode.Accepted ? scripts.Finish() : code;
        return code != RuleCode.Accepted ? new ConnectResult { Code = code } : new ConnectResult
        {
            Code = RuleCode.Accepted,
            Undo = overlay.Undo(),
            Changes = overlay.Changes(),
            Fees = Amount.Grain((long)feeGrains),
            TransactionFees = fees,
        };
    }

    /// <summary>
    /// Moves the coin of each transaction in order, and hands its scripts over to be run. Rule C-20: the scripts that a
    /// block spends have at most as many signature operations as those that it holds (C-06).
    /// </summary>
    private static RuleCode Spend(
        Block block, SpendContext context, BlockOverlay overlay, IScriptBatch scripts, List<Amount> fees)
    {
        int signatureOperations = 0;
        foreach (Transaction transaction in block.Transactions)
        {
            SpendResult result = transaction.IsCoinbase
                ? new SpendResult { Code = RuleCode.Accepted }
                : TransactionRules.CheckCoins(transaction, context, overlay);
            RuleCode code = result.Code == RuleCode.Accepted
                ? overlay.Apply(transaction, result.Spent, context)
                : result.Code;
            if (code != RuleCode.Accepted)
            {
                return code;
            }

            signatureOperations += result.SpentSignatureOperations;
            if (signatureOperations > BlockRules.SignatureOperationsMax)
            {
                return RuleCode.TooManySignatureOperations;
            }

            for (int i = 0; i < result.Spent.Count; i++)
            {
                scripts.Add(TransactionRules.InputOf(transaction, i, result.Spent[i], context));
            }

            fees.Add(result.Fee);
        }

        return RuleCode.Accepted;
    }

    /// <summary>Rule C-03: a coinbase claims at most the subsidy of its height plus the fees of its block.</summary>
    /// <remarks>In 128 bits: no sum can wrap, and a wrapped sum would mint coin.</remarks>
    public static RuleCode CheckClaim(Transaction coinbase, Amount subsidy, Int128 feeGrains)
    {
        Int128 claimed = coinbase.Outputs.Aggregate((Int128)0, (sum, output) => sum + output.Value.Grains);
        return claimed <= subsidy.Grains + feeGrains ? RuleCode.Accepted : RuleCode.CoinbaseClaimsTooMuch;
    }

    /// <summary>Rule C-19: what disconnecting the tip changes: its outputs go, those that it spent come back.</summary>
    /// <param name="block">The tip, which was connected.</param>
    /// <param name="undo">What connecting it returned.</param>
    /// <param name="view">The unspent outputs with the block connected.</param>
    /// <exception cref="UnreachableException">Block, undo data and view do not belong together.</exception>
    public static IReadOnlyList<UtxoChange> Disconnect(Block block, BlockUndo undo, IUtxoView view)
    {
        HashSet<OutPoint> spentHere = [.. block.Transactions
            .SelectMany(transaction => transaction.Inputs).Select(input => input.Previous)];
        List<UtxoChange> changes = [];
        foreach (Transaction transaction in block.Transactions)
        {
            for (int i = 0; i < transaction.Outputs.Count; i++)
            {
                OutPoint outPoint = new(transaction.Txid, (uint)i);
                if (spentHere.Contains(outPoint))
                {
                    continue;
                }

                changes.Add(view.TryGet(outPoint, out Utxo? utxo)
                    ? new UtxoChange(outPoint, utxo, null)
                    : throw new UnreachableException($"output {outPoint} of the tip is not in the set"));
            }
        }

        foreach (SpentOutput spent in undo.Spent)
        {
            if (!spentHere.Contains(spent.OutPoint))
            {
                throw new UnreachableException($"undo data name {spent.OutPoint}, which the tip does not spend");
            }

            changes.Add(new UtxoChange(spent.OutPoint, null, spent.Utxo));
        }

        return changes;
    }
}
