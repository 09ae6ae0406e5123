using System.Diagnostics.CodeAnalysis;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Blocks;

/// <summary>The unspent outputs while a block is being connected: a view, and what the block changed so far.</summary>
internal sealed class BlockOverlay(IUtxoView view) : IUtxoView
{
    private readonly Dictionary<OutPoint, Utxo> made = [];
    private readonly HashSet<OutPoint> spent = [];
    private readonly List<SpentOutput> spentInOrder = [];

    /// <inheritdoc/>
    public bool TryGet(OutPoint outPoint, [NotNullWhen(true)] out Utxo? utxo)
    {
        utxo = null;
        return !spent.Contains(outPoint)
            && (made.TryGetValue(outPoint, out utxo) || view.TryGet(outPoint, out utxo));
    }

    /// <summary>Spends the inputs and makes the outputs of a transaction that was judged by this view.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="coins">What its inputs spend, as this view gave it; none for a coinbase.</param>
    /// <param name="context">The block.</param>
    public RuleCode Apply(Transaction transaction, IReadOnlyList<Utxo> coins, SpendContext context)
    {
        ReadOnlySpan<TxInput> inputs = transaction.InputSpan;
        for (int i = 0; i < coins.Count; i++)
        {
            OutPoint previous = inputs[i].Previous;
            if (made.Remove(previous))
            {
                continue;
            }

            if (!spent.Add(previous))
            {
                return RuleCode.MissingInput;
            }

            spentInOrder.Add(new SpentOutput(previous, coins[i]));
        }

        ReadOnlySpan<TxOutput> outputs = transaction.OutputSpan;
        for (int i = 0; i < outputs.Length; i++)
        {
            OutPoint outPoint = new(transaction.Txid, (uint)i);
            Utxo output =
                new(outputs[i], context.Height, transaction.IsCoinbase, context.BlockTime, transaction.JobId);
            if (view.TryGet(outPoint, out Utxo? _) || !made.TryAdd(outPoint, output))
            {
                return RuleCode.OutputExists;
            }
        }

        return RuleCode.Accepted;
    }

    /// <summary>What disconnects the block.</summary>
    public BlockUndo Undo() => new(spentInOrder);

    /// <summary>All changes: first what is spent, then what is made.</summary>
    public IReadOnlyList<UtxoChange> Changes()
    {
        List<UtxoChange> changes = new(spentInOrder.Count + made.Count);
        foreach (SpentOutput output in spentInOrder)
        {
            changes.Add(new UtxoChange(output.OutPoint, output.Utxo, null));
        }

        foreach ((OutPoint outPoint, Utxo utxo) in made)
        {
            changes.Add(new UtxoChange(outPoint, null, utxo));
        }

        return changes;
    }
}
