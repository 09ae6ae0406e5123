using System.Net;
using System.Net.Sockets;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Host;

/// <summary>The sockets of an engine: listens, dials, and keeps each connection under its number.</summary>
/// <remarks>Everything but the carrying of bytes happens on the engine's loop.</remarks>
internal sealed partial class PeerServer(
    PeerOptions options, LinkTerms terms, TimeProvider time, ILogger<PeerServer> logger) : IPeerTransport
{
    /// <summary>How long a connection may take to be opened.</summary>
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(5);

    private const int Backlog = 64;

    private readonly Dictionary<PeerId, PeerSocket> sockets = [];
    private readonly HashSet<PeerId> dialing = [];
    private readonly List<Socket> listeners = [];
    private readonly List<Task> running = [];
    private PeerLoop? loop;

    /// <summary>Where it listens, with the ports that the system chose.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints => [.. listeners.Select(socket => (IPEndPoint)socket.LocalEndPoint!)];

    private PeerLoop Loop => loop ?? throw new InvalidOperationException("the server is not attached to a loop");

    /// <summary>Says whose sockets these are.</summary>
    public void Attach(PeerLoop target) => loop = target;

    /// <summary>Listens on addresses.</summary>
    /// <exception cref="SocketException">One cannot be had.</exception>
    public void Listen(IEnumerable<IPEndPoint> endPoints)
    {
        foreach (IPEndPoint endPoint in endPoints)
        {
            Socket listener = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            listeners.Add(listener);
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                // [::] takes IPv4 too.
                listener.DualMode = endPoint.Address.Equals(IPAddress.IPv6Any);
            }

            listener.Bind(endPoint);
            listener.Listen(Backlog);
            LogListening((IPEndPoint)listener.LocalEndPoint!);
            _ = AcceptAsync(listener);
        }
    }

    /// <inheritdoc/>
    public void Open(PeerId peer, PeerAddress address)
    {
        dialing.Add(peer);
        _ = DialAsync(peer, address);
    }

    /// <inheritdoc/>
    public void Send(PeerId peer, byte[] frame)
    {
        if (sockets.TryGetValue(peer, out PeerSocket? socket))
        {
            socket.Send(frame);
        }
    }

    /// <inheritdoc/>
    public void Close(PeerId peer)
    {
        dialing.Remove(peer);
        if (sockets.Remove(peer, out PeerSocket? socket))
        {
            socket.Close();
        }
    }

    /// <inheritdoc/>
    public long QueuedBytes(PeerId peer) => sockets.TryGetValue(peer, out PeerSocket? socket) ? socket.QueuedBytes : 0;

    /// <summary>Takes no more connections.</summary>
    public void StopListening() => listeners.ForEach(listener => listener.Dispose());

    /// <summary>Waits until every connection has ended.</summary>
    public Task DrainAsync() => Task.WhenAll(running);

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptAsync();
            }
            catch (Exception exception) when (exception is ObjectDisposedException
                or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return;
            }
            catch (SocketException exception)
            {
                // A connection that was gone before it was taken, or too many open files: others may do better.
                LogAccept(exception.SocketErrorCode);
                await Task.Delay(PeerLoop.TickInterval, time);
                continue;
            }

            PeerAddress? remote = socket.RemoteEndPoint is IPEndPoint endPoint
                ? PeerAddress.FromEndPoint(endPoint)
                : null;
            Loop.Post(engine =>
            {
                if (remote is { } address && engine.Accept(address) is { } peer)
                {
                    Run(peer, socket, token => AnswerAsync(peer, socket, token));
                }
                else
                {
                    socket.Dispose();
                }
            });
        }
    }

    private async Task DialAsync(PeerId peer, PeerAddress address)
    {
        IPEndPoint endPoint = address.ToEndPoint();
        Socket socket = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using CancellationTokenSource patience = new(DialTimeout, time);
        PeerLink? link = null;
        try
        {
            await socket.ConnectAsync(endPoint, patience.Token);
            link = await PeerLink.CallAsync(socket, terms, time);
            if (link is null)
            {
                LogLink(address);
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            LogDial(address, exception.Message);
        }

        Loop.Post(engine =>
        {
            if (!dialing.Remove(peer) || link is null)
            {
                link?.Dispose();
                socket.Dispose();
                engine.Closed(peer);
                return;
            }

            Run(peer, socket, _ => Task.FromResult<PeerLink?>(link));
            engine.Opened(peer, link.Id);
        });
    }

    private async Task<PeerLink?> AnswerAsync(PeerId peer, Socket socket, CancellationToken cancellation)
    {
        PeerLink? link = await PeerLink.AnswerAsync(socket, terms, cancellation);
        if (link is not null)
        {
            await Loop.AskAsync(engine =>
            {
                engine.Opened(peer, link.Id);
                return true;
            });
        }

        return link;
    }

    private void Run(PeerId peer, Socket socket, Func<CancellationToken, Task<PeerLink?>> agree)
    {
        PeerSocket connection = new(socket, peer, Loop, time, options.SendQueueBytesLow);
        sockets.Add(peer, connection);
        running.RemoveAll(task => task.IsCompleted);
        running.Add(CarryAsync(peer, connection, agree));
    }

    private async Task CarryAsync(
        PeerId peer, PeerSocket connection, Func<CancellationToken, Task<PeerLink?>> agree)
    {
        await connection.RunAsync(agree);
        Loop.Post(engine =>
        {
            if (sockets.Remove(peer))
            {
                connection.Close();
                engine.Closed(peer);
            }

            connection.Dispose();
        });
    }

    [LoggerMessage(1151, LogLevel.Information, "Listening for peers on {EndPoint}")]
    private partial void LogListening(IPEndPoint endPoint);

    [LoggerMessage(1152, LogLevel.Debug, "Peer {Address} cannot be reached: {Reason}")]
    private partial void LogDial(PeerAddress address, string reason);

    [LoggerMessage(1157, LogLevel.Warning, "Peer {Address} does not encrypt: not connected (Chain:EncryptPeers=false)")]
    private partial void LogLink(PeerAddress address);

    [LoggerMessage(1153, LogLevel.Warning, "A connection could not be taken: {Error}")]
    private partial void LogAccept(SocketError error);
}
