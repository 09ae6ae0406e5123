using System.Diagnostics;

namespace Camelid.ServiceDefaults.Telemetry;

/// <summary>The activity source of all services: one trace for each job, from HTTP to settlement.</summary>
public static class ServiceTracing
{
    /// <summary>Name of the source.</summary>
    public const string SourceName = "Camelid";

    /// <summary>Tag that carries the job, 64 hexadecimal digits.</summary>
    public const string JobIdTag = "camelid.job_id";

    /// <summary>The source.</summary>
    public static ActivitySource Source { get; } = new(SourceName);

    /// <summary>Starts a span of a job.</summary>
    /// <param name="name">What is done, such as <c>job settle</c>.</param>
    /// <param name="jobId">The job, 64 hexadecimal digits.</param>
    /// <param name="traceparent">The job's stored trace, where the work does not follow a call; null continues the
    /// current one.</param>
    /// <returns>The span, or null where nobody listens.</returns>
    public static Activity? StartJob(string name, string jobId, string? traceparent = null)
    {
        Activity? activity = traceparent is not null
            && ActivityContext.TryParse(traceparent, null, true, out ActivityContext parent)
            ? Source.StartActivity(name, ActivityKind.Internal, parent)
            : Source.StartActivity(name);
        activity?.SetTag(JobIdTag, jobId);
        return activity;
    }

    /// <summary>The current trace in W3C form, to be stored beside a row; null outside any trace.</summary>
    public static string? CurrentTraceparent =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C } current ? current.Id : null;
}
