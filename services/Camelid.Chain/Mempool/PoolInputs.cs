using System.Diagnostics.CodeAnalysis;
using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>
/// What a transaction spends, looked up at one moment in the chain and in the mempool, and the block that comes next.
/// Taken under the chain's lock, so that scripts can run without it.
/// </summary>
internal sealed class PoolInputs : IUtxoView
{
    private readonly Dictionary<OutPoint, Utxo> found = [];

    private PoolInputs(int height, uint medianTimePast)
    {
        Height = height;
        MedianTimePast = medianTimePast;
    }

    /// <summary>The height of the next block.</summary>
    public int Height { get; }

    /// <summary>The median time of the last eleven blocks.</summary>
    public uint MedianTimePast { get; }

    /// <summary>Rules M-10 and M-23: Accepted, MissingInput, AlreadyInChain or SpendsUnconfirmedJob.</summary>
    public RuleCode Code { get; private set; } = RuleCode.Accepted;

    /// <summary>The outputs spent, in the order of the inputs; incomplete where one is missing.</summary>
    public List<Utxo> Spent { get; } = [];

    /// <summary>The waiting transactions whose outputs it spends, each once.</summary>
    public List<PoolNode> Parents { get; } = [];

    /// <summary>Looks all inputs up: first among the waiting transactions, then in the chain.</summary>
    public static PoolInputs Find(Transaction transaction, PoolGraph graph, ChainReading reading)
    {
        PoolInputs inputs = new(reading.Tip.Height + 1, reading.MedianTimePast);
        foreach (TxInput input in transaction.Inputs)
        {
            Utxo? utxo = inputs.FindOne(input.Previous, graph, reading);
            if (utxo is null)
            {
                inputs.Code = IsInChain(transaction, reading) ? RuleCode.AlreadyInChain : RuleCode.MissingInput;
                return inputs;
            }

            inputs.found[input.Previous] = utxo;
            inputs.Spent.Add(utxo);
        }

        inputs.Code = inputs.Parents.Any(parent => parent.Entry.IsJob)
            ? RuleCode.SpendsUnconfirmedJob
            : RuleCode.Accepted;
        return inputs;
    }

    /// <summary>The output of a waiting transaction as the next block would see it.</summary>
    /// <param name="node">The waiting transaction.</param>
    /// <param name="index">The output.</param>
    /// <param name="height">The height of the next block.</param>
    public static Utxo? OutputOf(PoolNode node, uint index, int height)
    {
        Transaction made = node.Entry.Transaction;
        return index < made.Outputs.Count
            ? new Utxo(made.Outputs[(int)index], height, false, 0, made.JobId)
            : null;
    }

    /// <inheritdoc/>
    public bool TryGet(OutPoint outPoint, [NotNullWhen(true)] out Utxo? utxo) => found.TryGetValue(outPoint, out utxo);

    private Utxo? FindOne(OutPoint outPoint, PoolGraph graph, ChainReading reading)
    {
        if (!graph.TryFind(outPoint.Txid, out PoolNode? parent))
        {
            return reading.Outputs.TryGet(outPoint, out Utxo? utxo) ? utxo : null;
        }

        if (!Parents.Contains(parent))
        {
            Parents.Add(parent);
        }

        return OutputOf(parent, outPoint.Index, Height);
    }

    /// <summary>
    /// A block that spends the inputs and whose outputs are not all spent again is this transaction's.
    /// </summary>
    private static bool IsInChain(Transaction transaction, ChainReading reading)
    {
        for (int i = 0; i < transaction.Outputs.Count; i++)
        {
            if (reading.Outputs.TryGet(new OutPoint(transaction.Txid, (uint)i), out Utxo? _))
            {
                return true;
            }
        }

        return false;
    }
}
