using Camelid.ServiceDefaults.Storage;
using Dapper;

namespace Camelid.JobPool.Storage;

/// <summary>The database <c>jobs</c>: the truth about every job of this operator.</summary>
internal sealed class JobsDatabase : ServiceDatabase
{
    static JobsDatabase() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    public JobsDatabase(ServiceDatabaseOptions<JobsDatabase> options)
        : base(options)
    {
    }
}
