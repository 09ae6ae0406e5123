using System.Diagnostics;
using System.Text.Json.Nodes;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.TestKit.Kills;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Camelid.Cluster.Tests;

/// <summary>Rules P-58 and P-64 over real sockets: what two processes tell each other.</summary>
public sealed class MarketWalkTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const uint Kind = 20;
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-messages-").FullName;
    private readonly List<ChainProcess> running = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (ChainProcess process in running)
        {
            await process.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Two_processes_send_each_other_messages_large_and_many()
    {
        int port = ChainProcess.FreePort();
        await StartAsync("a", port, 0);
        await StartAsync("b", ChainProcess.FreePort(), port);
        await KillChecks.UntilAsync(running[1], status => (int)status["peerCount"]! == 1, Cancellation);
        using GrpcChannel first = Open(running[0]);
        using GrpcChannel second = Open(running[1]);
        ByteString receiver = (await new PeerRpc.PeerRpcClient(second)
            .ListPeersAsync(new ListPeersRequest(), Metadata, cancellationToken: Cancellation)).NodeId;
        using AsyncServerStreamingCall<NodeMessage> reading = new MarketRpc.MarketRpcClient(second)
            .WatchMessages(new WatchMessagesRequest { Kinds = { Kind } }, Metadata, cancellationToken: Cancellation);
        await reading.ResponseHeadersAsync;

        byte[][] sent = [.. Enumerable.Range(0, 150).Select(i => Drawn(6_000, i)), Drawn(2_600_000, 150)];
        Stopwatch watch = Stopwatch.StartNew();
        foreach (byte[] body in sent)
        {
            SendMessageReply reply = await new MarketRpc.MarketRpcClient(first).SendMessageAsync(
                new SendMessageRequest { Receiver = receiver, Kind = Kind, Body = ByteString.CopyFrom(body) },
                Metadata, cancellationToken: Cancellation);
            Assert.Equal(1u, reply.Neighbours);
        }

        List<string> got = [];
        while (got.Count < sent.Length && await reading.ResponseStream.MoveNext(Cancellation))
        {
            got.Add(Convert.ToHexStringLower(reading.ResponseStream.Current.Body.Span));
        }

        output.WriteLine($"{got.Count} messages in {watch.ElapsedMilliseconds} ms");
        Assert.Equal(sent.Select(Convert.ToHexStringLower).Order(), got.Order());
    }

    /// <summary>Rules P-60 and P-62: what one operator announces and offers, another one lists.</summary>
    [Fact]
    public async Task What_one_operator_announces_another_one_lists()
    {
        int port = ChainProcess.FreePort();
        await StartAsync("a", port, 0, mines: true);
        await StartAsync("b", ChainProcess.FreePort(), port);
        await KillChecks.UntilAsync(running[0], status => (bool)status["ready"]!, Cancellation);
        using GrpcChannel first = Open(running[0]);
        using GrpcChannel second = Open(running[1]);
        MarketRpc.MarketRpcClient own = new(first);
        ByteString root = ByteString.CopyFrom(Drawn(32, 7));
        await own.AnnounceServiceAsync(
            new AnnounceServiceRequest
            {
                Role = ServiceRole.Worker, Slots = 2, LifetimeSeconds = 60,
                Models = { new ServedModel { ModelRoot = root, PriceGrains = 9, NumericsClass = root } },
            },
            Metadata, cancellationToken: Cancellation);
        await own.AnnounceModelsAsync(
            new AnnounceModelsRequest
            {
                ChunkPort = 1_234, LifetimeSeconds = 60,
                Models = { new HeldModel { ModelRoot = root, Name = "kamel", BytesCount = 5 } },
            },
            Metadata, cancellationToken: Cancellation);
        JobParameters job = await JobAsync(first, root);
        await new SignerRpc.SignerRpcClient(first).OpenOfferAsync(
            new OpenOfferRequest { JobParameters = ByteString.CopyFrom(job.Encode()) }, Metadata,
            cancellationToken: Cancellation);
        await own.AnnounceOfferAsync(
            new AnnounceOfferRequest { JobId = ByteString.CopyFrom(job.Id.Value.ToBytes()) }, Metadata,
            cancellationToken: Cancellation);

        JsonNode market = await MarketAsync(running[1], market => market["offers"]!.AsArray().Count == 1
            && market["services"]!.AsArray().Count == 1 && market["holdings"]!.AsArray().Count == 1);
        Assert.Equal("200000000", (string)market["services"]![0]!["stakeGrains"]!);
        Assert.False((bool)market["services"]![0]!["own"]!);
        Assert.Equal("127.0.0.1:1234", (string)market["holdings"]![0]!["chunkAddress"]!);
        Assert.Equal(job.Id.ToString(), (string)market["offers"]![0]!["jobId"]!);
        ListServicesReply listed = await new MarketRpc.MarketRpcClient(second).ListServicesAsync(
            new ListServicesRequest { Role = ServiceRole.Worker, ModelRoot = root }, Metadata,
            cancellationToken: Cancellation);
        Assert.Equal(root, Assert.Single(listed.Services).Models.Single().ModelRoot);
        Assert.True((bool)(await MarketAsync(running[0], _ => true))["services"]![0]!["own"]!);
    }

    /// <summary>Rule P-66: only the first one mines; each gets what its role needs by asking.</summary>
    [Fact]
    public async Task Operators_without_coins_get_their_stakes_and_deposits_by_themselves()
    {
        int port = ChainProcess.FreePort();
        await StartAsync("a", port, 0, mines: true, roles: "client");
        await StartAsync("b", ChainProcess.FreePort(), port, roles: "worker");
        await StartAsync("c", ChainProcess.FreePort(), port, roles: "verifier");
        await StartAsync("d", ChainProcess.FreePort(), port, roles: "client");
        Stopwatch watch = Stopwatch.StartNew();
        foreach (ChainProcess process in running)
        {
            await KillChecks.UntilAsync(process, status => (bool)status["ready"]!, Cancellation);
        }

        output.WriteLine($"four operators are ready after {watch.ElapsedMilliseconds} ms");
    }

    private static async Task<JobParameters> JobAsync(GrpcChannel channel, ByteString root)
    {
        OperatorReply self = await new SignerRpc.SignerRpcClient(channel).GetOperatorAsync(
            new GetOperatorRequest(), Metadata, cancellationToken: Cancellation);
        uint now = (uint)DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return new JobParameters
        {
            ModelRoot = Hash256.FromBytes(root.Span),
            PromptTokens = [1, 2],
            MaxTokens = 8,
            PriceGrainsPerToken = 10,
            FeeGrains = 10_000,
            Created = now,
            Deadline = now + 120,
            ClientKey = PublicKey.TryFromBytes(self.ClientKey.Span, out PublicKey key) ? key : default,
            NonceHash = Hash256.FromBytes(root.Span),
        };
    }

    private static async Task<JsonNode> MarketAsync(ChainProcess process, Func<JsonNode, bool> isWanted)
    {
        while (true)
        {
            JsonNode market = (await process.GetAsync("/api/chain/market", Cancellation))!;
            if (isWanted(market))
            {
                return market;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), Cancellation);
        }
    }

    private static Metadata Metadata => new() { { "authorization", "Bearer " + ChainProcess.Token } };

    private static GrpcChannel Open(ChainProcess process) => GrpcChannel.ForAddress(
        process.RpcAddress,
        new GrpcChannelOptions { MaxReceiveMessageSize = 16 << 20, MaxSendMessageSize = 16 << 20 });

    private async Task StartAsync(string name, int listen, int connect, bool mines = false, string? roles = null)
    {
        running.Add(ChainProcess.Start(Path.Combine(folder, name), mines, listen, connect, roles));
        await KillChecks.UntilAsync(running[^1], _ => true, Cancellation);
    }

    private static byte[] Drawn(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
