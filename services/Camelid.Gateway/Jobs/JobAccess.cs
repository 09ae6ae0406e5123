using Camelid.Contracts.JobPool.V1;
using Camelid.Gateway.Errors;
using Camelid.Gateway.Hosting;
using Camelid.Gateway.Keys;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace Camelid.Gateway.Jobs;

/// <summary>Finds jobs that a key may see: its account's own, or all with the operator scope.</summary>
internal sealed class JobAccess(JobPoolRpc.JobPoolRpcClient jobPool)
{
    /// <summary>The job; refused with 404 where there is none that the key may see.</summary>
    public async Task<JobDetails> FindAsync(string id, HttpContext context)
    {
        if (!HexText.TryParseHash(id, out ByteString? jobId))
        {
            throw ApiError.BadRequest("A job id has 64 hexadecimal digits.", "id");
        }

        ApiKey key = context.Features.GetRequiredFeature<ApiKey>();
        try
        {
            JobDetails job = await jobPool.GetJobAsync(
                new GetJobRequest { JobId = jobId }, cancellationToken: context.RequestAborted);
            if (job.Account == key.Account || key.Has(ApiKey.OperatorScope))
            {
                return job;
            }
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.NotFound)
        {
            // The same answer as for a job of another account: ids tell nothing.
        }

        throw ApiError.NotFound($"There is no job {id}.", "job_not_found");
    }
}
