using Camelid.Chain.Mempool;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Signing;

/// <summary>
/// Rule E-42: payments of this client that nobody claimed and that no row of this node remembers, since its data
/// folder was lost: the keys suffice to take them back after T_r.
/// </summary>
internal sealed partial class LostPayments(
    SignerParts parts, TransactionPool pool, TimeProvider time, ILogger<LostPayments> logger)
{
    /// <summary>Refunds that one look makes; the next one makes more.</summary>
    private const int RefundsMax = 100;

    /// <summary>Fee of such a refund in grains, and at most half of the payment.</summary>
    private const long FeeGrains = 1_000;

    /// <summary>Windows between two looks: each goes through all unspent outputs.</summary>
    private const int LookWindows = 3;

    private long lookAt;

    /// <summary>Looks, where it is time.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        long now = time.GetTimestamp();
        if (now < lookAt || !parts.State.Keys.CanSign)
        {
            return;
        }

        lookAt = now + (LookWindows * parts.State.Network.WindowSeconds * time.TimestampFrequency);
        foreach ((OutPoint outPoint, Utxo utxo, uint refundTime) in Find())
        {
            bool isRemembered = await parts.Store.FindAsync(
                utxo.JobId, JobTransactionKind.Payment, cancellationToken) is not null;
            if (!isRemembered && !pool.Spends(outPoint))
            {
                await TakeBackAsync(new Coin(outPoint, utxo.Output), utxo, refundTime, cancellationToken);
            }
        }
    }

    private (OutPoint OutPoint, Utxo Utxo, uint RefundTime)[] Find()
    {
        PublicKey client = parts.State.Keys[KeyRole.Client].Public;
        uint now = parts.Clock.Now;
        return parts.State.Read(reading =>
        {
            List<(OutPoint, Utxo, uint)> found = [];
            foreach ((OutPoint outPoint, Utxo utxo) in reading.Outputs.All())
            {
                if (found.Count < RefundsMax && PaymentScript.TryParse(utxo.Output.Script, out PaymentScript script)
                    && script.Client == client && script.RefundTime < now)
                {
                    found.Add((outPoint, utxo, script.RefundTime));
                }
            }

            return found.ToArray();
        });
    }

    private async Task TakeBackAsync(Coin coin, Utxo utxo, uint refundTime, CancellationToken cancellationToken)
    {
        long fee = Math.Min(FeeGrains, coin.Output.Value.Grains / 2);
        Transaction refund = parts.Build.Refund(utxo.JobId, coin, refundTime, fee);
        if (await parts.Store.FindAsync(utxo.JobId, JobTransactionKind.Refund, cancellationToken) is null)
        {
            await parts.Store.AddAsync(refund, JobTransactionKind.Refund, refundTime, null, cancellationToken);
        }

        await parts.Intake.SubmitAsync(refund, cancellationToken);
        LogTakenBack(utxo.JobId.ToString(), coin.Output.Value.Grains);
    }

    [LoggerMessage(1019, LogLevel.Warning,
        "Job {JobId}, which this node does not remember: its unclaimed payment of {Grains} grains is taken back")]
    private partial void LogTakenBack(string jobId, long grains);
}
