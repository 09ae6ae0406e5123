using Camelid.Contracts.JobPool.V1;
using Camelid.Dashboard.Panels;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Dashboard.Jobs;

/// <summary>Asks JobPool for one job.</summary>
internal sealed class JobFeed(JobPoolRpc.JobPoolRpcClient jobPool, TimeProvider time)
{
    private const int JobIdDigits = 64;

    /// <summary>A source of a job's state, or null where the text is no job id.</summary>
    public PanelSource<JobDetails>? Find(string jobId)
    {
        if (jobId.Length != JobIdDigits || !jobId.All(char.IsAsciiHexDigit))
        {
            return null;
        }

        ByteString id = ByteString.CopyFrom(Convert.FromHexString(jobId));
        return new PanelSource<JobDetails>(
            "JobPool", call => jobPool.GetJobAsync(new GetJobRequest { JobId = id }, call).ResponseAsync, time);
    }

    /// <summary>True where JobPool answers that there is no such job.</summary>
    public static bool IsUnknown(PanelState<JobDetails> state) => state.Condition == PanelCondition.Failed
        && state.Error!.Contains(nameof(StatusCode.NotFound), StringComparison.Ordinal);
}
