using System.Buffers;
using System.Net.Sockets;
using System.Security.Cryptography;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Models.Chunks;
using Camelid.Protocol.Peers.Links;

namespace Camelid.ModelRegistry.Distribution.Links;

/// <summary>
/// One connection that carries frames of rule J-30 inside an encrypted link (P-22 … P-24). One thread may receive
/// while another sends.
/// </summary>
/// <remarks>One frame is held at a time; one longer than its kind may be is never begun.</remarks>
internal sealed class ChunkLink : IDisposable
{
    /// <summary>Bytes that the system is asked to hold for each direction of a connection.</summary>
    public const int SocketBufferBytes = 1 << 20;

    private const int PieceBytes = 1 << 18;
    private const int PacketsBytes = 16 * LinkPacket.BytesMax;

    private readonly Socket socket;
    private readonly LinkSealer sealer;
    private readonly LinkOpener opener;
    private readonly byte[] piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
    private readonly byte[] packets = ArrayPool<byte>.Shared.Rent(PacketsBytes);
    private readonly byte[] carried = new byte[LinkPacket.ContentBytesMax];
    private readonly byte[] prefix = new byte[ChunkMessage.PrefixBytes];
    private readonly LeafHash? leaves;
    private byte[] body = [];
    private ReadOnlyMemory<byte> unopened;
    private ReadOnlyMemory<byte> carry;
    private int sealedBytes;
    private int prefixHave;
    private int bodyBytes;
    private int bodyHave;
    private int disposed;

    private ChunkLink(Socket socket, LinkKeys keys, bool hashesChunks)
    {
        leaves = hashesChunks ? new LeafHash() : null;
        (this.socket, sealer, opener) = (socket, new LinkSealer(keys.Sending), new LinkOpener(keys.Receiving));
        CryptographicOperations.ZeroMemory(keys.Sending);
        CryptographicOperations.ZeroMemory(keys.Receiving);
    }

    /// <summary>Opens a link as the side that called.</summary>
    /// <param name="socket">The connection; it is the link's from now on.</param>
    /// <param name="terms">The network.</param>
    /// <param name="hashesChunks">True where <see cref="ReceivedFrame.Leaf"/> is wanted.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>The link, or null where the other side does not answer as it must.</returns>
    /// <exception cref="SocketException">The connection ended.</exception>
    public static async Task<ChunkLink?> CallAsync(
        Socket socket, ChunkLinkTerms terms, bool hashesChunks, CancellationToken cancellation)
    {
        PrivateKey oneTime = terms.DrawKey();
        await SendAllAsync(socket, LinkHello.Encode(terms.Curve.PublicKeyOf(oneTime), terms.Network), cancellation);
        return await ReceiveHelloAsync(socket, terms, cancellation) is { } other
            ? new ChunkLink(socket, LinkKeys.Agree(oneTime, other, isCaller: true, terms.Network, terms.Curve),
                hashesChunks)
            : null;
    }

    /// <summary>Takes a link as the side that was called.</summary>
    /// <returns>The link, or null where the other side is none of this network.</returns>
    /// <exception cref="SocketException">The connection ended.</exception>
    public static async Task<ChunkLink?> AnswerAsync(
        Socket socket, ChunkLinkTerms terms, CancellationToken cancellation)
    {
        if (await ReceiveHelloAsync(socket, terms, cancellation) is not { } other)
        {
            return null;
        }

        PrivateKey oneTime = terms.DrawKey();
        await SendAllAsync(socket, LinkHello.Encode(terms.Curve.PublicKeyOf(oneTime), terms.Network), cancellation);
        LinkKeys keys = LinkKeys.Agree(oneTime, other, isCaller: false, terms.Network, terms.Curve);
        return new ChunkLink(socket, keys, hashesChunks: false);
    }

    /// <summary>Sends a message.</summary>
    /// <exception cref="SocketException">The connection ended.</exception>
    public async ValueTask SendAsync(ChunkMessage message, CancellationToken cancellation)
    {
        await WriteAsync(message.EncodeFrame(), cancellation);
        await FlushAsync(cancellation);
    }

