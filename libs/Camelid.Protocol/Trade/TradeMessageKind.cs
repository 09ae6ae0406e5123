namespace Camelid.Protocol.Trade;

/// <summary>What a message between two operators' nodes is about, as its first level of meaning.</summary>
public enum TradeMessageKind : byte
{
    /// <summary>No kind: refused.</summary>
    Unset = 0,

    /// <summary>Client to worker: <see cref="JobOrder"/>.</summary>
    Order = 1,

    /// <summary>Worker to client: <see cref="OrderAnswer"/>.</summary>
    OrderAnswer = 2,

    /// <summary>Worker to client: <see cref="JobCommitment"/>.</summary>
    Commitment = 3,

    /// <summary>Client to worker: <see cref="CommitmentReceipt"/>.</summary>
    CommitmentReceipt = 4,

    /// <summary>Client to verifier: <see cref="CheckRequest"/>.</summary>
    CheckRequest = 5,

    /// <summary>Verifier to client: <see cref="CheckAnswer"/>.</summary>
    CheckAnswer = 6,
}
