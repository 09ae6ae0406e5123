using System.Diagnostics;
using Camelid.Contracts.Chain.V1;
using Camelid.TestKit.Kills;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Camelid.Cluster.Tests;

/// <summary>Rules P-58 and P-64 over real sockets: messages between two processes.</summary>
public sealed class MessageWalkTests(ITestOutputHelper output) : IAsyncLifetime
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

    private static Metadata Metadata => new() { { "authorization", "Bearer " + ChainProcess.Token } };

    private static GrpcChannel Open(ChainProcess process) => GrpcChannel.ForAddress(
        process.RpcAddress,
        new GrpcChannelOptions { MaxReceiveMessageSize = 16 << 20, MaxSendMessageSize = 16 << 20 });

    private async Task StartAsync(string name, int listen, int connect)
    {
        running.Add(ChainProcess.Start(Path.Combine(folder, name), mines: false, listen, connect));
        await KillChecks.UntilAsync(running[^1], _ => true, Cancellation);
    }

    private static byte[] Drawn(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
