using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers;

/// <summary>For whom the engine receives envelopes: whoever speaks for this node about jobs and verification.</summary>
internal interface IAddressedMessageHandler
{
    /// <summary>
    /// Takes a message that was addressed to this node. Its sender signed it and it came once; all else in it is to be
    /// judged. Called on the engine's loop: quick, and without coming back into the engine.
    /// </summary>
    /// <param name="sender">Who wrote it.</param>
    /// <param name="message">The message.</param>
    void Handle(NodeId sender, RelayMessage message);
}
