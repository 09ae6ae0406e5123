namespace Camelid.JobPool.Jobs;

/// <summary>
/// A job as it is stored. Times are Unix milliseconds unless a name says otherwise; 0 and null mean "not yet".
/// </summary>
/// <remarks>Properties are init-only and of the database's own types: positional records fail on SQLite's
/// Int64.</remarks>
internal sealed record JobRow
{
    /// <summary>64 hexadecimal digits.</summary>
    public required string JobId { get; init; }

    /// <summary>Unique: the same request gives the same job.</summary>
    public required string RequestKey { get; init; }

    public string Account { get; init; } = "";

    /// <summary>The name of a <c>PaymentState</c>. Changed by <see cref="JobFacets"/> only.</summary>
    public string PaymentState { get; init; } = "";

    /// <summary>The name of a <c>VerificationState</c>. Changed by <see cref="JobFacets"/> only.</summary>
    public string VerificationState { get; init; } = "";

    public long Created { get; init; }

    public long Updated { get; init; }

    /// <summary>Counts the changes: a writer that read an older version starts again.</summary>
    public long Version { get; init; }

    /// <summary>1 while anything is left to do.</summary>
    public long IsOpen { get; init; }

    /// <summary>When the recovery loop looks at the job next.</summary>
    public long Due { get; init; }

    /// <summary>Canonical bytes (rule J-01).</summary>
    public required byte[] Parameters { get; init; }

    public required byte[] ModelRoot { get; init; }

    public long PromptTokenCount { get; init; }

    public long TopLogprobs { get; init; }

    public string VerificationLevel { get; init; } = "";

    /// <summary>Unix seconds.</summary>
    public long Deadline { get; init; }

    /// <summary>The client's 32-byte nonce.</summary>
    public required byte[] Nonce { get; init; }

    /// <summary>Price × (prompt + max tokens).</summary>
    public long RewardGrains { get; init; }

    /// <summary>The trace that opened the job.</summary>
    public string? Traceparent { get; init; }

    public byte[]? OfferTxid { get; init; }

    public byte[]? OfferRaw { get; init; }

    /// <summary>1 once the client gave the offer up and its deposit is free again.</summary>
    public long IsOfferClosed { get; init; }

    /// <summary>36 bytes: txid ‖ index of the worker's stake.</summary>
    public byte[]? StakeId { get; init; }

    public byte[]? AssignmentSignature { get; init; }

    public byte[]? ClientKey { get; init; }

    /// <summary>The 32-byte sampling seed.</summary>
    public byte[]? Seed { get; init; }

    /// <summary>Which try this is; 0 before the first.</summary>
    public long Attempt { get; init; }

    /// <summary>When the last command of the current step was put into the outbox.</summary>
    public long Sent { get; init; }

    /// <summary>The pod that holds the lease; empty for none.</summary>
    public string Worker { get; init; } = "";

    public long LeaseUntil { get; init; }

    /// <summary>1 once the client gave up.</summary>
    public long IsCancelled { get; init; }

    /// <summary>k: 32 random bytes that hide and open the output. Never logged.</summary>
    public byte[]? OutputKey { get; init; }

    /// <summary>The one-time private key of the envelope, kept so that sealing again gives the same bytes.</summary>
    public byte[]? EnvelopeKey { get; init; }

    /// <summary>Canonical <c>JobOutput</c>.</summary>
    public byte[]? Output { get; init; }

    public string? OutputText { get; init; }

    public long OutputTokenCount { get; init; }

    /// <summary>A <c>TokenReport</c> with every token as it was streamed, where all of them were seen.</summary>
    public byte[]? TokenReport { get; init; }

    /// <summary><c>stop</c>, <c>length</c>, <c>cancelled</c>, or empty.</summary>
    public string FinishReason { get; init; } = "";

    public byte[]? NumericsClass { get; init; }

    public byte[]? OutputRoot { get; init; }

    public byte[]? Testament { get; init; }

    public byte[]? TestamentHash { get; init; }

    public byte[]? TestamentSignature { get; init; }

    /// <summary>Unix seconds.</summary>
    public long TestamentExpiry { get; init; }

    public byte[]? WorkerKey { get; init; }

    public byte[]? CancellationSignature { get; init; }

    public long Committed { get; init; }

    public byte[]? Attestation { get; init; }

    public byte[]? AttestationSignature { get; init; }

    public byte[]? VerifierKey { get; init; }

    /// <summary>Price × tokens run.</summary>
    public long PaymentGrains { get; init; }

    public byte[]? PaymentTxid { get; init; }

    public byte[]? PaymentRaw { get; init; }

    /// <summary>T_r, Unix seconds.</summary>
    public long RefundTime { get; init; }

    public byte[]? PaymentBlockHash { get; init; }

    public long PaymentHeight { get; init; }

    public byte[]? ClaimTxid { get; init; }

    public byte[]? ClaimRaw { get; init; }

    public byte[]? ClaimBlockHash { get; init; }

    public long ClaimHeight { get; init; }

    public byte[]? RefundTxid { get; init; }

    /// <summary>1 once the answer stands: verified and its payment broadcast, or ended without an answer.</summary>
    public long IsAnswered { get; init; }

    /// <summary>Why there is no answer, for people; empty where there is one.</summary>
    public string Failure { get; init; } = "";

    /// <summary>A <see cref="JobSide"/>: who runs the job, and for whom.</summary>
    public string Side { get; init; } = JobSide.Own;

    /// <summary>The other operator's node, 20 bytes: bought, the worker's; sold, the client's.</summary>
    public byte[]? PeerNode { get; init; }

    /// <summary>The worker's signature of its answer to the order.</summary>
    public byte[]? OrderAnswerSignature { get; init; }

    /// <summary>Bought: when the worker took the order. Sold: when the client had the commitment.</summary>
    public long PeerAnswered { get; init; }

    /// <summary>Bought: the sealed delivery as the worker sent it.</summary>
    public byte[]? Envelope { get; init; }

    /// <summary>Bought: canonical <c>OutputDelivery</c>, which k opens.</summary>
    public byte[]? Delivery { get; init; }

    /// <summary>Bought: who checks the answer: any, own, third, none.</summary>
    public string VerifyBy { get; init; } = "";

    /// <summary>Bought: the node of the verifier that was asked; null for an own one.</summary>
    public byte[]? VerifierNode { get; init; }

    /// <summary>Bought: its stake, 36 bytes.</summary>
    public byte[]? VerifierStakeId { get; init; }

    /// <summary>Bought: when k opened the ciphertext.</summary>
    public long Delivered { get; init; }
}

/// <summary>One step of one facet, as it is stored.</summary>
internal sealed record JobTransitionRow
{
    public required string JobId { get; init; }

    public long Sequence { get; init; }

    /// <summary><c>payment</c> or <c>verification</c>.</summary>
    public required string Facet { get; init; }

    public required string FromState { get; init; }

    public required string ToState { get; init; }

    public required string Cause { get; init; }

    /// <summary>Unix milliseconds.</summary>
    public long At { get; init; }
}
