using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Camelid.Protocol.Peers.Links;

namespace Camelid.Chain.Peers.Host;

/// <summary>
/// One TCP connection: what the engine sends waits in a pipe; what comes is handed to the engine piece by piece, and no
/// more is read before the last piece was judged. So a peer can send no faster than it is listened to.
/// </summary>
/// <remarks><see cref="Send"/> and <see cref="Close"/> are called on the engine's loop alone.</remarks>
internal sealed class PeerSocket : IDisposable
{
    /// <summary>Bytes that are read at a time.</summary>
    public const int PieceBytes = 65_536;

    /// <summary>How long what waits may still go out once the connection is to end.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly Socket socket;
    private readonly PeerLoop loop;
    private readonly PeerId id;
    private readonly TimeProvider time;
    private readonly int lowBytes;
    private readonly CancellationTokenSource reading = new();
    private readonly CancellationTokenSource writing = new();
    private readonly Pipe output = new(new PipeOptions(
        pauseWriterThreshold: 0, resumeWriterThreshold: 0, useSynchronizationContext: false));

    private long queuedBytes;
    private int isAboveLow;

    /// <summary>A connection that is open.</summary>
    /// <param name="socket">The connected socket; it is disposed with this.</param>
    /// <param name="id">Its number.</param>
    /// <param name="loop">The engine's loop.</param>
    /// <param name="time">The clock of pauses.</param>
    /// <param name="lowBytes">Where more than this has waited and half of it is left, the engine is told.</param>
    public PeerSocket(Socket socket, PeerId id, PeerLoop loop, TimeProvider time, int lowBytes)
    {
        (this.socket, this.id, this.loop, this.time, this.lowBytes) = (socket, id, loop, time, lowBytes);
        socket.NoDelay = true;
    }

    /// <summary>Bytes that wait to be taken by the network.</summary>
    public long QueuedBytes => Interlocked.Read(ref queuedBytes);

    /// <summary>Takes a frame; the engine bounds what waits.</summary>
    public void Send(byte[] frame)
    {
        if (Interlocked.Add(ref queuedBytes, frame.Length) >= lowBytes)
        {
            Volatile.Write(ref isAboveLow, 1);
        }

        output.Writer.Write(frame);

        // The pipe never holds its writer back, so this is over when it returns.
        ValueTask<FlushResult> flushed = output.Writer.FlushAsync(CancellationToken.None);
        System.Diagnostics.Debug.Assert(flushed.IsCompleted, "a pipe without a threshold takes everything");
    }

    /// <summary>Ends the connection: nothing more is read, and what waits may go out for a moment.</summary>
    public void Close()
    {
        output.Writer.Complete();
        writing.CancelAfter(CloseTimeout);
        reading.Cancel();
    }

    /// <summary>Carries bytes both ways until either side ends the connection.</summary>
    /// <param name="agree">Makes the link; null where the other side opens none that this node takes.</param>
    public async Task RunAsync(Func<CancellationToken, Task<PeerLink?>> agree)
    {
        using PeerLink? link = await AgreeAsync(agree);
        if (link is null)
        {
            socket.Dispose();
            return;
        }

        Task sending = SendAsync(link.Sealer);
        bool isOurEnd = await ReceiveAsync(link);
        if (!isOurEnd)
        {
            await writing.CancelAsync();
        }

        await sending;
        socket.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        reading.Dispose();
        writing.Dispose();
        socket.Dispose();
    }

    private async Task<PeerLink?> AgreeAsync(Func<CancellationToken, Task<PeerLink?>> agree)
    {
        try
        {
            return await agree(reading.Token);
        }
        catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException
            or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>What the packets hold that are whole now; -1 where the link is broken.</summary>
    private static int Open(LinkOpener opener, ReadOnlySpan<byte> bytes, Span<byte> plain)
    {
        int length = 0;
        while (bytes.Length > 0)
        {
            if (!opener.TryTake(ref bytes, out ReadOnlySpan<byte> content))
            {
                return -1;
            }

            content.CopyTo(plain[length..]);
            length += content.Length;
        }

        return length;
    }

    /// <returns>True where this side ended the connection.</returns>
    private async Task<bool> ReceiveAsync(PeerLink link)
    {
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        byte[] plain = link.Opener is null ? piece : new byte[PieceBytes + LinkPacket.ContentBytesMax];
        try
        {
            await HandAsync(link.First, link.First.Length);
            while (!reading.IsCancellationRequested)
            {
                int read = await socket.ReceiveAsync(piece.AsMemory(0, PieceBytes), reading.Token);
                int length = link.Opener is { } opener ? Open(opener, piece.AsSpan(0, read), plain) : read;
                if (read == 0 || length < 0)
                {
                    return false;
                }

                await HandAsync(plain, length);
            }

            return true;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
        catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <summary>Hands bytes to the engine, and waits as long as it wants no more.</summary>
    private async Task HandAsync(byte[] bytes, int length)
    {
        TimeSpan pause = length == 0
            ? TimeSpan.Zero
            : await loop.AskAsync(engine => engine.Received(id, bytes.AsSpan(0, length)));
        if (pause > TimeSpan.Zero)
        {
            await Task.Delay(pause, time, reading.Token);
        }
    }

    private async Task SendAsync(LinkSealer? sealer)
    {
        byte[] packet = sealer is null ? [] : new byte[LinkPacket.BytesMax];
        try
        {
            while (true)
            {
                ReadResult result = await output.Reader.ReadAsync(writing.Token);
                foreach (ReadOnlyMemory<byte> part in result.Buffer)
                {
                    await SendAllAsync(part, sealer, packet);
                }

                output.Reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    socket.Shutdown(SocketShutdown.Both);
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException
            or ObjectDisposedException)
        {
            // Nobody takes it any more: the reading side ends with it.
            await reading.CancelAsync();
        }
        finally
        {
            await output.Reader.CompleteAsync();
        }
    }

    private async Task SendAllAsync(ReadOnlyMemory<byte> part, LinkSealer? sealer, byte[] packet)
    {
        while (part.Length > 0)
        {
            if (sealer is { IsSpent: true })
            {
                throw new OperationCanceledException("the link has carried as much as its keys may");
            }

            ReadOnlyMemory<byte> content = part[..Math.Min(part.Length, LinkPacket.ContentBytesMax)];
            ReadOnlyMemory<byte> bytes =
                sealer is null ? content : packet.AsMemory(0, sealer.Seal(content.Span, packet));
            while (bytes.Length > 0)
            {
                bytes = bytes[await socket.SendAsync(bytes, writing.Token)..];
            }

            part = part[content.Length..];
            if (Interlocked.Add(ref queuedBytes, -content.Length) < lowBytes / 2
                && Interlocked.Exchange(ref isAboveLow, 0) == 1)
            {
                loop.Post(engine => engine.Drained(id));
            }
        }
    }
}
