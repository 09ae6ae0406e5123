using System.Net;
using Camelid.ModelRegistry.Distribution.Links;
using Camelid.ModelRegistry.Distribution.Pulls;
using Camelid.ModelRegistry.Distribution.Serving;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;
using Camelid.Secp256k1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Camelid.ModelRegistry.Tests.Distribution;

/// <summary>Chunk servers on loopback, in a folder that goes with them.</summary>
internal sealed class Swarm : IAsyncDisposable, IHolderDirectory
{
    private readonly List<ChunkServer> servers = [];

    public string Folder { get; } = Directory.CreateTempSubdirectory("camelid-swarm").FullName;

    public ChunkLinkTerms Terms { get; } = new(Network.Regtest, Secp256k1Provider.Create());

    public List<HolderAddress> Addresses { get; } = [];

    /// <summary>The pull's side: where it puts models.</summary>
    public string Models => Path.Combine(Folder, "models");

    /// <summary>Serves a package.</summary>
    /// <param name="package">What is served; its files may be spoiled meanwhile.</param>
    /// <param name="diesAfter">The server ends after so many chunks.</param>
    /// <param name="options">Its bounds.</param>
    public ChunkServer Serve(ModelPackage package, int? diesAfter = null, ServingOptions? options = null) =>
        Serve(ShelfModel.Of(package), diesAfter, options);

    public ChunkServer Serve(ShelfModel model, int? diesAfter = null, ServingOptions? options = null)
    {
        ChunkShelf shelf = new();
        shelf.Put(model);
        ChunkServer server = new(
            options ?? new ServingOptions(), shelf, Terms, TimeProvider.System, NullLogger<ChunkServer>.Instance);
        server.Serving.ChunkSent = count =>
        {
            if (count == diesAfter)
            {
                server.Stop();
            }
        };
        server.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        servers.Add(server);
        Addresses.Add(new HolderAddress($"node-{servers.Count}", "127.0.0.1", server.EndPoint.Port));
        return server;
    }

    public Task<IReadOnlyList<HolderAddress>> FindAsync(Hash256 root, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<HolderAddress>>([.. Addresses]);

    public ModelFetch Fetch(PullSettings? settings = null) =>
        new(this, Terms, settings ?? new PullSettings(), TimeProvider.System, NullLogger.Instance);

    /// <summary>Everything that a pull does, from the head to the place of the model.</summary>
    public async Task<(ModelPackage Package, ModelFetch Fetch)> PullAsync(
        Hash256 root, CancellationToken cancellation, PullSettings? settings = null)
    {
        ModelFetch fetch = Fetch(settings);
        Directory.CreateDirectory(Models);
        using PartialPackage partial = await PartialPackage.OpenAsync(
            Models, await fetch.FindHeadAsync(root, cancellation), cancellation);
        await fetch.FetchAsync(partial, () => { }, cancellation);
        return (await partial.InstallAsync(new ModelInstallation(Models), cancellation), fetch);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ChunkServer server in servers)
        {
            await server.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }
}
