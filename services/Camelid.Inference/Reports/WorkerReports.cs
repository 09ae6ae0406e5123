using Camelid.Contracts.JobPool.V1;
using Camelid.Inference.Models;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Inference.Reports;

/// <summary>Tells JobPool every 2 s that this worker lives and what it can run.</summary>
internal sealed partial class WorkerReports(
    JobPoolRpc.JobPoolRpcClient jobPool, ModelHost host, WorkerMetrics metrics, WorkerOptions options,
    TimeProvider time, IHostApplicationLifetime lifetime, ILogger<WorkerReports> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration =
            lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        await host.WaitAsync(stoppingToken);
        using PeriodicTimer timer = new(Interval, time);
        bool reachable = true;
        do
        {
            try
            {
                await jobPool.ReportWorkerAsync(Report(), deadline: null, cancellationToken: stoppingToken);
                reachable = true;
            }
            catch (RpcException exception) when (!stoppingToken.IsCancellationRequested)
            {
                if (reachable)
                {
                    LogUnheard(exception.Status.Detail);
                }

                reachable = false;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private WorkerReport Report()
    {
        WorkerReport report = new()
        {
            Worker = options.Worker,
            Slots = (uint)metrics.Slots,
            SlotsBusy = (uint)metrics.SlotsBusy,
            Queue = (uint)metrics.Queue,
            ExecutionProvider = options.ExecutionProvider,
            ReportedUnixMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        if (host.Model is { } model)
        {
            report.ModelRoots.Add(ByteString.CopyFrom(model.Package.Root.ToBytes()));
            report.NumericsClass = ByteString.CopyFrom(model.NumericsClass.ToBytes());
        }

        return report;
    }

    [LoggerMessage(3004, LogLevel.Warning, "JobPool does not hear this worker's reports; they go on: {Reason}")]
    private partial void LogUnheard(string reason);
}
