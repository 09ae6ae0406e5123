namespace Camelid.Client.Jobs;

/// <summary>Answer of <c>GET /v1/jobs</c> (operator scope), newest first.</summary>
public sealed record JobListDocument
{
    /// <summary>Always <c>list</c>.</summary>
    public string Object { get; init; } = "list";

    /// <summary>The jobs; transitions and text are left out here.</summary>
    public IReadOnlyList<JobDocument> Data { get; init; } = [];
}

/// <summary>The living state of a job: answer of <c>GET /v1/jobs/{id}</c>.</summary>
public sealed record JobDocument
{
    /// <summary>The job, 64 digits.</summary>
    public required string JobId { get; init; }

    /// <summary>Always <c>job</c>.</summary>
    public string Object { get; init; } = "job";

    /// <summary>Merkle root of the model, 64 digits.</summary>
    public required string ModelRoot { get; init; }

    /// <summary>Unix milliseconds.</summary>
    public required long CreatedUnixMs { get; init; }

    /// <summary>Unix milliseconds of the last change.</summary>
    public required long UpdatedUnixMs { get; init; }

    /// <summary>Unix seconds at which the offer lapses; 0 in lists.</summary>
    public long DeadlineUnix { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Tokens run so far.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>The pod that runs or ran it, or null.</summary>
    public string? Worker { get; init; }

    /// <summary>
    /// <c>own</c>: run and paid inside this operator's system; <c>bought</c>: run by another operator; <c>sold</c>: run
    /// here for another one. Null where the job pool does not say.
    /// </summary>
    public string? Side { get; init; }

    /// <summary>Whose money is where, in a plain sentence, or null.</summary>
    public string? Money { get; init; }

    /// <summary>What the job waits for, or null once it ended.</summary>
    public string? WaitingFor { get; init; }

    /// <summary>The other operator's node, 40 digits, or null.</summary>
    public string? PeerNode { get; init; }

    /// <summary>The stake that the job is assigned to, or null.</summary>
    public string? WorkerStake { get; init; }

    /// <summary>The node that was asked to verify, 40 digits, or null for an own verifier.</summary>
    public string? VerifierNode { get; init; }

    /// <summary>Price of a token, prompt and output alike; 0 in lists.</summary>
    public long PriceGrainsPerToken { get; init; }

    /// <summary>Which try this is, from 1.</summary>
    public uint Attempt { get; init; }

    /// <summary><c>stop</c>, <c>length</c>, <c>cancelled</c>, or null before the end.</summary>
    public string? FinishReason { get; init; }

    /// <summary>Why there is no answer, or null.</summary>
    public string? Failure { get; init; }

    /// <summary>The answer once the job is committed, or null.</summary>
    public string? Text { get; init; }

    /// <summary>The money.</summary>
    public required JobPaymentDocument Payment { get; init; }

    /// <summary>The verdict.</summary>
    public required JobVerificationDocument Verification { get; init; }

    /// <summary>Every change of both facets, in order.</summary>
    public IReadOnlyList<JobTransitionDocument> Transitions { get; init; } = [];

    /// <summary>Address of the complete receipt, or null before the commitment.</summary>
    public string? Receipt { get; init; }
}

/// <summary>The money of a job. Transaction and block hashes are written as explorers show them.</summary>
public sealed record JobPaymentDocument
{
    /// <summary>
    /// created | accepted | committed | paid | delivered | settled | expired | refunded | slashed | dismissed.
    /// </summary>
    public required string State { get; init; }

    /// <summary>The payment transaction, or null before its broadcast.</summary>
    public string? Txid { get; init; }

    /// <summary>Amount of the payment; 0 before it is known.</summary>
    public required long Grains { get; init; }

    /// <summary>Amount promised at most.</summary>
    public long RewardGrains { get; init; }

    /// <summary>The offer transaction, or null.</summary>
    public string? OfferTxid { get; init; }

    /// <summary>Height of the payment's block; 0 before.</summary>
    public int Height { get; init; }

    /// <summary>Block of the payment, or null.</summary>
    public string? BlockHash { get; init; }

    /// <summary>The worker's claim, or null.</summary>
    public string? ClaimTxid { get; init; }

    /// <summary>Height of the claim's block; 0 before.</summary>
    public int ClaimHeight { get; init; }

    /// <summary>Block of the claim, or null.</summary>
    public string? ClaimBlockHash { get; init; }

    /// <summary>Unix seconds from which on the client may take the payment back; 0 before it.</summary>
    public long RefundTimeUnix { get; init; }

    /// <summary>The client's refund, or null.</summary>
    public string? RefundTxid { get; init; }
}

/// <summary>The verdict on a job.</summary>
/// <param name="Level"><c>spot</c>, <c>sampled</c> or <c>full</c>; empty in lists.</param>
/// <param name="Verdict"><c>pending</c>, <c>passed</c>, <c>failed</c> or <c>inconclusive</c>.</param>
public sealed record JobVerificationDocument(string Level, string Verdict);

/// <summary>A change of one facet.</summary>
/// <param name="Facet"><c>payment</c> or <c>verification</c>.</param>
/// <param name="From">State before; empty for the first.</param>
/// <param name="To">State after.</param>
/// <param name="Cause">What made it change.</param>
/// <param name="AtUnixMs">Unix milliseconds.</param>
public sealed record JobTransitionDocument(string Facet, string From, string To, string Cause, long AtUnixMs);

/// <summary>One event of <c>GET /v1/jobs/{id}?stream=true</c>: exactly one property is set.</summary>
public sealed record JobEventDocument
{
    /// <summary>A token, in order from the index that was asked for.</summary>
    public JobTokenDocument? Token { get; init; }

    /// <summary>A change of state.</summary>
    public JobDocument? State { get; init; }

    /// <summary>The end: the job with its text, or with its failure.</summary>
    public JobDocument? Answer { get; init; }
}

/// <summary>A token of a running job.</summary>
/// <param name="Index">Position in the output, from 0.</param>
/// <param name="TokenId">The token.</param>
/// <param name="Text">Text that may be shown now; may be empty.</param>
public sealed record JobTokenDocument(uint Index, uint TokenId, string Text);
