using Camelid.JobPool.Jobs;
using Camelid.ServiceDefaults.Storage;
using Grpc.Core;

namespace Camelid.JobPool.Steps;

/// <summary>What a step did: the row as it is to be saved, what leaves with it, and what the caller is told.</summary>
internal sealed record StepResult
{
    /// <summary>Null: nothing to save, the job waits.</summary>
    public JobChange? Change { get; init; }

    /// <summary>Writes messages in the transaction that saves the row.</summary>
    public Func<DatabaseSession, Task>? Publish { get; init; }

    /// <summary>Why the job ended before it began, or null.</summary>
    public StepRefusal? Refusal { get; init; }

    /// <summary>The job waits for somebody else.</summary>
    public static StepResult Wait { get; } = new();

    /// <summary>A change that sends nothing.</summary>
    public static StepResult Of(JobChange change) => new() { Change = change };
}

/// <summary>A refusal of another service that ends the job, passed on to the caller.</summary>
internal sealed record StepRefusal(StatusCode Status, string Reason, string Message);
