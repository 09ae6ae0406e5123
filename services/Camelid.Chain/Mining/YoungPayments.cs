using Camelid.Chain.Blocks;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mining;

/// <summary>
/// Rule E-32: the payments of the last blocks, to whomever. Who mines on demand mines for every operator: the worker
/// whose claim waits for a block may be another node's.
/// </summary>
internal sealed class YoungPayments(ChainState state)
{
    private BlockHash readAt;
    private Payment[] payments = [];

    /// <summary>True where a payment that can still be claimed is not as deep as its claim needs it.</summary>
    /// <param name="now">Unix seconds.</param>
    public bool WaitForBurial(uint now)
    {
        BlockEntry tip = state.Read(reading => reading.Tip);
        if (readAt != tip.Hash)
        {
            (readAt, payments) = (tip.Hash, [.. Read(tip)]);
        }

        return payments.Any(payment => payment.RefundTime > now && payment.DeepAt > tip.Height
            && state.Read(reading => reading.Outputs.TryGet(payment.OutPoint, out _)));
    }

    /// <summary>Those of older blocks are deep enough for any claim.</summary>
    private IEnumerable<Payment> Read(BlockEntry tip)
    {
        int from = Math.Max(1, tip.Height - (int)EscrowSchedule.ClaimDepthMax + 2);
        for (int height = tip.Height; height >= from; height--)
        {
            Block? block = state.TryReadBlock(state.Read(reading => reading.Active[height]));
            foreach (Transaction transaction in block?.Transactions ?? [])
            {
                for (int index = 0; index < transaction.Outputs.Count; index++)
                {
                    TxOutput output = transaction.Outputs[index];
                    if (PaymentScript.TryParse(output.Script, out PaymentScript script))
                    {
                        yield return new Payment(
                            new OutPoint(transaction.Txid, (uint)index), script.RefundTime,
                            height + EscrowSchedule.ClaimDepth(output.Value, Subsidy.At(height)) - 1);
                    }
                }
            }
        }
    }

    /// <summary>A payment of the last blocks.</summary>
    /// <param name="OutPoint">Where it is.</param>
    /// <param name="RefundTime">From when on nobody claims it, Unix seconds.</param>
    /// <param name="DeepAt">Height of the tip at which it is deep enough.</param>
    private readonly record struct Payment(OutPoint OutPoint, uint RefundTime, long DeepAt);
}
