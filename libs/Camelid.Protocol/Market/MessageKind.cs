namespace Camelid.Protocol.Market;

/// <summary>
/// What a message for one node is, where it is of the node itself: the kind of its envelopes (P-12). Kinds below 200
/// are of what operators do for each other. Numbers are never reused.
/// </summary>
public enum MessageKind : byte
{
    /// <summary>No kind.</summary>
    Unset = 0,

    /// <summary>On regtest: <see cref="FundingRequest"/>.</summary>
    Funding = 200,
}
