namespace Camelid.JobPool.Jobs;

/// <summary>Who runs a job, and for whom.</summary>
internal static class JobSide
{
    /// <summary>Asked for, run and paid inside this operator's system.</summary>
    public const string Own = "own";

    /// <summary>Asked for here, run by another operator.</summary>
    public const string Bought = "bought";

    /// <summary>Run here for another operator's client.</summary>
    public const string Sold = "sold";
}
