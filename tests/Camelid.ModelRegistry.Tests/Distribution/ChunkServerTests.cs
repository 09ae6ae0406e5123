using System.Net.Sockets;
using Camelid.ModelRegistry.Distribution.Links;
using Camelid.ModelRegistry.Distribution.Serving;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;
using Camelid.Protocol.Models.Chunks;

namespace Camelid.ModelRegistry.Tests.Distribution;

/// <summary>Rule J-39: what one stream can cost who serves chunks is bounded.</summary>
public sealed class ChunkServerTests : IAsyncLifetime
{
    private readonly Swarm swarm = new();
    private ModelPackage package = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        package = await RandomPackage.WriteAsync(Path.Combine(swarm.Folder, "a"), 40 << 20, 21);

    public ValueTask DisposeAsync() => swarm.DisposeAsync();

    [Fact]
    [Trait("Rule", "J-39")]
    public async Task More_asks_at_once_than_the_window_end_the_stream()
    {
        ChunkServer server = swarm.Serve(package, options: new ServingOptions { Window = 4 });
        using ChunkLink link = await GreetAsync(server);
        for (int ask = 0; ask < 20; ask++)
        {
            await link.SendAsync(new GetChunks(package.Root, FileOf(0), [ask]), Cancellation);
        }

        (int chunks, ChunkBye? bye) = await ReadAllAsync(link);
        Assert.Equal(ByeReason.TooMuch, bye?.Reason);
        Assert.InRange(chunks, 0, 10);
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0, 77 })]
    [InlineData(new byte[] { 255, 255, 15, 0, (byte)ChunkKind.Chunk })]
    [InlineData(new byte[] { 2, 0, 0, 0, (byte)ChunkKind.Bye, 1 })]
    [InlineData(new byte[] { 4, 0, 0, 0, (byte)ChunkKind.GetHave, 1, 2, 3 })]
    public async Task What_is_no_ask_ends_the_stream(byte[] frame)
    {
        ChunkServer server = swarm.Serve(package);
        using ChunkLink link = await GreetAsync(server);
        await link.WriteAsync(frame, Cancellation);
        await link.FlushAsync(Cancellation);
        Assert.Equal(ByeReason.BadMessage, (await ReadAllAsync(link)).Bye?.Reason);
    }

    [Fact]
    public async Task Who_says_nothing_or_half_a_greeting_is_ended()
    {
        ChunkServer server = swarm.Serve(
            package, options: new ServingOptions { GreetingTimeout = TimeSpan.FromMilliseconds(100) });
        using Socket silent = await ConnectAsync(server);
        using Socket dripping = await ConnectAsync(server);
        await dripping.SendAsync(new byte[3], Cancellation);
        Assert.Equal(0, await silent.ReceiveAsync(new byte[1], Cancellation));
        Assert.Equal(0, await dripping.ReceiveAsync(new byte[1], Cancellation));
    }

    [Fact]
    public async Task Who_asks_for_nothing_is_ended_in_time()
    {
        ChunkServer server = swarm.Serve(
            package, options: new ServingOptions { IdleTimeout = TimeSpan.FromMilliseconds(100) });
        using ChunkLink link = await GreetAsync(server);
        Assert.Equal((0, null), await ReadAllAsync(link));
    }

    /// <summary>Eight chunks do not fit into the buffers of a loopback connection, so the server must wait.</summary>
    [Fact]
    public async Task Who_asks_and_does_not_read_is_ended()
    {
        ChunkServer server = swarm.Serve(package, options: new ServingOptions
        {
            SlowReaderTimeout = TimeSpan.FromMilliseconds(200), Window = 32,
        });
        using ChunkLink link = await GreetAsync(server);
        await link.SendAsync(new GetChunks(package.Root, FileOf(0), [.. Enumerable.Range(0, 13)]), Cancellation);
        await link.SendAsync(new GetChunks(package.Root, FileOf(1), [.. Enumerable.Range(0, 16)]), Cancellation);
        await server.WhenNoneIsOpenAsync().WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.Equal(0, server.StreamsCount);
    }

    [Theory]
    [InlineData(2, 16)]
    [InlineData(64, 2)]
    public async Task One_stream_too_many_is_not_taken(int connectionsMax, int perHostMax)
    {
        ChunkServer server = swarm.Serve(package, options: new ServingOptions
        {
            ConnectionsMax = connectionsMax, ConnectionsPerHostMax = perHostMax,
        });
        using ChunkLink first = await GreetAsync(server);
        using ChunkLink second = await GreetAsync(server);
        using Socket third = await ConnectAsync(server);
        Assert.Equal(0, await third.ReceiveAsync(new byte[1], Cancellation));
        Assert.Equal(2, server.StreamsCount);
    }

    [Fact]
    public async Task What_is_not_there_is_said()
    {
        ChunkServer server = swarm.Serve(package);
        using ChunkLink link = await GreetAsync(server);
        await link.SendAsync(new GetChunks(package.Root, FileOf(0), [3, 4_000]), Cancellation);
        Assert.IsType<ChunkAnswer>((await NextAsync(link)));
        Assert.Equal(new HaveNot(package.Root, FileOf(0), [4_000]), await NextAsync(link));
        Hash256 other = Hash256.FromBytes(new byte[32]);
        foreach (ChunkMessage ask in new ChunkMessage[]
        {
            new GetHead(other, 0), new GetHave(other), new GetChunks(other, 1, [2]), new GetHead(package.Root, 1 << 24),
        })
        {
            await link.SendAsync(ask, Cancellation);
            Assert.Empty(Assert.IsType<HaveNot>(await NextAsync(link)).Indices);
        }
    }

    [Fact]
    public async Task A_stream_of_another_network_is_not_answered()
    {
        ChunkServer server = swarm.Serve(package);
        using Socket socket = await ConnectAsync(server);
        Assert.Null(await ChunkLink.CallAsync(
            socket, swarm.Terms with { Network = Network.Test }, hashesChunks: false, Cancellation));
    }

    /// <summary>20 MB a second: 3 MB take a tenth of a second at least, the first one is free.</summary>
    [Fact]
    public async Task Uploads_are_paced()
    {
        ChunkServer server = swarm.Serve(
            package, options: new ServingOptions { UploadBytesPerSecond = 20_000_000 });
        using ChunkLink link = await GreetAsync(server);
        long started = TimeProvider.System.GetTimestamp();
        await link.SendAsync(new GetChunks(package.Root, FileOf(0), [0, 1, 2]), Cancellation);
        for (int chunk = 0; chunk < 3; chunk++)
        {
            Assert.IsType<ChunkAnswer>(await NextAsync(link));
        }

        Assert.True(TimeProvider.System.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(100));
    }

    private static async Task<Socket> ConnectAsync(ChunkServer server)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 1 << 16 };
        await socket.ConnectAsync(server.EndPoint, Cancellation);
        return socket;
    }

    private static async Task<ChunkMessage?> NextAsync(ChunkLink link) =>
        (await link.ReceiveAsync(ChunkMessage.BodyBytesMax, Cancellation))?.Decode();

    private static async Task<(int Chunks, ChunkBye? Bye)> ReadAllAsync(ChunkLink link)
    {
        int chunks = 0;
        ChunkBye? bye = null;
        try
        {
            while (await NextAsync(link) is { } message)
            {
                chunks += message is ChunkAnswer ? 1 : 0;
                bye = message as ChunkBye ?? bye;
            }
        }
        catch (SocketException)
        {
            // Ended at once.
        }

        return (chunks, bye);
    }

    private int FileOf(int random) => package.Manifest.Files.Select((file, index) => (file.Path, index))
        .Single(file => file.Path == $"random-{random}.bin").index;

    private async Task<ChunkLink> GreetAsync(ChunkServer server)
    {
        ChunkLink link = (await ChunkLink.CallAsync(
            await ConnectAsync(server), swarm.Terms, hashesChunks: false, Cancellation))!;
        await link.SendAsync(new ChunkHello(swarm.Terms.Network.GenesisHash.Value, 1), Cancellation);
        Assert.IsType<ChunkHello>(await NextAsync(link));
        return link;
    }
}
