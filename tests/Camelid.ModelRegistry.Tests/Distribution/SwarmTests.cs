using Camelid.ModelRegistry.Distribution.Pulls;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol.Models.Chunks;

namespace Camelid.ModelRegistry.Tests.Distribution;

/// <summary>Downloads over real sockets on loopback.</summary>
public sealed class SwarmTests(ITestOutputHelper output)
{
    private const int ScenarioBytes = 20 << 20;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The scenario of the bench, in small: a liar with 5 % wrong chunks, and one that dies.</summary>
    [Fact]
    public async Task A_model_comes_whole_from_an_honest_node_a_liar_and_one_that_dies()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        await using Swarm swarm = new();
        ModelPackage package = await RandomPackage.WriteAsync(Path.Combine(swarm.Folder, "a"), ScenarioBytes, seed);
        swarm.Serve(package);
        ModelPackage spoiled = await RandomPackage.CopyAsync(package, Path.Combine(swarm.Folder, "b"));
        swarm.Serve(spoiled);
        RandomPackage.Spoil(spoiled, 5, seed);
        swarm.Serve(await RandomPackage.CopyAsync(package, Path.Combine(swarm.Folder, "c")), diesAfter: 4);

        (ModelPackage pulled, ModelFetch fetch) = await swarm.PullAsync(package.Root, Cancellation);

        Assert.Equal(package.Root, pulled.Root);
        Assert.Equal(Path.Combine(swarm.Models, package.Root.ToString()), pulled.Folder);
        FetchReport report = fetch.Report()!;
        Assert.InRange(report.FetchesMost, 1, 2);
        Assert.Equal(report.BytesCount, report.BytesHave);
        Assert.DoesNotContain(report.Holders, holder => holder.Address == swarm.Addresses[0]
            && holder.Fault != HolderFault.None);
        Assert.Equal([pulled.Folder], Directory.EnumerateFileSystemEntries(swarm.Models));
    }

    [Fact]
    public async Task A_liar_is_named_by_address_chunk_and_fault_and_asked_no_more()
    {
        await using Swarm swarm = new();
        ModelPackage package = await RandomPackage.WriteAsync(Path.Combine(swarm.Folder, "a"), 9 << 20, 5);
        ModelPackage spoiled = await RandomPackage.CopyAsync(package, Path.Combine(swarm.Folder, "b"));
        swarm.Serve(spoiled);
        swarm.Serve(package);
        RandomPackage.Spoil(spoiled, 100, 5);

        (ModelPackage pulled, ModelFetch fetch) = await swarm.PullAsync(package.Root, Cancellation);

        Assert.Equal(package.Root, pulled.Root);
        Holder liar = Assert.Single(fetch.Roster.Liars);
        Assert.Equal((swarm.Addresses[0], HolderFault.WrongChunk), (liar.Address, liar.Fault));
        Assert.InRange(fetch.Report()!.FetchesMost, 1, 2);
    }
}