    /// <summary>Seals bytes of a frame and sends what is full of it; <see cref="FlushAsync"/> sends the rest.</summary>
    /// <exception cref="SocketException">The connection ended.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
        {
            if (sealer.IsSpent)
            {
                throw new IOException("the link has carried as much as its keys may");
            }

            ReadOnlyMemory<byte> content = bytes[..Math.Min(bytes.Length, LinkPacket.ContentBytesMax)];
            sealedBytes += sealer.Seal(content.Span, packets.AsSpan(sealedBytes));
            bytes = bytes[content.Length..];
            if (sealedBytes > PacketsBytes - LinkPacket.BytesMax)
            {
                await FlushAsync(cancellation);
            }
        }
    }

    /// <summary>Sends what was written.</summary>
    /// <exception cref="SocketException">The connection ended.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellation)
    {
        int length = sealedBytes;
        sealedBytes = 0;
        await SendAllAsync(socket, packets.AsMemory(0, length), cancellation);
    }

    /// <summary>The next frame; null where the other side ended the connection.</summary>
    /// <param name="bodyBytesMax">Most bytes that are wanted, besides the bound of each kind.</param>
    /// <param name="cancellation">Ends the waiting, and the link with it.</param>
    /// <exception cref="ChunkLinkException">What came is no frame, or not what the other side sealed.</exception>
    /// <exception cref="SocketException">The connection ended.</exception>
    public async ValueTask<ReceivedFrame?> ReceiveAsync(int bodyBytesMax, CancellationToken cancellation)
    {
        bodyBytes = 0;
        while (true)
        {
            Take(bodyBytesMax);
            if (bodyBytes > 0 && bodyHave == bodyBytes)
            {
                return new ReceivedFrame(body.AsMemory(0, bodyBytes), leaves?.Finish());
            }

            int read = await socket.ReceiveAsync(piece.AsMemory(0, PieceBytes), cancellation);
            if (read == 0)
            {
                return null;
            }

            unopened = piece.AsMemory(0, read);
        }
    }

    /// <summary>Ends the connection: who sends or receives on it sees that.</summary>
    public void End() => socket.Dispose();

    /// <summary>Gives keys and buffers back: when nobody sends or receives any more.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0)
        {
            socket.Dispose();
            sealer.Dispose();
            opener.Dispose();
            ArrayPool<byte>.Shared.Return(piece);
            ArrayPool<byte>.Shared.Return(packets);
            leaves?.Dispose();
            if (body.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(body);
            }
        }
    }

    private static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes, cancellation)..];
        }
    }

    private static async Task<PublicKey?> ReceiveHelloAsync(
        Socket socket, ChunkLinkTerms terms, CancellationToken cancellation)
    {
        byte[] hello = new byte[LinkHello.Bytes];
        for (int have = 0; have < hello.Length;)
        {
            int read = await socket.ReceiveAsync(hello.AsMemory(have), cancellation);
            if (read == 0)
            {
                return null;
            }

            have += read;
        }

        return LinkHello.TryDecode(hello, terms.Network, terms.Curve, out PublicKey other) ? other : null;
    }

    /// <summary>Opens packets until a frame is whole, or there are no bytes left.</summary>
    private void Take(int bodyBytesMax)
    {
        while (bodyBytes == 0 || bodyHave < bodyBytes)
        {
            if (carry.Length > 0)
            {
                ReadOnlySpan<byte> rest = carry.Span;
                Feed(ref rest, bodyBytesMax);
                carry = carry[^rest.Length..];
                continue;
            }

            ReadOnlySpan<byte> bytes = unopened.Span;
            if (bytes.Length == 0)
            {
                return;
            }

            if (!opener.TryTake(ref bytes, out ReadOnlySpan<byte> content))
            {
                throw new ChunkLinkException("a packet was changed on its way");
            }

            unopened = unopened[^bytes.Length..];
            Feed(ref content, bodyBytesMax);
            content.CopyTo(carried);
            carry = carried.AsMemory(0, content.Length);
        }
    }

    private void Feed(ref ReadOnlySpan<byte> bytes, int bodyBytesMax)
    {
        if (bodyBytes == 0)
        {
            int wanted = Math.Min(prefix.Length - prefixHave, bytes.Length);
            bytes[..wanted].CopyTo(prefix.AsSpan(prefixHave));
            bytes = bytes[wanted..];
            prefixHave += wanted;
            if (prefixHave < prefix.Length)
            {
                return;
            }

            prefixHave = 0;
            Begin(bodyBytesMax);
        }

        int taken = Math.Min(bodyBytes - bodyHave, bytes.Length);
        bytes[..taken].CopyTo(body.AsSpan(bodyHave));
        bytes = bytes[taken..];
        bodyHave += taken;
        leaves?.Take(body.AsSpan(0, bodyHave));
    }

    private void Begin(int bodyBytesMax)
    {
        if (!ChunkMessage.TryReadPrefix(prefix, out bodyBytes) || bodyBytes > bodyBytesMax)
        {
            throw new ChunkLinkException("a frame of no kind, or a longer one than its kind may be");
        }

        if (body.Length < bodyBytes)
        {
            if (body.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(body);
            }

            body = ArrayPool<byte>.Shared.Rent(bodyBytes);
        }

        body[0] = prefix[^1];
        bodyHave = 1;
    }
}

/// <summary>The other side sent what it must not; the link is over.</summary>
internal sealed class ChunkLinkException(string message) : Exception(message);
