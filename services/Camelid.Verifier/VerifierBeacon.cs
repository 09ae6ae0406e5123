using Camelid.Contracts.Chain.V1;
using Camelid.Verifier.Models;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Verifier;

/// <summary>
/// Announces this operator's verifier to all others once its model is loaded: which model, in which numerics class, and
/// how much waits. Repeated three times in the life of an announcement.
/// </summary>
internal sealed partial class VerifierBeacon(
    MarketRpc.MarketRpcClient market, ModelHost host, VerifierMetrics metrics, TimeProvider time,
    ILogger<VerifierBeacon> logger)
    : BackgroundService
{
    private const uint LifetimeSeconds = 60;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(LifetimeSeconds / 3);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    private string said = "";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await ((Task)host.WaitAsync(stoppingToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!stoppingToken.IsCancellationRequested)
        {
            bool isTold = await AnnounceAsync(stoppingToken);
            await Task.Delay(isTold ? Pause : Retry, time, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> AnnounceAsync(CancellationToken cancellationToken)
    {
        AnnounceServiceRequest request = new()
        {
            Role = ServiceRole.Verifier,
            Slots = VerifierOptions.Slots,
            Queue = (uint)metrics.Queue,
            LifetimeSeconds = LifetimeSeconds,
            Models =
            {
                new ServedModel
                {
                    ModelRoot = ByteString.CopyFrom(host.Model!.Package.Root.ToBytes()),
                    NumericsClass = ByteString.CopyFrom(host.Model.NumericsClass.ToBytes()),
                },
            },
        };
        try
        {
            await market.AnnounceServiceAsync(request, cancellationToken: cancellationToken);
            said = "";
            return true;
        }
        catch (RpcException exception)
        {
            if (said != exception.Status.Detail && !cancellationToken.IsCancellationRequested)
            {
                said = exception.Status.Detail;
                LogNotAnnounced(said);
            }

            return false;
        }
    }

    [LoggerMessage(4010, LogLevel.Information, "The verifier is not announced to other operators yet: {Reason}")]
    private partial void LogNotAnnounced(string reason);
}
