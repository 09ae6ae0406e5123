using System.Diagnostics.CodeAnalysis;
using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>
/// Chooses the transactions of the next block: all that may be in it, in order of arrival, while there is room.
/// </summary>
internal static class BlockSelection
{
    /// <summary>Bytes kept free in a block for header, count and coinbase.</summary>
    private const int BlockBytesReserved = 1_000;

    /// <summary>Parents come before children, since they arrived before them.</summary>
    public static IReadOnlyList<TransactionWithFee> Choose(
        IEnumerable<PoolEntry> entries, SpendContext context, UtxoSet outputs)
    {
        View view = new(outputs);
        List<TransactionWithFee> chosen = [];
        int bytesLeft = Block.BytesMax - BlockBytesReserved;
        int signaturesLeft = BlockRules.SignatureOperationsMax - 1;
        foreach (PoolEntry entry in entries.OrderBy(entry => entry.Sequence))
        {
            Transaction transaction = entry.Transaction;
            int signatures = SignatureOperations(transaction);
            bool isTooEarly = entry.IsJob
                ? transaction.LockTime > context.BlockTime
                : !TransactionRules.IsFinal(transaction, context.Height, context.MedianTimePast);
            if (isTooEarly || transaction.ByteCount > bytesLeft || signatures > signaturesLeft)
            {
                continue;
            }

            SpendResult result = TransactionRules.CheckSpend(transaction, context, view);
            if (result.Code == RuleCode.Accepted)
            {
                chosen.Add(new TransactionWithFee(transaction, result.Fee));
                view.Add(transaction, context);
                bytesLeft -= transaction.ByteCount;
                signaturesLeft -= signatures;
            }
        }

        return chosen;
    }

    private static int SignatureOperations(Transaction transaction) =>
        transaction.Inputs.Sum(input => input.Script.SignatureOperationCount())
        + transaction.Outputs.Sum(output => output.Script.SignatureOperationCount());

    /// <summary>The unspent outputs with those of the transactions chosen so far.</summary>
    private sealed class View(UtxoSet outputs) : IUtxoView
    {
        private readonly Dictionary<OutPoint, Utxo> made = [];

        public void Add(Transaction transaction, SpendContext context)
        {
            for (int i = 0; i < transaction.Outputs.Count; i++)
            {
                made.Add(
                    new OutPoint(transaction.Txid, (uint)i),
                    new Utxo(transaction.Outputs[i], context.Height, false, context.BlockTime, transaction.JobId));
            }
        }

        public bool TryGet(OutPoint outPoint, [NotNullWhen(true)] out Utxo? utxo) =>
            made.TryGetValue(outPoint, out utxo) || outputs.TryGet(outPoint, out utxo);
    }
}
