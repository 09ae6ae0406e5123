namespace Camelid.Inference.Jobs;

/// <summary>How the reporting of a job's tokens ended.</summary>
internal enum LeaseEnd
{
    /// <summary>No end: refused everywhere.</summary>
    Unset = 0,

    /// <summary>This worker held the lease to the last token.</summary>
    Held = 1,

    /// <summary>Another worker holds the lease (ALREADY_EXISTS): the job is dropped here.</summary>
    Taken = 2,

    /// <summary>A later attempt runs, or the job is over (ABORTED): the job is dropped here.</summary>
    Stale = 3,

    /// <summary>The client gave up (CANCELLED): the worker stops and reports what it ran.</summary>
    ClientCancelled = 4,
}
