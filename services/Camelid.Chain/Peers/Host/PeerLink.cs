using System.Net.Sockets;
using System.Security.Cryptography;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers.Links;

namespace Camelid.Chain.Peers.Host;

/// <summary>Which links this node opens and takes.</summary>
/// <param name="Network">The network.</param>
/// <param name="Curve">The curve.</param>
internal sealed record LinkTerms(Network Network, ISecp256k1 Curve)
{
    /// <summary>True encrypts every connection that this node opens; one that can't be encrypted is closed.</summary>
    public bool Encrypts { get; init; } = true;

    /// <summary>True takes no connection that is not encrypted.</summary>
    public bool TakesEncryptedOnly { get; init; }
}

/// <summary>A link as both sides have agreed on it.</summary>
internal sealed class PeerLink : IDisposable
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    private PeerLink(LinkKeys? keys, byte[] first)
    {
        First = first;
        if (keys is not null)
        {
            Id = keys.Link;
            Sealer = new LinkSealer(keys.Sending);
            Opener = new LinkOpener(keys.Receiving);
            CryptographicOperations.ZeroMemory(keys.Sending);
            CryptographicOperations.ZeroMemory(keys.Receiving);
        }
    }

    /// <summary>A link that is not encrypted.</summary>
    public static PeerLink Plain => new(null, []);

    /// <summary>Its name (rule P-23); zeros where it is not encrypted.</summary>
    public Hash256 Id { get; }

    /// <summary>Bytes that were read to find out that it is not encrypted.</summary>
    public byte[] First { get; }

    /// <summary>Seals what is sent; null where it is not encrypted.</summary>
    public LinkSealer? Sealer { get; }

    /// <summary>Opens what comes; null where it is not encrypted.</summary>
    public LinkOpener? Opener { get; }

    /// <summary>Opens a link as the side that called.</summary>
    /// <returns>The link, or null where the other side does not answer as it must.</returns>
    /// <exception cref="SocketException">The connection ended.</exception>
    /// <exception cref="OperationCanceledException">It took too long.</exception>
    public static async Task<PeerLink?> CallAsync(Socket socket, LinkTerms terms, TimeProvider time)
    {
        if (!terms.Encrypts)
        {
            return Plain;
        }

        using CancellationTokenSource patience = new(AnswerTimeout, time);
        PrivateKey oneTime = Draw(terms.Curve);
        await SendAsync(socket, oneTime, terms, patience.Token);
        byte[] answer = new byte[LinkHello.Bytes];
        return await TryReceiveAsync(socket, answer, patience.Token)
            && LinkHello.TryDecode(answer, terms.Network, terms.Curve, out PublicKey other)
            ? new PeerLink(LinkKeys.Agree(oneTime, other, isCaller: true, terms.Network, terms.Curve), [])
            : null;
    }

    /// <summary>Takes a link as the side that was called; how long that may take, the engine decides.</summary>
    /// <returns>The link, or null where it is none of this node's.</returns>
    /// <exception cref="SocketException">The connection ended.</exception>
    /// <exception cref="OperationCanceledException">It took too long.</exception>
    public static async Task<PeerLink?> AnswerAsync(Socket socket, LinkTerms terms, CancellationToken cancellation)
    {
        byte[] greeting = new byte[LinkHello.Bytes];
        if (!await TryReceiveAsync(socket, greeting.AsMemory(0, LinkHello.MarkBytes), cancellation))
        {
            return null;
        }

        if (!LinkHello.IsMarked(greeting, terms.Network))
        {
            return terms.TakesEncryptedOnly ? null : new PeerLink(null, greeting[..LinkHello.MarkBytes]);
        }

        if (!await TryReceiveAsync(socket, greeting.AsMemory(LinkHello.MarkBytes), cancellation)
            || !LinkHello.TryDecode(greeting, terms.Network, terms.Curve, out PublicKey other))
        {
            return null;
        }

        PrivateKey oneTime = Draw(terms.Curve);
        await SendAsync(socket, oneTime, terms, cancellation);
        return new PeerLink(LinkKeys.Agree(oneTime, other, isCaller: false, terms.Network, terms.Curve), []);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Sealer?.Dispose();
        Opener?.Dispose();
    }

    private static PrivateKey Draw(ISecp256k1 curve)
    {
        Span<byte> bytes = stackalloc byte[PrivateKey.Bytes];
        PrivateKey? key = null;
        while (key is null)
        {
            RandomNumberGenerator.Fill(bytes);
            key = PrivateKey.FromBytes(bytes, curve);
        }

        CryptographicOperations.ZeroMemory(bytes);
        return key;
    }

    private static async Task SendAsync(
        Socket socket, PrivateKey oneTime, LinkTerms terms, CancellationToken cancellation)
    {
        ReadOnlyMemory<byte> left = LinkHello.Encode(terms.Curve.PublicKeyOf(oneTime), terms.Network);
        while (left.Length > 0)
        {
            left = left[await socket.SendAsync(left, cancellation)..];
        }
    }

    private static async Task<bool> TryReceiveAsync(Socket socket, Memory<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
        {
            int read = await socket.ReceiveAsync(bytes, cancellation);
            if (read == 0)
            {
                return false;
            }

            bytes = bytes[read..];
        }

        return true;
    }
}
