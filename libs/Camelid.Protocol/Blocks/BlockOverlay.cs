using System.Diagnostics.CodeAnalysis;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Blocks;

/// <summary>The unspent outputs while a block is being connected: a view, and what the block changed so far.</summary>
internal sealed class BlockOverlay(IUtxoView view) : IUtxoView
{
    private readonly Dictionary<OutPoint, Utxo> made = [];
    private readonly Dictionary<OutPoint, Utxo> spent = [];
    private readonly List<SpentOutput> spentInOrder = [];

    /// <inheritdoc/>
    public bool TryGet(OutPoint outPoint, [NotNullWhen(true)] out Utxo? utxo)
    {
        utxo = null;
        return !spent.ContainsKey(outPoint)
            && (made.TryGetValue(outPoint, out utxo) || view.TryGet(outPoint, out utxo));
    }

    /// <summary>Spends the inputs and makes the outputs of a transaction that was judged.</summary>
    public RuleCode Apply(Transaction transaction, SpendContext context)
    {
        foreach (TxInput input in transaction.IsCoinbase ? [] : transaction.Inputs)
        {
            if (made.Remove(input.Previous))
            {
                continue;
            }

            if (!view.TryGet(input.Previous, out Utxo? utxo) || utxo is null)
            {
                return RuleCode.MissingInput;
            }

            spent.Add(input.Previous, utxo);
            spentInOrder.Add(new SpentOutput(input.Previous, utxo));
        }

        for (int i = 0; i < transaction.Outputs.Count; i++)
        {
            OutPoint outPoint = new(transaction.Txid, (uint)i);
            if (view.TryGet(outPoint, out Utxo? _))
            {
                return RuleCode.OutputExists;
            }

            made.Add(outPoint, new Utxo(
                transaction.Outputs[i], context.Height, transaction.IsCoinbase, context.BlockTime, transaction.JobId));
        }

        return RuleCode.Accepted;
    }

    /// <summary>What disconnects the block.</summary>
    public BlockUndo Undo() => new(spentInOrder);

    /// <summary>All changes: first what is spent, then what is made.</summary>
    public IReadOnlyList<UtxoChange> Changes() =>
    [
        .. spentInOrder.Select(output => new UtxoChange(output.OutPoint, output.Utxo, null)),
        .. made.Select(pair => new UtxoChange(pair.Key, null, pair.Value)),
    ];
}
