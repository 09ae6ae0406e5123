using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRegistry.Distribution.Market;
using Camelid.ModelRegistry.Distribution.Pulls;
using Camelid.Protocol;
using Grpc.Core;
using Camelid.ServiceDefaults.Hosting;

namespace Camelid.ModelRegistry.Distribution;

/// <summary>
/// Fetches the operator's model (<c>Camelid:Model</c>) where it is not here, or damaged: a root as it is, a name where
/// exactly one announced model has it. Tries again until it is here.
/// </summary>
internal sealed partial class ServedModelPull(
    ModelCatalog catalog, PullQueue queue, IModelMarket market, DistributionOptions options, ServedModelClock clock)
    : BackgroundService
{
    private const int NamedMax = 8;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2), FailurePause = TimeSpan.FromSeconds(10);

    private readonly ILogger logger = clock.Logger;

    /// <summary>Why the model is not here yet, for people; empty where it is.</summary>
    public string Reason { get; private set; } = "";

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await clock.Lifetime.WaitStartedAsync(stoppingToken);
        while (options.PullsServed)
        {
            TimeSpan pause = Pause;
            if (catalog.Find(catalog.DefaultModel) is { IsIntact: true })
            {
                Reason = "";
            }
            else if (await FindAsync(stoppingToken) is { } root)
            {
                pause = await PullAsync(root, stoppingToken) ? Pause : FailurePause;
            }

            await Task.Delay(pause, clock.Time, stoppingToken);
        }
    }

    private async Task<bool> PullAsync(Hash256 root, CancellationToken cancellation)
    {
        try
        {
            ModelPull pull = queue.Start(root);
            Reason = "";
            await pull.Running.WaitAsync(cancellation);
            Reason = pull.Row.Message;
            return pull.Row.State == "done";
        }
        catch (PullException refusal)
        {
            Reason = refusal.Message;
            return false;
        }
    }

    private async Task<Hash256?> FindAsync(CancellationToken cancellation)
    {
        string model = catalog.DefaultModel;
        if (Hash256.TryParse(model, out Hash256 root))
        {
            return root;
        }

        if (catalog.Find(model) is { } damaged)
        {
            return damaged.Root;
        }

        try
        {
            Hash256[] named = [.. (await market.ListAsync(null, cancellation)).SelectMany(holding => holding.Models)
                .Where(held => held.Name == model).Select(held => held.Root).Distinct().Order()];
            Say(named.Length switch
            {
                0 => $"model '{model}' is not here, and no node announces one of that name yet",
                1 => "",
                _ => $"{named.Length} announced models are called '{model}'; set Camelid:Model (--model) to the root "
                    + $"that is meant: {string.Join(", ", named.Take(NamedMax))}",
            });
            return named.Length == 1 ? named[0] : null;
        }
        catch (RpcException exception) when (!cancellation.IsCancellationRequested)
        {
            Say($"model '{model}' is not here, and the chain service does not say who has it: "
                + exception.Status.Detail);
            return null;
        }
    }

    private void Say(string reason)
    {
        if (reason != Reason && reason.Length > 0)
        {
            LogWaiting(reason);
        }

        Reason = reason;
    }

    [LoggerMessage(5033, LogLevel.Warning, "The operator's model waits: {Reason}")]
    private partial void LogWaiting(string reason);
}

/// <summary>When the services of this process stand, and what time it is.</summary>
internal sealed record ServedModelClock(
    TimeProvider Time, IHostApplicationLifetime Lifetime, ILogger<ServedModelPull> Logger);
