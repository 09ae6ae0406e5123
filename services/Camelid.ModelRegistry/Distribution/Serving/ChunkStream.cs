using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Camelid.ModelRegistry.Distribution.Links;
using Camelid.Protocol.Models.Chunks;
using Microsoft.Win32.SafeHandles;

namespace Camelid.ModelRegistry.Distribution.Serving;

/// <summary>
/// One stream that another node opened: greeting, then answers in the order of the asks. One task reads asks, which are
/// small and few; the other answers them.
/// </summary>
internal sealed class ChunkStream(Socket socket, IPAddress host, ChunkServing serving) : IDisposable
{
    /// <summary>Asks for heads and bitmaps that may wait, besides chunks.</summary>
    private const int OtherAsksMax = 8;

    private const int ReadBytes = 1 << 18;

    private readonly Channel<ChunkMessage> asks = Channel.CreateUnbounded<ChunkMessage>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly CancellationTokenSource ending = new();
    private SafeFileHandle? file;
    private string filePath = "";
    private int chunksOpen;
    private int othersOpen;
    private long sinceTicks = serving.Now.Ticks;
    private bool isGreeted;
    private bool isAnswering;

    /// <summary>Where it came from.</summary>
    public IPAddress Host => host;

    /// <summary>Rule J-39: true where it greets, asks or reads too slowly.</summary>
    public bool IsOverdue(TimeSpan now)
    {
        TimeSpan quiet = now - new TimeSpan(Volatile.Read(ref sinceTicks));
        ServingOptions options = serving.Options;
        return quiet > (!Volatile.Read(ref isGreeted) ? options.GreetingTimeout
            : Volatile.Read(ref isAnswering) ? options.SlowReaderTimeout
            : options.IdleTimeout);
    }

    /// <summary>Ends it at once.</summary>
    public void End()
    {
        ending.Cancel();
        socket.Dispose();
    }

