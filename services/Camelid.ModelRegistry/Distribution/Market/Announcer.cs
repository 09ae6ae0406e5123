using System.Net.Sockets;
using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRegistry.Distribution.Serving;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;
using Camelid.Protocol.Market;
using Grpc.Core;

namespace Camelid.ModelRegistry.Distribution.Market;

/// <summary>
/// Keeps the shelf of the chunk server as the publication says, and tells other nodes of it: at each change, and three
/// times within the time that an announcement counts.
/// </summary>
internal sealed partial class Announcer(
    Publication publication, ChunkShelf shelf, ChunkServer server, IModelMarket market, AnnouncerOptions terms)
    : BackgroundService
{
    /// <summary>Models in one announcement.</summary>
    public const int ModelsMax = 64;

    /// <summary>Announcements while one counts.</summary>
    private const int TimesPerLifetime = 3;

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1), RetryPause = TimeSpan.FromSeconds(5);

    private readonly ILogger logger = terms.Logger;
    private readonly long started = terms.Time.GetTimestamp();
    private Hash256[] told = [];
    private bool wasTold;
    private string lastFailure = "";

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await publication.LoadAsync(stoppingToken);
        Listen();
        TimeSpan due = TimeSpan.Zero;
        using PeriodicTimer timer = new(Tick, terms.Time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            ModelEntry[] entries = [.. publication.Entries.Take(ModelsMax)];
            Fill(entries);
            Hash256[] roots = [.. entries.Select(entry => entry.Root)];
            bool isChanged = !roots.SequenceEqual(told);
            TimeSpan now = terms.Time.GetElapsedTime(started);
            if ((isChanged || now >= due) && (roots.Length > 0 || wasTold))
            {
                bool isTold = await TryAnnounceAsync(entries, stoppingToken);
                told = isTold ? roots : told;
                due = now + (isTold ? terms.Options.Lifetime / TimesPerLifetime : RetryPause);
            }
        }
    }

    /// <summary>A port that was not named and is taken is done without: any other does.</summary>
    private void Listen()
    {
        try
        {
            server.Listen(terms.Options.Listen);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            LogTaken(terms.Options.Listen.Port);
            server.Listen(new System.Net.IPEndPoint(terms.Options.Listen.Address, 0));
        }
    }

    private void Fill(ModelEntry[] entries)
    {
        foreach (Hash256 root in shelf.Roots.Except(entries.Select(entry => entry.Root)))
        {
            shelf.Remove(root);
        }

        foreach (ModelEntry entry in entries.Where(entry => shelf.Find(entry.Root) is null))
        {
            try
            {
                shelf.Put(ShelfModel.Of(entry.Package!));
            }
            catch (ModelPackageException exception)
            {
                LogUnservable(entry.Name, exception.Message);
            }
        }
    }

    private async Task<bool> TryAnnounceAsync(ModelEntry[] entries, CancellationToken cancellation)
    {
        try
        {
            await market.AnnounceAsync(
                [.. entries.Where(entry => shelf.Find(entry.Root) is not null).Select(AnnouncedOf).Where(IsInForm)],
                server.EndPoint.Port, terms.Options, cancellation);
            (wasTold, lastFailure) = (true, "");
            return true;
        }
        catch (RpcException exception) when (!cancellation.IsCancellationRequested)
        {
            if (exception.Status.Detail != lastFailure)
            {
                lastFailure = exception.Status.Detail;
                LogNotTold(lastFailure);
            }

            return false;
        }
    }

    /// <summary>One name that nobody takes must not keep the others from being told.</summary>
    private static bool IsInForm(MarketModel model) =>
        new HeldModel(model.Root, model.Name, model.BytesCount, model.ParentRoot ?? default).IsInForm;

    private static MarketModel AnnouncedOf(ModelEntry entry) => new(
        entry.Root, entry.Name, entry.Package!.Manifest.Files.Sum(file => file.Bytes),
        Hash256.TryParse(entry.Package.Manifest.ParentRoot, out Hash256 parent) ? parent : null);

    [LoggerMessage(5030, LogLevel.Warning, "Port {Port} for chunks is taken: another one is used and announced")]
    private partial void LogTaken(int port);

    [LoggerMessage(5031, LogLevel.Warning, "Model {Name} cannot be served to others: {Reason}")]
    private partial void LogUnservable(string name, string reason);

    [LoggerMessage(5032, LogLevel.Warning, "Other nodes were not told of the models here: {Reason}")]
    private partial void LogNotTold(string reason);
}

/// <summary>What the announcer goes by.</summary>
internal sealed record AnnouncerOptions(DistributionOptions Options, TimeProvider Time, ILogger<Announcer> Logger);
