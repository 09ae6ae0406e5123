using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Workers;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Trade;

/// <summary>
/// Announces this operator's worker to all others while it has one: its models, its price, its load. Repeated three
/// times in the life of an announcement, and when the load changed.
/// </summary>
internal sealed partial class ServiceBeacon(
    MarketRpc.MarketRpcClient market, WorkerRoster roster, JobPoolOptions options, TimeProvider time,
    ILogger<ServiceBeacon> logger)
    : BackgroundService
{
    private const int ModelsMax = 32;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private string said = "";
    private long toldAt;
    private AnnounceServiceRequest? told;

    /// <summary>Announces, where something is to be said.</summary>
    public async Task AnnounceAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<WorkerReport> workers = [.. roster.Alive().Where(worker => worker.ModelRoots.Count > 0)];
        if (workers.Count == 0)
        {
            return;
        }

        AnnounceServiceRequest request = RequestOf(workers);
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (request.Equals(told) && now - toldAt < options.AnnouncementSeconds * 1000L / 3)
        {
            return;
        }

        try
        {
            await market.AnnounceServiceAsync(request, cancellationToken: cancellationToken);
            (told, toldAt, said) = (request, now, "");
        }
        catch (RpcException exception)
        {
            if (said != exception.Status.Detail && !cancellationToken.IsCancellationRequested)
            {
                said = exception.Status.Detail;
                LogNotAnnounced(said);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await AnnounceAsync(stoppingToken);
        }
    }

    private AnnounceServiceRequest RequestOf(IReadOnlyList<WorkerReport> workers)
    {
        AnnounceServiceRequest request = new()
        {
            Role = ServiceRole.Worker,
            Slots = (uint)workers.Sum(worker => worker.Slots),
            SlotsBusy = (uint)workers.Sum(worker => worker.SlotsBusy),
            Queue = (uint)workers.Sum(worker => worker.Queue),
            LifetimeSeconds = options.AnnouncementSeconds,
        };
        HashSet<ByteString> roots = [];
        foreach (WorkerReport worker in workers)
        {
            request.Models.AddRange(worker.ModelRoots.Where(roots.Add).Take(ModelsMax).Select(root => new ServedModel
            {
                ModelRoot = root, PriceGrains = options.PriceGrainsPerToken, NumericsClass = worker.NumericsClass,
            }));
        }

        return request;
    }

    [LoggerMessage(2064, LogLevel.Information, "The worker is not announced to other operators yet: {Reason}")]
    private partial void LogNotAnnounced(string reason);
}
