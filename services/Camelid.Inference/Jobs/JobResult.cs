using Camelid.Contracts.Inference.V1;

namespace Camelid.Inference.Jobs;

/// <summary>What came of a job: one of the two messages, or neither where the job is no longer this worker's.</summary>
/// <param name="Outcome">For metrics and logs: computed, cancelled, failed, taken, stale, unheard, abandoned.</param>
internal sealed record JobResult(string Outcome)
{
    /// <summary>The output, where there is one.</summary>
    public JobComputed? Computed { get; init; }

    /// <summary>Why there is none, where JobPool must know.</summary>
    public JobComputeFailed? Failed { get; init; }
}
