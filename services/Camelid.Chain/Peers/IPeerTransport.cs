using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers;

/// <summary>
/// What carries the engine's bytes: sockets, or a simulated network. None of these calls may come back into the engine;
/// what happens is told by its inputs (<see cref="PeerEngine"/>).
/// </summary>
internal interface IPeerTransport
{
    /// <summary>Begins to open a connection; <c>Opened</c> or <c>Closed</c> says what came of it.</summary>
    void Open(PeerId peer, PeerAddress address);

    /// <summary>Takes a frame to be sent, behind those that wait; the array is not changed any more.</summary>
    void Send(PeerId peer, byte[] frame);

    /// <summary>Ends a connection after what waits was handed over, or at once; no input follows.</summary>
    void Close(PeerId peer);

    /// <summary>Bytes taken by <see cref="Send"/> that wait on this side.</summary>
    long QueuedBytes(PeerId peer);
}
