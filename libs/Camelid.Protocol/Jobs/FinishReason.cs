namespace Camelid.Protocol.Jobs;

/// <summary>Why an output ends where it ends.</summary>
public enum FinishReason
{
    /// <summary>No reason: refused everywhere.</summary>
    Unset = 0,

    /// <summary>The model chose an end token, or a stop string ended there.</summary>
    Stop = 1,

    /// <summary>The job's largest number of tokens was reached.</summary>
    Length = 2,

    /// <summary>The client signed a cancellation at that length.</summary>
    Cancelled = 3,
}
