using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRegistry.Distribution.Links;
using Camelid.ModelRegistry.Storage;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol.Models.Chunks;
using Camelid.ServiceDefaults.Hosting;

namespace Camelid.ModelRegistry.Distribution.Pulls;

/// <summary>What every download needs.</summary>
/// <param name="Database">Rows.</param>
/// <param name="Import">Takes up what came.</param>
/// <param name="Folder">Where models lie.</param>
/// <param name="Storage">Room.</param>
/// <param name="Holders">Who has a model.</param>
internal sealed record PullContext(
    ModelsDatabase Database, ModelImport Import, DataFolder Folder, ModelStorage Storage, IHolderDirectory Holders)
{
    public required ChunkLinkTerms Terms { get; init; }

    public required PullSettings Settings { get; init; }

    public required TimeProvider Time { get; init; }
}

/// <summary>Carries one download from its head to the model in its place.</summary>
internal sealed partial class PullWork(PullContext context, ILogger<PullWork> logger)
{
    /// <summary>How long a node that did wrong is not asked.</summary>
    private static readonly TimeSpan AvoidFor = TimeSpan.FromDays(1);

    /// <summary>Whoever else installs the same model is done in that time.</summary>
    private const int InstallTriesMax = 100;

    private static readonly TimeSpan InstallPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs it. Ends in done or failed; a stop of the service leaves it as it is.</summary>
    public async Task RunAsync(ModelPull pull, CancellationToken stopping)
    {
        using CancellationTokenSource ending =
            CancellationTokenSource.CreateLinkedTokenSource(stopping, pull.Cancelled);
        try
        {
            await FetchAsync(pull, ending.Token);
            await EndAsync(pull, PullState.Done, "", "");
            LogDone(pull.Row.Name, pull.Root, pull.LastReport?.Holders.Count(holder => holder.ChunksCount > 0) ?? 0);
        }
        catch (PullException exception)
        {
            await EndAsync(pull, PullState.Failed, exception.Reason, exception.Message);
        }
        catch (ModelPackageException exception)
        {
            await EndAsync(pull, PullState.Failed, "bad-package", exception.Message);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await EndAsync(pull, PullState.Failed, "disk", exception.Message);
        }
        finally
        {
            context.Storage.Release(pull.Root);
        }
    }

    private async Task FetchAsync(ModelPull pull, CancellationToken cancellation)
    {
        if (context.Import.IsHere(pull.Root))
        {
            return;
        }

        string models = context.Folder.Models;
        ModelFetch fetch = new(context.Holders, context.Terms, context.Settings, context.Time, logger);
        await AvoidAsync(fetch, cancellation);
        pull.Fetch = fetch;
        try
        {
            await SaveAsync(pull, PullState.Finding, "", cancellation);
            Directory.CreateDirectory(models);
            ModelHead head = PartialPackage.FindHead(models, pull.Root)
                ?? await fetch.FindHeadAsync(pull.Root, cancellation);
            long bytes = head.Layout.BytesCount;
            context.Storage.Promise(pull.Root, bytes, 0);
            using PartialPackage partial = await PartialPackage.OpenAsync(models, head, cancellation);
            context.Import.CheckName(pull.Root, partial.Manifest);
            await SaveAsync(pull, PullState.Fetching, partial.Manifest.Name, cancellation);
            await fetch.FetchAsync(
                partial, () => context.Storage.Promise(pull.Root, bytes, fetch.Report()?.BytesHave ?? 0), cancellation);
            await SaveAsync(pull, PullState.Installing, partial.Manifest.Name, cancellation);
            await context.Import.TakeUpAsync(await InstallAsync(partial, cancellation), cancellation);
        }
        finally
        {
            pull.LastReport = fetch.Report();
            await NoteLiarsAsync(pull, fetch);
        }
    }

    /// <summary>A worker that looks for the same model may hold its lock for a moment.</summary>
    private async Task<ModelPackage> InstallAsync(PartialPackage partial, CancellationToken cancellation)
    {
        ModelInstallation installation = new(context.Folder.Models);
        for (int tries = 1; ; tries++)
        {
            try
            {
                return await partial.InstallAsync(installation, cancellation);
            }
            catch (IOException) when (tries < InstallTriesMax && Directory.Exists(partial.Folder))
            {
                await Task.Delay(InstallPause, context.Time, cancellation);
            }
        }
    }

    private async Task AvoidAsync(ModelFetch fetch, CancellationToken cancellation)
    {
        long since = (context.Time.GetUtcNow() - AvoidFor).ToUnixTimeMilliseconds();
        foreach (PullFaultRow row in await context.Database.ListFaultsAsync(since, cancellation))
        {
            if (HolderAddress.Parse(row.NodeId, row.Address) is { } address
                && HolderFaults.Parse(row.Fault) is { } fault)
            {
                fetch.Roster.Avoid(address, fault);
            }
        }
    }

    private async Task NoteLiarsAsync(ModelPull pull, ModelFetch fetch)
    {
        foreach (Holder liar in fetch.Roster.Liars.Where(liar => liar.TriesCount > 0))
        {
            await context.Database.SaveFaultAsync(
                new PullFaultRow
                {
                    Address = liar.Address.ToString(),
                    NodeId = liar.Address.NodeId,
                    Root = pull.Root.ToString(),
                    Fault = liar.Fault.Name(),
                    Noted = context.Time.GetUtcNow().ToUnixTimeMilliseconds(),
                },
                CancellationToken.None);
        }
    }

    private Task SaveAsync(ModelPull pull, PullState state, string name, CancellationToken cancellation) =>
        context.Database.SavePullAsync(
            pull.Change(row => row with { State = ModelPull.NameOf(state), Name = name }), cancellation);

    private async Task EndAsync(ModelPull pull, PullState state, string reason, string message)
    {
        PullRow ended = pull.Row with
        {
            State = ModelPull.NameOf(state), Reason = reason, Message = message,
            Ended = context.Time.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        await context.Database.SavePullAsync(ended, CancellationToken.None);
        pull.Change(_ => ended);
        if (state == PullState.Failed)
        {
            LogFailed(pull.Root, reason, message);
        }
    }

    [LoggerMessage(5023, LogLevel.Information, "Pulled model {Name} ({Root}) from {Holders} nodes")]
    private partial void LogDone(string name, Camelid.Protocol.Hash256 root, int holders);

    [LoggerMessage(5024, LogLevel.Warning, "Model {Root} could not be pulled: {Reason}: {Message}")]
    private partial void LogFailed(Camelid.Protocol.Hash256 root, string reason, string message);
}
