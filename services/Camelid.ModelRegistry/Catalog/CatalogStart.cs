using Camelid.ModelRegistry.Distribution;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRegistry.Catalog;

/// <summary>
/// At start: imports the embedded model and checks all others. A damaged one is named and the rest is served.
/// </summary>
internal sealed partial class CatalogStart(
    ModelImport import, ModelRemoval removal, DistributionOptions options, ILogger<CatalogStart> logger)
    : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        removal.Sweep();
        if (options.ImportsEmbedded && Directory.Exists(ModelPackage.EmbeddedFolder))
        {
            try
            {
                await import.ImportAsync(ModelPackage.EmbeddedFolder, cancellationToken);
            }
            catch (Exception exception) when (exception is ModelPackageException or IOException)
            {
                LogEmbeddedUnusable(ModelPackage.EmbeddedFolder, exception.Message);
            }
        }

        await import.CheckOthersAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(5004, LogLevel.Error, "The embedded model in {Folder} cannot be imported: {Reason}")]
    private partial void LogEmbeddedUnusable(string folder, string reason);
}
