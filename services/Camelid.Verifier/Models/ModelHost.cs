using System.Diagnostics.CodeAnalysis;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.ModelRuntime;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;
using Camelid.ServiceDefaults.Hosting;
using Grpc.Core;

namespace Camelid.Verifier.Models;

/// <summary>
/// Gets the operator's model, from its own folder or from ModelRegistry, and loads it. Tries again until that succeeds:
/// the registry may start later, and a damaged file may be repaired.
/// </summary>
internal sealed partial class ModelHost(
    ModelRegistryRpc.ModelRegistryRpcClient registry, DataFolder folder, VerifierOptions options,
    IHostApplicationLifetime lifetime, ILogger<ModelHost> logger) : BackgroundService, IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource<LanguageModel> loaded =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly ModelInstallation installation = new(folder.Models);
    private int disposed;

    /// <summary>Why the model is not ready, for people; empty where it is.</summary>
    public string NotReadyReason { get; private set; } = "the model is loading";

    /// <summary>The model once it is ready, else null.</summary>
    public LanguageModel? Model => loaded.Task.IsCompletedSuccessfully ? loaded.Task.Result : null;

    /// <summary>Waits for the model.</summary>
    public Task<LanguageModel> WaitAsync(CancellationToken cancellationToken) =>
        loaded.Task.WaitAsync(cancellationToken);

    /// <summary>
    /// Stops the engine; requests under way end as cancelled. Once: the host knows this object by two names.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0 && Model is { } model)
        {
            await model.DisposeAsync();
        }

        Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever is wrong is shown by /health and tried again.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await lifetime.WaitStartedAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                ModelPackage package = await FindAsync(stoppingToken);
                LanguageModelOptions loading = new() { Threads = options.Threads, Slots = VerifierOptions.Slots };
                LanguageModel model = await LanguageModel.LoadAsync(package, loading, stoppingToken);
                NotReadyReason = "";
                loaded.SetResult(model);
                LogLoaded(package.Name, package.Root, model.NumericsClass);
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                string reason = exception is RpcException rpc ? rpc.Status.Detail : exception.Message;
                if (NotReadyReason != reason)
                {
                    NotReadyReason = reason;
                    LogNotLoaded(options.Model, reason);
                }

                await Task.Delay(Pause, stoppingToken);
            }
        }
    }

    private async Task<ModelPackage> FindAsync(CancellationToken cancellationToken)
    {
        if (!Hash256.TryParse(options.Model, out Hash256 root))
        {
            Model known = await registry.GetModelAsync(
                new GetModelRequest { Model = options.Model }, cancellationToken: cancellationToken);
            root = Hash256.FromBytes(known.Root.Span);
        }

        if (Directory.Exists(installation.FolderOf(root)))
        {
            try
            {
                ModelPackage own = await ModelPackage.OpenAsync(installation.FolderOf(root), cancellationToken);
                if (own.Root == root)
                {
                    return own;
                }
            }
            catch (ModelPackageException damage)
            {
                LogFetchedAgain(options.Model, root, damage.Message);
            }
        }

        return await installation.InstallAsync(root, new RegistryModelSource(registry, root), cancellationToken);
    }

    [LoggerMessage(4001, LogLevel.Information, "Loaded model {Name} ({Root}), numerics class {NumericsClass}")]
    private partial void LogLoaded(string name, Hash256 root, Hash256 numericsClass);

    [LoggerMessage(4002, LogLevel.Warning, "Model {Model} is not loaded yet and will be tried again: {Reason}")]
    private partial void LogNotLoaded(string model, string reason);

    [LoggerMessage(4003, LogLevel.Warning, "Model {Model} ({Root}) is damaged here and is fetched again: {Damage}")]
    private partial void LogFetchedAgain(string model, Hash256 root, string damage);
}
