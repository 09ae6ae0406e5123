namespace Camelid.ModelRegistry.Catalog;

/// <summary>
/// Looks into the models folder now and then, so that a model imported beside the running node is there without a
/// restart. A look lists one folder; only what is new is read.
/// </summary>
internal sealed partial class ModelFolderWatch(
    ModelImport import, TimeProvider time, ILogger<ModelFolderWatch> logger) : BackgroundService
{
    /// <summary>Time between two looks.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await import.AddNewAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                LogUnreadable(exception.Message);
            }
        }
    }

    [LoggerMessage(5007, LogLevel.Warning, "The models folder cannot be read: {Reason}")]
    private partial void LogUnreadable(string reason);
}
