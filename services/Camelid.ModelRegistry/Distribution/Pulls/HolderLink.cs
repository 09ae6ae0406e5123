using System.Buffers;
using System.Net.Sockets;
using System.Threading.Channels;
using Camelid.ModelRegistry.Distribution.Links;
using Camelid.Protocol;
using Camelid.Protocol.Models.Chunks;

namespace Camelid.ModelRegistry.Distribution.Pulls;

/// <summary>A holder did what it must not, or is gone: nothing more comes of this connection.</summary>
internal sealed class HolderException(HolderFault fault, string message) : Exception(message)
{
    public HolderFault Fault { get; } = fault;
}

/// <summary>The asking side of a chunk stream.</summary>
/// <remarks>Asks are sent in the order in which they were made; answers are read by one task.</remarks>
internal sealed class HolderLink : IDisposable
{
    private static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How long a head may take to come.</summary>
    private static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(60);

    private readonly ChunkLink link;
    private readonly Channel<ChunkMessage> asks =
        Channel.CreateUnbounded<ChunkMessage>(new UnboundedChannelOptions { SingleReader = true });

    private readonly CancellationTokenSource ending;
    private Task sending = Task.CompletedTask;

    private HolderLink(ChunkLink link, int window, CancellationTokenSource ending) =>
        (this.link, Window, this.ending) = (link, window, ending);

    /// <summary>Most chunks that the holder takes asks for at once.</summary>
    public int Window { get; }

    /// <summary>Connects and greets.</summary>
    /// <exception cref="HolderException">Nobody is there, or somebody else.</exception>
    public static async Task<HolderLink> OpenAsync(
        HolderAddress address, ChunkLinkTerms terms, TimeProvider time, CancellationToken cancellation)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true, ReceiveBufferSize = ChunkLink.SocketBufferBytes,
        };
        using CancellationTokenSource patience = new(OpenTimeout, time);
        CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using CancellationTokenRegistration late = patience.Token.Register(ending.Cancel);
        ChunkLink? link = null;
        try
        {
            await socket.ConnectAsync(address.ToEndPoint(), ending.Token);
            link = await ChunkLink.CallAsync(socket, terms, hashesChunks: true, ending.Token)
                ?? throw new HolderException(HolderFault.OtherNetwork, "it does not open a link of this network");
            int window = await GreetAsync(link, terms, ending.Token);
            HolderLink opened = new(link, window, ending);
            opened.sending = opened.SendAsync();
            return opened;
        }
        catch (Exception exception) when (IsEnd(exception) || exception is HolderException)
        {
            link?.Dispose();
            socket.Dispose();
            ending.Dispose();
            if (exception is HolderException || cancellation.IsCancellationRequested)
            {
                throw;
            }

            throw new HolderException(FaultOf(exception), exception.Message);
        }
    }

    /// <summary>Rule J-32: fetches a head, part by part, and checks it.</summary>
    /// <exception cref="HolderException">It is not there, or another model's.</exception>
    public async Task<ModelHead> FetchHeadAsync(Hash256 root, TimeProvider time)
    {
        using CancellationTokenSource patience = new(HeadTimeout, time);
        using CancellationTokenRegistration late = patience.Token.Register(End);
        ArrayBufferWriter<byte> received = new();
        while (true)
        {
            Ask(new GetHead(root, received.WrittenCount));
            ReceivedFrame frame = await ReceiveAsync(HeadPart.BytesMax);
            if (frame.Decode() is not HeadPart part || part.Root != root || part.Offset != received.WrittenCount)
            {
                throw new HolderException(FaultOf(frame), "no part of the head that was asked for");
            }

            received.Write(part.Part.Span);
            if (received.WrittenCount >= part.Total)
            {
                return ModelHead.Decode(received.WrittenSpan, root)
                    ?? throw new HolderException(HolderFault.WrongHead, "the head of another model");
            }
        }
    }

    /// <summary>Rule J-34: which chunks the holder has; null for all.</summary>
    /// <exception cref="HolderException">None of the model, or of another number.</exception>
    public async Task<ChunkBits?> FetchHaveAsync(Hash256 root, ModelLayout layout)
    {
        Ask(new GetHave(root));
        ReceivedFrame frame = await ReceiveAsync(HaveChunks.BytesMax);
        return frame.Decode() is HaveChunks have && have.Root == root
            && (have.Some is null || have.Some.Count == layout.ChunksCount)
                ? have.Some
                : throw new HolderException(FaultOf(frame), "not which chunks it has");
    }

    /// <summary>Makes an ask; it is sent as soon as those before it are.</summary>
    public void Ask(ChunkMessage ask) => asks.Writer.TryWrite(ask);

    /// <summary>The next frame, valid until the one after it.</summary>
    /// <exception cref="HolderException">The connection ended, or what came is none.</exception>
    public async Task<ReceivedFrame> ReceiveAsync(int bodyBytesMax = ChunkMessage.BodyBytesMax)
    {
        try
        {
            return await link.ReceiveAsync(bodyBytesMax, ending.Token)
                ?? throw new HolderException(HolderFault.Gone, "the connection ended");
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            throw new HolderException(FaultOf(exception), exception.Message);
        }
    }

    /// <summary>What a frame that was not expected says of its sender.</summary>
    public static HolderFault FaultOf(ReceivedFrame frame) => frame.Decode() switch
    {
        ChunkBye { Reason: ByeReason.Busy } => HolderFault.Busy,
        ChunkBye { Reason: ByeReason.OtherNetwork } => HolderFault.OtherNetwork,
        ChunkBye => HolderFault.Gone,
        HaveNot => HolderFault.HasNothing,
        _ => HolderFault.BadMessage,
    };

    /// <summary>Ends the connection: whoever receives sees it.</summary>
    public void End()
    {
        asks.Writer.TryComplete();
        link.End();
    }

    /// <summary>Gives the buffers back: when nobody receives any more.</summary>
    public async Task CloseAsync()
    {
        End();
        await sending;
        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        link.Dispose();
        ending.Dispose();
    }

    private static bool IsEnd(Exception exception) => exception is SocketException or IOException
        or ObjectDisposedException or OperationCanceledException or ChunkLinkException;

    private static HolderFault FaultOf(Exception exception) => exception switch
    {
        HolderException holder => holder.Fault,
        ChunkLinkException => HolderFault.BadMessage,
        _ => HolderFault.Gone,
    };

    private static async Task<int> GreetAsync(ChunkLink link, ChunkLinkTerms terms, CancellationToken cancellation)
    {
        Hash256 genesis = terms.Network.GenesisHash.Value;
        await link.SendAsync(new ChunkHello(genesis, 1), cancellation);
        ReceivedFrame? frame = await link.ReceiveAsync(ChunkHello.BytesMax, cancellation);
        return frame?.Decode() switch
        {
            ChunkHello hello when hello.Genesis == genesis => hello.Window,
            ChunkHello => throw new HolderException(HolderFault.OtherNetwork, "it is of another network"),
            null when frame is null => throw new HolderException(HolderFault.Busy, "it takes no more streams"),
            _ => throw new HolderException(FaultOf(frame!), "it does not greet"),
        };
    }

    private async Task SendAsync()
    {
        try
        {
            await foreach (ChunkMessage ask in asks.Reader.ReadAllAsync(ending.Token))
            {
                await link.SendAsync(ask, ending.Token);
            }
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            link.End();
        }
    }
}
