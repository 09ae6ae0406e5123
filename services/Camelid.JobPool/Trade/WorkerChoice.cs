using Camelid.Contracts.Chain.V1;
using Camelid.JobPool.Jobs;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Trade;

/// <summary>
/// Chooses among the announced workers and verifiers. An announcement is a claim: who did not keep it lately comes
/// last, and what the chain says of a stake counts, not what its owner says.
/// </summary>
internal sealed class WorkerChoice(MarketRpc.MarketRpcClient market, JobStore store, TimeProvider time)
{
    /// <summary>Failures older than this are forgiven, in milliseconds.</summary>
    private const long RememberMs = 3_600_000;

    /// <summary>The worker for a job; null where none fits now.</summary>
    public async Task<ServiceDetails?> WorkerAsync(JobParameters job, CancellationToken cancellationToken)
    {
        IReadOnlyList<ServiceDetails> live = await ListAsync(ServiceRole.Worker, job.ModelRoot, cancellationToken);
        ServiceDetails[] fitting = [.. live.Where(service => !service.Own && Fits(service, job))];
        if (fitting.Length == 0)
        {
            return null;
        }

        IReadOnlyList<StakeRecord> records = await store.StakeRecordsAsync(NowMs - RememberMs, cancellationToken);
        Dictionary<string, StakeRecord> byStake =
            records.ToDictionary(record => Convert.ToHexStringLower(record.StakeId));
        return fitting.MinBy(service => RankOf(service, job, byStake));
    }

    /// <summary>
    /// The lowest price of a token that a live worker of another operator asks; null where none runs it.
    /// </summary>
    public async Task<ulong?> LowestPriceAsync(Hash256 modelRoot, CancellationToken cancellationToken)
    {
        ulong[] prices = [.. (await ListAsync(ServiceRole.Worker, modelRoot, cancellationToken))
            .Where(service => !service.Own).Select(service => ServedOf(service, modelRoot)!.PriceGrains)];
        return prices.Length == 0 ? null : prices.Min();
    }

    /// <summary>
    /// A verifier of a third operator: neither this one nor the worker's; one of the worker's numerics class before
    /// others, since it checks bit for bit.
    /// </summary>
    /// <param name="row">The job.</param>
    /// <param name="avoid">A node that did not answer, or null.</param>
    /// <param name="cancellationToken">Stops the question.</param>
    public async Task<ServiceDetails?> VerifierAsync(JobRow row, byte[]? avoid, CancellationToken cancellationToken)
    {
        Hash256 root = Hash256.FromBytes(row.ModelRoot);
        IReadOnlyList<ServiceDetails> live = await ListAsync(ServiceRole.Verifier, root, cancellationToken);
        return live
            .Where(service => !service.Own && !service.NodeId.Span.SequenceEqual(row.PeerNode)
                && !service.PublicKey.Span.SequenceEqual(row.WorkerKey))
            .OrderBy(service => avoid is not null && service.NodeId.Span.SequenceEqual(avoid))
            .ThenBy(service => !ServedOf(service, root)!.NumericsClass.Span.SequenceEqual(row.NumericsClass))
            .ThenBy(service => service.Queue)
            .ThenBy(service => Convert.ToHexString(service.StakeId.Span), StringComparer.Ordinal)
            .FirstOrDefault();
    }

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task<IReadOnlyList<ServiceDetails>> ListAsync(
        ServiceRole role, Hash256 modelRoot, CancellationToken cancellationToken)
    {
        try
        {
            ListServicesReply reply = await market.ListServicesAsync(
                new ListServicesRequest { Role = role, ModelRoot = ByteString.CopyFrom(modelRoot.ToBytes()) },
                cancellationToken: cancellationToken);
            return [.. reply.Services.Where(service => ServedOf(service, modelRoot) is not null)];
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.Unimplemented)
        {
            return [];
        }
    }

    private static ServedModel? ServedOf(ServiceDetails service, Hash256 modelRoot)
    {
        byte[] root = modelRoot.ToBytes();
        return service.Models.FirstOrDefault(model => model.ModelRoot.Span.SequenceEqual(root));
    }

    /// <summary>Rules J-05 and E-41, by what the chain says of the stake.</summary>
    private static bool Fits(ServiceDetails service, JobParameters job)
    {
        ServedModel served = ServedOf(service, job.ModelRoot)!;
        Int128 slash = EscrowSchedule.SlashGrainsMin(Pricing.RewardGrains(job), Amount.Zero);
        return served.PriceGrains <= job.PriceGrainsPerToken
            && service.StakeBlockTimeUnix <= job.Created
            && slash * EscrowSchedule.StakePerSlash <= service.StakeGrains
            && service.ExpiresUnix > job.Created
            && (job.NumericsClasses.Count == 0
                || job.NumericsClasses.Contains(Hash256.FromBytes(served.NumericsClass.Span)));
    }

    /// <summary>
    /// Failures first, then what waits for each of its slots, our own jobs included, which its announcement can't know;
    /// equal ones are shared out by the job.
    /// </summary>
    private static (long Failures, double Load, string Share) RankOf(
        ServiceDetails service, JobParameters job, Dictionary<string, StakeRecord> records)
    {
        string stake = Convert.ToHexStringLower(service.StakeId.Span);
        records.TryGetValue(stake, out StakeRecord? record);
        long waiting = Math.Max(record?.Open ?? 0, service.SlotsBusy + service.Queue);
        double load = waiting / (double)Math.Max(1, service.Slots);
        string share = Hashes.Sha256([.. job.NonceHash.ToBytes(), .. service.StakeId.Span]).ToString();
        return (record?.Failed ?? 0, load, share);
    }
}
