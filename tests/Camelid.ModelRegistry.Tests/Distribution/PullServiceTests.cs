using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRegistry.Distribution.Market;
using Camelid.ModelRegistry.Distribution.Pulls;
using Camelid.ModelRegistry.Storage;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Camelid.ModelRegistry.Tests.Distribution;

/// <summary>Registries of several operators, each the real service, over real chunk streams.</summary>
public sealed class PullServiceTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-operators").FullName;
    private readonly Board board = new();
    private readonly List<RegistryHost> hosts = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (RegistryHost host in hosts)
        {
            await host.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task An_operator_without_its_model_fetches_it_by_name_and_then_serves_it_itself()
    {
        RegistryHost a = await StartAsync("a");
        RegistryHost b = await StartAsync("b", ("Models:Embedded", "false"));
        Assert.Null(b.Catalog.Find("camelid-nano"));
        Assert.NotEqual(HealthStatus.Healthy, (await HealthOf(b)).Status);

        await board.SeatOf("b").AnnouncedAsync(holding => holding.Models.Count == 1, Cancellation);

        Assert.Equal(a.Catalog.Find("camelid-nano")!.Root, b.Catalog.Find("camelid-nano")!.Root);
        Assert.Equal(HealthStatus.Healthy, (await HealthOf(b)).Status);
        PullDetails pull = Assert.Single((await b.Client.ListPullsAsync(
            new ListPullsRequest(), cancellationToken: Cancellation)).Pulls);
        Assert.Equal(("done", pull.BytesCount), (pull.State, pull.BytesHave));
        Assert.Equal(board.SeatOf("a").NodeId, Convert.ToHexStringLower(Assert.Single(pull.Holders).NodeId.Span));
    }

    [Fact]
    public async Task A_published_model_is_announced_pulled_and_removed_again()
    {
        RegistryHost a = await StartAsync("a");
        RegistryHost b = await StartAsync("b");
        ModelPackage package = await RandomPackage.WriteAsync(Path.Combine(folder, "random"), 5 << 20, 41);
        await a.Import.ImportAsync(package.Folder, Cancellation);
        ByteString root = ByteString.CopyFrom(package.Root.ToBytes());
        await board.SeatOf("a").AnnouncedAsync(holding => holding.Models.Count == 1, Cancellation);
        Assert.DoesNotContain((await AnnouncedTo(b)).Models, model => model.Root == root);

        await a.Client.PublishModelAsync(
            new PublishModelRequest { Model = package.Name }, cancellationToken: Cancellation);
        await board.SeatOf("a").AnnouncedAsync(holding => holding.Models.Count == 2, Cancellation);
        board.Settled[package.Root] = 7;
        AnnouncedModel announced = Assert.Single((await AnnouncedTo(b)).Models, model => model.Root == root);
        Assert.Equal((package.Name, 1u, 7ul, false),
            (announced.Name, announced.Holders, announced.SettledJobs, announced.Local));

        PullDetails last = await PullAsync(b, package.Name);
        Assert.Equal("done", last.State);
        Assert.Equal(package.Root, b.Catalog.Find(package.Name)!.Root);
        Assert.Equal("already-here", await ReasonOf(() => b.Client.PullModelAsync(
            new PullModelRequest { Model = package.Root.ToString() }, cancellationToken: Cancellation)));

        RemoveModelRequest removal = new() { Model = package.Name };
        Assert.Equal(root, (await b.Client.RemoveModelAsync(removal, cancellationToken: Cancellation)).Root);
        Assert.Null(b.Catalog.Find(package.Root));
        Assert.Equal("unknown-model", await ReasonOf(() =>
            b.Client.RemoveModelAsync(removal, cancellationToken: Cancellation)));
        Assert.Equal([b.Catalog.Find("camelid-nano")!.Root.ToString()],
            Directory.EnumerateDirectories(ModelsOf("b")).Select(path => Path.GetFileName(path)));
        await a.Client.RemoveModelAsync(removal, cancellationToken: Cancellation);
        await board.SeatOf("a").AnnouncedAsync(holding => holding.Models.Count == 1, Cancellation);
    }

    [Fact]
    public async Task The_model_that_is_served_is_not_removed()
    {
        RegistryHost a = await StartAsync("a");
        Assert.Equal("model-served", await ReasonOf(() => a.Client.RemoveModelAsync(
            new RemoveModelRequest { Model = "camelid-nano" }, cancellationToken: Cancellation)));
        Assert.NotNull(a.Catalog.Find("camelid-nano"));
    }

    [Fact]
    public async Task A_model_over_the_quota_is_refused_with_both_numbers()
    {
        RegistryHost a = await StartAsync("a");
        ModelPackage package = await RandomPackage.WriteAsync(Path.Combine(folder, "random"), 9 << 20, 42);
        await a.Import.ImportAsync(package.Folder, Cancellation);
        await a.Client.PublishModelAsync(
            new PublishModelRequest { Model = package.Name }, cancellationToken: Cancellation);
        await board.SeatOf("a").AnnouncedAsync(holding => holding.Models.Count == 2, Cancellation);
        RegistryHost b = await StartAsync("b", ("Models:QuotaMegabytes", "20"));

        PullDetails last = await PullAsync(b, package.Root.ToString());

        Assert.Equal(("failed", "quota"), (last.State, last.Reason));
        Assert.Matches(@"takes 15\.\d MB, and 14\.\d MB of the 20\.0 MB", last.Message);
        Assert.Single(Directory.EnumerateDirectories(ModelsOf("b")));
    }

    [Fact]
    public async Task A_name_that_several_models_have_is_not_pulled_and_health_names_the_roots()
    {
        Hash256[] roots = [Hashes.Sha256([1]), Hashes.Sha256([2])];
        foreach (Hash256 root in roots)
        {
            board.Put(new Holding(
                root.ToString(), "127.0.0.1:1", [new MarketModel(root, "twin", 10, ParentRoot: null)]));
        }

        RegistryHost b = await StartAsync("b", ("Models:Embedded", "false"), ("Camelid:Model", "twin"));
        Assert.Equal("ambiguous-name", await ReasonOf(() => b.Client.PullModelAsync(
            new PullModelRequest { Model = "twin" }, cancellationToken: Cancellation)));
        Assert.Equal("unknown-model", await ReasonOf(() => b.Client.PullModelAsync(
            new PullModelRequest { Model = "nobody" }, cancellationToken: Cancellation)));
        HealthReportEntry health = await HealthOf(b);
        Assert.All(roots, root => Assert.Contains(root.ToString(), health.Description, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("camelid-nano", "as the one that is served here")]
    [InlineData("bell\u0007", "control characters")]
    public async Task A_model_with_the_name_of_the_served_one_or_none_to_show_does_not_come(string name, string why)
    {
        await using Swarm swarm = new();
        ModelPackage package = await RandomPackage.WriteAsync(Path.Combine(swarm.Folder, "x"), 2 << 20, 45, name);
        swarm.Serve(package);
        AnnounceSwarm(swarm, package);
        RegistryHost b = await StartAsync("b");
        Hash256 served = b.Catalog.Find("camelid-nano")!.Root;
        PullDetails last = await PullAsync(b, package.Root.ToString());
        Assert.Equal(("failed", "bad-package"), (last.State, last.Reason));
        Assert.Contains(why, last.Message, StringComparison.Ordinal);
        Assert.Equal(served, b.Catalog.Find("camelid-nano")!.Root);
    }

    [Fact]
    public async Task A_model_that_is_damaged_here_is_fetched_again()
    {
        RegistryHost a = await StartAsync("a");
        await board.SeatOf("a").AnnouncedAsync(holding => holding.Models.Count == 1, Cancellation);
        RegistryHost b = await StartAsync("b", ("Models:PullServed", "false"));
        ModelEntry entry = b.Catalog.Find("camelid-nano")!;
        string weights = Path.Combine(entry.Package!.Folder, "model.bin");
        await File.WriteAllBytesAsync(weights, [1, 2, 3], Cancellation);
        b.Catalog.MarkDamaged(entry.Root, "a file is shorter");

        Assert.Equal("done", (await PullAsync(b, entry.Root.ToString())).State);
        Assert.True(b.Catalog.Find(entry.Root)!.IsIntact);
        Assert.Equal(
            new FileInfo(Path.Combine(a.Catalog.Find(entry.Root)!.Package!.Folder, "model.bin")).Length,
            new FileInfo(weights).Length);
    }

    [Fact]
    public async Task A_download_goes_on_after_a_restart_and_the_liar_is_not_asked_again()
    {
        await using Swarm swarm = new();
        ModelPackage package = await RandomPackage.WriteAsync(Path.Combine(swarm.Folder, "x"), 8 << 20, 43);
        ModelPackage spoiled = await RandomPackage.CopyAsync(package, Path.Combine(swarm.Folder, "y"));
        RandomPackage.Spoil(spoiled, 100, 43);
        swarm.Serve(spoiled);
        swarm.Serve(package, diesAfter: 4);
        AnnounceSwarm(swarm, package);
        RegistryHost first = await StartAsync("b");
        PullDetails begun = await first.Client.PullModelAsync(
            new PullModelRequest { Model = package.Root.ToString() }, cancellationToken: Cancellation);
        await WatchAsync(first, begun.Root, pull => pull.ChunksHave > 0
            && pull.Holders.Any(holder => holder.Fault == "wrong-chunk"));
        hosts.Remove(first);
        await first.DisposeAsync();

        swarm.Serve(package);
        AnnounceSwarm(swarm, package);
        RegistryHost second = await StartAsync("b");
        PullDetails last = await WatchAsync(second, begun.Root, _ => false);

        Assert.Equal("done", last.State);
        Assert.Equal(package.Root, second.Catalog.Find(package.Root)!.Root);
        PullHolder liar = last.Holders.Single(holder => holder.Address == swarm.Addresses[0].ToString());
        Assert.Equal(("wrong-chunk", 0L), (liar.Fault, liar.BytesReceived));
        PullFaultRow noted = Assert.Single(await second.Services.GetRequiredService<ModelsDatabase>()
            .ListFaultsAsync(0, Cancellation));
        Assert.Equal((liar.Address, package.Root.ToString()), (noted.Address, noted.Root));
    }

    [Fact]
    public async Task What_an_operator_does_by_gRPC_it_can_do_by_HTTP()
    {
        RegistryHost a = await StartAsync("a");
        RegistryHost b = await StartAsync("b");
        ModelPackage package = await RandomPackage.WriteAsync(Path.Combine(folder, "random"), 3 << 20, 44);
        await a.Import.ImportAsync(package.Folder, Cancellation);
        using HttpResponseMessage published = await a.Http.PostAsync(
            $"/api/models/{package.Root}/publish", content: null, Cancellation);
        JsonNode model = JsonNode.Parse(await published.Content.ReadAsStringAsync(Cancellation))!;
        Assert.True(model["isPublished"]!.GetValue<bool>());
        Assert.Equal(a.Catalog.Find("camelid-nano")!.Root.ToString(), model["lineage"]![0]!.GetValue<string>());
        await board.SeatOf("a").AnnouncedAsync(holding => holding.Models.Count == 2, Cancellation);
        JsonArray announced = JsonNode.Parse(
            await b.Http.GetStringAsync("/api/models/announced", Cancellation))!.AsArray();
        Assert.Contains(announced, known => known!["name"]!.GetValue<string>() == package.Name);

        using HttpResponseMessage begun = await b.Http.PostAsJsonAsync(
            "/api/models/pull", new { model = package.Name }, Cancellation);
        Assert.Equal(HttpStatusCode.OK, begun.StatusCode);
        await WatchAsync(b, ByteString.CopyFrom(package.Root.ToBytes()), _ => false);
        JsonNode pull = JsonNode.Parse(
            await b.Http.GetStringAsync($"/api/models/pulls/{package.Root}", Cancellation))!;
        Assert.Equal("done", pull["state"]!.GetValue<string>());
        Assert.Single(JsonNode.Parse(await b.Http.GetStringAsync("/api/models/pulls", Cancellation))!.AsArray());

        using HttpResponseMessage removed = await b.Http.DeleteAsync($"/api/models/{package.Name}", Cancellation);
        using HttpResponseMessage again = await b.Http.DeleteAsync($"/api/models/{package.Name}", Cancellation);
        using HttpResponseMessage served = await b.Http.DeleteAsync("/api/models/camelid-nano", Cancellation);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound, HttpStatusCode.Conflict),
            (removed.StatusCode, again.StatusCode, served.StatusCode));
        JsonNode refusal = JsonNode.Parse(await served.Content.ReadAsStringAsync(Cancellation))!;
        Assert.Equal("model-served", refusal["code"]!.GetValue<string>());
    }

    [Fact]
    public async Task More_downloads_than_can_wait_are_refused()
    {
        RegistryHost b = await StartAsync("b");
        PullQueue queue = b.Services.GetRequiredService<PullQueue>();
        for (byte number = 0; number < PullQueue.RunningMax + PullQueue.WaitingMax; number++)
        {
            queue.Start(Hashes.Sha256([number]));
        }

        Assert.Equal("pulls-full", Assert.Throws<PullException>(() => queue.Start(Hashes.Sha256([99]))).Reason);
        Assert.Equal(PullQueue.RunningMax + PullQueue.WaitingMax, queue.All.Count);
        Assert.Equal(queue.All[0], queue.Start(queue.All[0].Root));
    }

    private static async Task<HealthReportEntry> HealthOf(RegistryHost host) => (await host.Services
        .GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancellation)).Entries["modelregistry"];

    private static async Task<ListAnnouncedReply> AnnouncedTo(RegistryHost host) =>
        await host.Client.ListAnnouncedAsync(new ListAnnouncedRequest(), cancellationToken: Cancellation);

    private static async Task<string> ReasonOf<T>(Func<AsyncUnaryCall<T>> call) =>
        RpcReason.Of(await Assert.ThrowsAsync<RpcException>(async () => await call()));

    private static async Task<PullDetails> PullAsync(RegistryHost host, string model)
    {
        PullDetails begun = await host.Client.PullModelAsync(
            new PullModelRequest { Model = model }, cancellationToken: Cancellation);
        return await WatchAsync(host, begun.Root, _ => false);
    }

    /// <summary>Watches until the download is over, or as a test wants it.</summary>
    private static async Task<PullDetails> WatchAsync(
        RegistryHost host, ByteString root, Func<PullDetails, bool> isEnough)
    {
        using AsyncServerStreamingCall<PullDetails> call = host.Client.WatchPull(
            new WatchPullRequest { Root = root }, cancellationToken: Cancellation);
        PullDetails last = new();
        await foreach (PullDetails pull in call.ResponseStream.ReadAllAsync(Cancellation))
        {
            last = pull;
            if (isEnough(pull))
            {
                break;
            }
        }

        return last;
    }

    private void AnnounceSwarm(Swarm swarm, ModelPackage package)
    {
        foreach (HolderAddress address in swarm.Addresses)
        {
            board.Put(new Holding(address.NodeId, address.ToString(),
                [new MarketModel(package.Root, package.Name, 1, ParentRoot: null)]));
        }
    }

    private string ModelsOf(string name) => Path.Combine(folder, name, "regtest", "models");

    private async Task<RegistryHost> StartAsync(string name, params (string Name, string Value)[] settings)
    {
        RegistryHost host = await RegistryHost.StartAsync(
            Path.Combine(folder, name), Cancellation, board.SeatOf(name),
            settings.ToDictionary(setting => setting.Name, setting => setting.Value));
        hosts.Add(host);
        return host;
    }
}
