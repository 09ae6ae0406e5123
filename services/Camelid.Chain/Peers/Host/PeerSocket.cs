using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

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
    public async Task RunAsync()
    {
        Task sending = SendAsync();
        bool isOurEnd = await ReceiveAsync();
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

    /// <returns>True where this side ended the connection.</returns>
    private async Task<bool> ReceiveAsync()
    {
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            while (!reading.IsCancellationRequested)
            {
                int read = await socket.ReceiveAsync(piece.AsMemory(0, PieceBytes), reading.Token);
                if (read == 0)
                {
                    return false;
                }

                TimeSpan pause = await loop.AskAsync(engine => engine.Received(id, piece.AsSpan(0, read)));
                if (pause > TimeSpan.Zero)
                {
                    await Task.Delay(pause, time, reading.Token);
                }
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

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                ReadResult result = await output.Reader.ReadAsync(writing.Token);
                foreach (ReadOnlyMemory<byte> part in result.Buffer)
                {
                    await SendAllAsync(part);
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

    private async Task SendAllAsync(ReadOnlyMemory<byte> part)
    {
        while (part.Length > 0)
        {
            int sent = await socket.SendAsync(part, writing.Token);
            part = part[sent..];
            if (Interlocked.Add(ref queuedBytes, -sent) < lowBytes / 2
                && Interlocked.Exchange(ref isAboveLow, 0) == 1)
            {
                loop.Post(engine => engine.Drained(id));
            }
        }
    }
}