    /// <summary>Serves until either side ends the stream.</summary>
    public async Task RunAsync()
    {
        ChunkLink? link = null;
        try
        {
            link = await ChunkLink.AnswerAsync(socket, serving.Terms, ending.Token);
            if (link is not null && await GreetAsync(link))
            {
                await ServeAsync(link);
            }
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // The other side left, or was made to.
        }
        finally
        {
            link?.Dispose();
            file?.Dispose();
            socket.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ending.Dispose();
        file?.Dispose();
        socket.Dispose();
    }

    /// <remarks>Both tasks have ended when this does: the link's buffers are theirs until then.</remarks>
    private async Task ServeAsync(ChunkLink link)
    {
        Task answering = AnswerAsync(link);
        ByeReason reason = ByeReason.Unset;
        try
        {
            reason = await ReadAsync(link);
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            End();
        }

        asks.Writer.Complete();
        await answering;
        await SayByeAsync(link, reason);
    }

    private static bool IsEnd(Exception exception) => exception is SocketException or IOException
        or ObjectDisposedException or OperationCanceledException or ChunkLinkException;

    private async Task<bool> GreetAsync(ChunkLink link)
    {
        await link.SendAsync(new ChunkHello(serving.Genesis, serving.Options.Window), ending.Token);
        ReceivedFrame? frame = await link.ReceiveAsync(ChunkHello.BytesMax, ending.Token);
        bool isOurs = frame?.Decode() is ChunkHello hello && hello.Genesis == serving.Genesis;
        if (!isOurs)
        {
            await SayByeAsync(link, ByeReason.OtherNetwork);
        }

        Touch();
        Volatile.Write(ref isGreeted, isOurs);
        return isOurs;
    }

    private void Touch() => Volatile.Write(ref sinceTicks, serving.Now.Ticks);

    private async Task SayByeAsync(ChunkLink link, ByeReason reason)
    {
        if (reason != ByeReason.Unset)
        {
            await link.SendAsync(new ChunkBye(reason), ending.Token);
            socket.Shutdown(SocketShutdown.Send);
        }
    }

    /// <returns>Why the stream ends; unset where the other side ended it.</returns>
    private async Task<ByeReason> ReadAsync(ChunkLink link)
    {
        while (true)
        {
            ReceivedFrame? frame;
            try
            {
                frame = await link.ReceiveAsync(ChunkMessage.AskBytesMax, ending.Token);
            }
            catch (ChunkLinkException)
            {
                return ByeReason.BadMessage;
            }

            switch (frame?.Decode())
            {
                case GetChunks ask when Interlocked.Add(ref chunksOpen, ask.Indices.Count) > serving.Options.Window:
                    return ByeReason.TooMuch;
                case GetHead or GetHave when Interlocked.Increment(ref othersOpen) > OtherAsksMax:
                    return ByeReason.TooMuch;
                case ChunkMessage ask and (GetChunks or GetHead or GetHave):
                    Touch();
                    asks.Writer.TryWrite(ask);
                    break;
                default:
                    return frame is null ? ByeReason.Unset : ByeReason.BadMessage;
            }
        }
    }

    private async Task AnswerAsync(ChunkLink link)
    {
        try
        {
            await foreach (ChunkMessage ask in asks.Reader.ReadAllAsync(ending.Token))
            {
                Touch();
                Volatile.Write(ref isAnswering, true);
                if (ask is GetChunks chunks)
                {
                    await AnswerChunksAsync(link, chunks);
                }
                else
                {
                    Interlocked.Decrement(ref othersOpen);
                    await link.SendAsync(AnswerOf(ask), ending.Token);
                }

                Volatile.Write(ref isAnswering, false);
                Touch();
            }
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            End();
        }
    }

    private ChunkMessage AnswerOf(ChunkMessage ask) => ask switch
    {
        GetHead head when serving.Shelf.Find(head.Root) is { } model
            && HeadPart.Of(head.Root, model.Head, head.Offset) is { } part => part,
        GetHead head => new HaveNot(head.Root, 0, []),
        GetHave have when serving.Shelf.Find(have.Root) is { } model => new HaveChunks(have.Root, model.Have()),
        GetHave have => new HaveNot(have.Root, 0, []),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private async Task AnswerChunksAsync(ChunkLink link, GetChunks ask)
    {
        ShelfModel? model = serving.Shelf.Find(ask.Root);
        if (model is null)
        {
            Interlocked.Add(ref chunksOpen, -ask.Indices.Count);
            await link.SendAsync(new HaveNot(ask.Root, 0, []), ending.Token);
            return;
        }

        ChunkBits? have = model.Have();
        foreach (int index in ask.Indices)
        {
            // Before it is sent: who has read a chunk may ask for the next one at once.
            Interlocked.Decrement(ref chunksOpen);
            ChunkPlace place = new(ask.File, index);
            bool isThere = model.Layout.NumberOf(place) is { } number && (have is null || have[number]);
            if (!isThere || !await TrySendAsync(link, model, place))
            {
                await link.SendAsync(new HaveNot(ask.Root, ask.File, [index]), ending.Token);
            }

            Touch();
        }
    }

    /// <summary>Sends a chunk from its file, a piece at a time. False where the file is not as long any more.</summary>
    private async Task<bool> TrySendAsync(ChunkLink link, ShelfModel model, ChunkPlace place)
    {
        int length = model.Layout.LengthOf(place);
        long start = (long)place.Index * Protocol.Models.ChunkTree.ChunkBytes;
        if (Open(model.FileOf(place.File)) is not { } handle || RandomAccess.GetLength(handle) < start + length)
        {
            return false;
        }

        await serving.Pace.WaitAsync(length, ending.Token);
        Touch();
        await link.WriteAsync(
            ChunkAnswer.EncodeFrameBefore(model.Root, place, model.PathOf(place), length), ending.Token);
        byte[] piece = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            for (int sent = 0; sent < length;)
            {
                int read = RandomAccess.Read(
                    handle, piece.AsSpan(0, Math.Min(ReadBytes, length - sent)), start + sent);
                if (read == 0)
                {
                    throw new IOException($"{filePath} became shorter while it was sent");
                }

                await link.WriteAsync(piece.AsMemory(0, read), ending.Token);
                sent += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }

        await link.FlushAsync(ending.Token);
        serving.Sent(length);
        return true;
    }

    private SafeFileHandle? Open(string path)
    {
        if (path == filePath)
        {
            return file;
        }

        file?.Dispose();
        file = null;
        filePath = path;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            filePath = "";
        }

        return file;
    }
}
