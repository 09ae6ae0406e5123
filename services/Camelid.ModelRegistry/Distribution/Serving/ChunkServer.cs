using System.Net;
using System.Net.Sockets;
using Camelid.ModelRegistry.Distribution.Links;

namespace Camelid.ModelRegistry.Distribution.Serving;

/// <summary>
/// Serves chunks of the models on the shelf over encrypted streams (rules J-30 to J-34), within the bounds of rule
/// J-39.
/// </summary>
internal sealed partial class ChunkServer : IAsyncDisposable
{
    private const int Backlog = 32;

    /// <summary>How often streams are looked at.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Dictionary<ChunkStream, Task> streams = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly TimeProvider time;
    private readonly ILogger<ChunkServer> logger;
    private Socket? listener;
    private Task running = Task.CompletedTask;

    /// <summary>A server that does not listen yet.</summary>
    public ChunkServer(
        ServingOptions options, ChunkShelf shelf, ChunkLinkTerms terms, TimeProvider time, ILogger<ChunkServer> logger)
    {
        (this.time, this.logger) = (time, logger);
        Serving = new ChunkServing(options, shelf, terms, time);
    }

    /// <summary>What its streams share.</summary>
    public ChunkServing Serving { get; }

    /// <summary>Where it listens, with the port that the system chose.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)(listener?.LocalEndPoint
        ?? throw new InvalidOperationException("the chunk server does not listen"));

    /// <summary>Streams that are open.</summary>
    public int StreamsCount
    {
        get
        {
            lock (gate)
            {
                return streams.Count;
            }
        }
    }

    /// <summary>Waits until the streams that are open have ended.</summary>
    public Task WhenNoneIsOpenAsync()
    {
        lock (gate)
        {
            return Task.WhenAll([.. streams.Values]);
        }
    }

    /// <summary>Listens.</summary>
    /// <exception cref="SocketException">The address cannot be had.</exception>
    public void Listen(IPEndPoint endPoint)
    {
        Socket socket = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = endPoint.Address.Equals(IPAddress.IPv6Any);
            }

            socket.Bind(endPoint);
            socket.Listen(Backlog);
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }

        listener = socket;
        LogListening(EndPoint);
        running = Task.WhenAll(AcceptAsync(socket), WatchAsync());
    }

    /// <summary>Ends all streams and takes no more.</summary>
    public void Stop()
    {
        stopping.Cancel();
        listener?.Dispose();
        lock (gate)
        {
            // What ends at once takes itself out of the list on this very thread.
            foreach (ChunkStream stream in streams.Keys.ToArray())
            {
                stream.End();
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Stop();
        await running;
        await WhenNoneIsOpenAsync();
        stopping.Dispose();
    }

    private async Task AcceptAsync(Socket socket)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                Socket accepted = await socket.AcceptAsync(stopping.Token);
                Begin(accepted);
            }
            catch (Exception exception) when (exception is ObjectDisposedException or OperationCanceledException
                or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return;
            }
            catch (SocketException exception)
            {
                // Gone before it was taken, or too many open files: others may do better.
                LogAccept(exception.SocketErrorCode);
                await Task.Delay(Tick, time);
            }
        }
    }

    private void Begin(Socket accepted)
    {
        IPAddress? host = (accepted.RemoteEndPoint as IPEndPoint)?.Address;
        lock (gate)
        {
            if (host is null || stopping.IsCancellationRequested || streams.Count >= Serving.Options.ConnectionsMax
                || streams.Keys.Count(open => open.Host.Equals(host)) >= Serving.Options.ConnectionsPerHostMax)
            {
                accepted.Dispose();
                return;
            }

            accepted.NoDelay = true;
            accepted.SendBufferSize = ChunkLink.SocketBufferBytes;
            ChunkStream stream = new(accepted, host, Serving);
            streams.Add(stream, Task.CompletedTask);
            streams[stream] = Task.Run(() => CarryAsync(stream));
        }
    }

    private async Task CarryAsync(ChunkStream stream)
    {
        await stream.RunAsync();
        lock (gate)
        {
            streams.Remove(stream);
        }

        stream.Dispose();
    }

    private async Task WatchAsync()
    {
        using PeriodicTimer timer = new(Tick, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping.Token))
            {
                EndOverdue();
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private void EndOverdue()
    {
        lock (gate)
        {
            foreach (ChunkStream stream in streams.Keys.Where(stream => stream.IsOverdue(Serving.Now)).ToArray())
            {
                LogOverdue(stream.Host);
                stream.End();
            }
        }
    }

    [LoggerMessage(5010, LogLevel.Information, "Serving chunks on {EndPoint}")]
    private partial void LogListening(IPEndPoint endPoint);

    [LoggerMessage(5011, LogLevel.Warning, "A chunk stream could not be taken: {Error}")]
    private partial void LogAccept(SocketError error);

    [LoggerMessage(5012, LogLevel.Information, "A chunk stream of {Host} asked or read too slowly and was ended")]
    private partial void LogOverdue(IPAddress host);
}
