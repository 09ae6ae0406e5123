using System.Net;
using System.Net.Sockets;
using Camelid.ModelRegistry.Distribution.Links;
using Camelid.ModelRegistry.Distribution.Serving;
using Camelid.Protocol.Models;
using Camelid.Protocol.Models.Chunks;

namespace Camelid.ModelRegistry.Tests.Distribution;

/// <summary>A holder that greets properly and then answers as a test wants.</summary>
internal sealed class FakeHolder : IAsyncDisposable
{
    private readonly Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly ShelfModel model;
    private readonly ChunkLinkTerms terms;
    private readonly Func<ChunkMessage, IEnumerable<byte[]>?> answer;
    private readonly List<Task> connections = [];
    private readonly Task accepting;

    /// <summary>Listens on loopback.</summary>
    /// <param name="model">What it says it has.</param>
    /// <param name="terms">Its network.</param>
    /// <param name="answer">
    /// Frames for an ask; null for what an honest holder answers; none, or an empty one, to end the connection.
    /// </param>
    public FakeHolder(ShelfModel model, ChunkLinkTerms terms, Func<ChunkMessage, IEnumerable<byte[]>?> answer)
    {
        (this.model, this.terms, this.answer) = (model, terms, answer);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(8);
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndPoint!).Port;

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        await accepting;
        await Task.WhenAll(connections);
    }

    /// <summary>The chunk and its path, as they should be.</summary>
    public ChunkAnswer ChunkOf(ChunkPlace place)
    {
        byte[] content = new byte[model.Layout.LengthOf(place)];
        using FileStream file = File.OpenRead(model.FileOf(place.File));
        file.Position = (long)place.Index * ChunkTree.ChunkBytes;
        file.ReadExactly(content);
        return new ChunkAnswer(model.Root, place, model.PathOf(place), content);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await listener.AcceptAsync();
                connections.Add(Task.Run(() => ServeAsync(socket)));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            using ChunkLink? link = await ChunkLink.AnswerAsync(socket, terms, CancellationToken.None);
            if (link is null)
            {
                return;
            }

            await link.SendAsync(new ChunkHello(terms.Network.GenesisHash.Value, 8), CancellationToken.None);
            while (await link.ReceiveAsync(ChunkMessage.BodyBytesMax, CancellationToken.None) is { } frame)
            {
                ChunkMessage ask = frame.Decode()!;
                byte[][] frames = [.. (ask is ChunkHello ? [] : answer(ask)) ?? HonestAnswer(ask)];
                if (frames.Length == 0 && ask is not ChunkHello)
                {
                    return;
                }

                foreach (byte[] bytes in frames)
                {
                    if (bytes.Length == 0)
                    {
                        return;
                    }

                    await link.WriteAsync(bytes, CancellationToken.None);
                    await link.FlushAsync(CancellationToken.None);
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or IOException or ChunkLinkException)
        {
            // The other side has had enough.
        }
        finally
        {
            socket.Dispose();
        }
    }

    private IEnumerable<byte[]> HonestAnswer(ChunkMessage ask) => ask switch
    {
        GetHead head => [HeadPart.Of(model.Root, model.Head, head.Offset)!.EncodeFrame()],
        GetHave => [new HaveChunks(model.Root, model.Have()).EncodeFrame()],
        GetChunks chunks => chunks.Indices.Select(index =>
            ChunkOf(new ChunkPlace(chunks.File, index)).EncodeFrame()),
        _ => [],
    };
}
