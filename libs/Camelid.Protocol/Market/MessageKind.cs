namespace Camelid.Protocol.Market;

/// <summary>What a message for one node is: the kind of its envelopes (P-12). Numbers are never reused.</summary>
/// <remarks>1 … 15 are of the node itself; from 16 on, of what operators do for each other.</remarks>
public enum MessageKind : byte
{
    /// <summary>No kind.</summary>
    Unset = 0,

    /// <summary>On regtest: a node without coin asks a mining one for some.</summary>
    Funding = 1,
}
