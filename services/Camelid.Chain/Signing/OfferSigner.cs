using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Chain.Mining;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Rpc;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Camelid.Chain.Signing;

/// <summary>An offer that was made.</summary>
/// <param name="Offer">Its row.</param>
/// <param name="Transaction">J0.</param>
internal sealed record OpenedOffer(OfferRow Offer, Transaction Transaction);

/// <summary>Opens and closes offers. Safe to repeat: the job is the key.</summary>
internal sealed class OfferSigner(
    SignerParts parts, TransactionPool pool, RegtestFunding funding, IOptions<ChainOptions> options)
{
    /// <summary>
    /// [J3] Rules E-30 and E-33: reserves a deposit for the job, one job to each deposit, keeps J0 and the reservation
    /// in the database, and only then lets J0 out.
    /// </summary>
    public async Task<OpenedOffer> OpenAsync(JobParameters job, CancellationToken cancellationToken)
    {
        OpenedOffer opened = await FindAsync(job.Id, cancellationToken) ?? await MakeAsync(job, cancellationToken);
        await parts.Intake.SubmitAsync(opened.Transaction, cancellationToken);
        return opened;
    }

    /// <summary>
    /// Rule E-35: gives up a job: signs a second rotation of the deposit, due now, which takes the place of J0. As soon
    /// as it is in a block no transaction of the job can be valid any more, and its output is a free deposit.
    /// </summary>
    public async Task CloseAsync(JobId jobId, CancellationToken cancellationToken)
    {
        OfferRow offer = await parts.OfferAsync(jobId, cancellationToken);
        if (await parts.Store.FindAsync(jobId, JobTransactionKind.Payment, cancellationToken) is not null)
        {
            throw SignerParts.Refused("already-paid", $"job {jobId}: its payment is signed, the offer can't be closed");
        }

        JobTransactionRow? close = await parts.Store.FindAsync(jobId, JobTransactionKind.Close, cancellationToken);
        Transaction? transaction = close?.Transaction;
        if (transaction is null)
        {
            if (!TryFindDeposit(offer, out Coin? deposit))
            {
                return;
            }

            uint now = parts.Clock.Now;
            JobParameters job = offer.Job;
            if (now >= parts.ScheduleOf(job).OfferLockTime)
            {
                return;
            }

            transaction = parts.Build.Rotate(jobId, deposit!, (long)job.FeeGrains, now);
            await parts.Store.AddAsync(
                transaction, JobTransactionKind.Close, 0, JobTransactionKind.Offer, cancellationToken);
        }

        await parts.Intake.SubmitAsync(transaction, cancellationToken);
    }

    /// <summary>Free and open deposits of the client that are in a block.</summary>
    public async Task<(int Free, int Open)> CountDepositsAsync(CancellationToken cancellationToken)
    {
        string[] all = parts.State.Read(reading =>
            reading.Outputs.Own(OutputKind.Deposit, KeyRole.Client).Keys.Select(key => key.ToString()).ToArray());
        int open = (await parts.Store.ReservedAsync(all, cancellationToken)).Count;
        return (all.Length - open, open);
    }

    private async Task<OpenedOffer?> FindAsync(JobId jobId, CancellationToken cancellationToken)
    {
        OfferRow? offer = await parts.Store.FindOfferAsync(jobId, cancellationToken);
        JobTransactionRow? row = await parts.Store.FindAsync(jobId, JobTransactionKind.Offer, cancellationToken);
        return offer is null || row is null ? null : new OpenedOffer(offer, row.Transaction);
    }

    private async Task<OpenedOffer> MakeAsync(JobParameters job, CancellationToken cancellationToken)
    {
        Check(job);
        EscrowSchedule schedule = parts.ScheduleOf(job);
        Coin deposit = await ChooseAsync(job, schedule, cancellationToken);
        Transaction transaction = parts.Build.Rotate(job.Id, deposit, (long)job.FeeGrains, schedule.OfferLockTime);
        OfferRow offer = new()
        {
            JobId = job.Id.ToString(),
            Parameters = job.Encode(),
            Outpoint = deposit.OutPoint.ToString(),
            DepositGrains = deposit.Output.Value.Grains,
            PaymentLockTime = schedule.PaymentLockTime,
            Created = parts.Clock.Now,
        };
        await parts.Store.AddOfferAsync(offer, transaction, cancellationToken);
        return new OpenedOffer(offer, transaction);
    }

    private void Check(JobParameters job)
    {
        if (job.ClientKey != parts.State.Keys[KeyRole.Client].Public)
        {
            throw SignerParts.Bad("job_parameters: client_key is not this operator's client key (GetOperator says it)");
        }

        if (job.FeeGrains > (ulong)parts.State.Network.FeeGrainsMax)
        {
            throw SignerParts.Bad(
                $"job_parameters: fee {job.FeeGrains} grains, allowed are {parts.State.Network.FeeGrainsMax}");
        }

        uint now = parts.Clock.Now;
        if (job.Deadline <= now)
        {
            throw SignerParts.Refused("deadline-passed", $"job {job.Id}: its deadline {job.Deadline} is over at {now}");
        }

        if (parts.ScheduleOf(job).OfferLockTime > now + PoolPolicy.LockTimeAheadSecondsMax)
        {
            throw SignerParts.Bad(
                $"job_parameters: deadline more than {PoolPolicy.LockTimeAheadSecondsMax} s ahead of now");
        }
    }

    /// <summary>Rule E-30: the smallest deposit that is in a block, not reserved, rich and long-lived enough.</summary>
    private async Task<Coin> ChooseAsync(
        JobParameters job, EscrowSchedule schedule, CancellationToken cancellationToken)
    {
        long needed = NeededGrains(job);
        Coin[] worthy = parts.State.Read(reading => reading.Outputs.Own(OutputKind.Deposit, KeyRole.Client)
            .Where(pair => pair.Value.Output.Value.Grains >= needed
                && DepositScript.TryParse(pair.Value.Output.Script, out DepositScript script)
                && script.ExpiryTime >= schedule.DepositExpiryMin)
            .Select(pair => new Coin(pair.Key, pair.Value.Output)).ToArray());
        HashSet<string> reserved = [.. await parts.Store.ReservedAsync(
            [.. worthy.Select(coin => coin.OutPoint.ToString())], cancellationToken)];
        return worthy.Where(coin => !reserved.Contains(coin.OutPoint.ToString()) && !pool.Spends(coin.OutPoint))
            .OrderBy(coin => coin.Output.Value).ThenBy(coin => coin.OutPoint.Txid).FirstOrDefault()
            ?? throw NoDeposit(worthy.Length > 0 || IsUnderWay(needed), needed);
    }

    private RpcException NoDeposit(bool isTemporary, long needed)
    {
        bool canFund = options.Value.FundClient && needed <= options.Value.DepositGrains
            && funding.SpendableGrains() >= options.Value.DepositGrains;
        if (canFund && !isTemporary)
        {
            funding.DemandDeposit(needed);
        }

        return isTemporary || canFund
            ? RpcReason.Exception(
                StatusCode.ResourceExhausted, "no-free-deposit",
                "every deposit has an open job; one is free again within a few blocks. Try again in some seconds.")
            : SignerParts.Refused(
                "no-money",
                $"this job needs a deposit of {needed} grains, and the client has neither one nor the coins for it. "
                + $"Send coins to {parts.State.Keys[KeyRole.Client].Address}, or ask for fewer tokens.");
    }

    /// <summary>True where a transaction that waits makes a deposit of the client that is rich enough.</summary>
    private bool IsUnderWay(long needed) => pool.List().SelectMany(entry => entry.Transaction.Outputs).Any(output =>
        output.Value.Grains >= needed && DepositScript.TryParse(output.Script, out DepositScript script)
        && script.Client == parts.State.Keys[KeyRole.Client].Public);

    /// <summary>Half of it covers the reward (E-08), and both fees can be paid besides.</summary>
    private static long NeededGrains(JobParameters job)
    {
        Int128 needed = (2 * (Int128)Pricing.RewardGrains(job).Grains) + (2 * (Int128)job.FeeGrains) + 1;
        return (long)Int128.Min(needed, Amount.GrainsMax);
    }

    private bool TryFindDeposit(OfferRow offer, out Coin? deposit)
    {
        deposit = parts.State.Read(reading => reading.Outputs.TryGet(offer.Deposit, out Utxo? utxo)
            ? new Coin(offer.Deposit, utxo.Output)
            : null);
        return deposit is not null;
    }
}
