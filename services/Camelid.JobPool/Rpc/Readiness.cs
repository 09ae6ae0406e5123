using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Workers;
using Camelid.ServiceDefaults.Hosting;
using Grpc.Core;

namespace Camelid.JobPool.Rpc;

/// <summary>Whether a job could be run and paid now, and what is missing.</summary>
internal sealed class Readiness(
    JobStore store, WorkerRoster roster, NodeRoles roles, ChainRpc.ChainRpcClient chain, TimeProvider time)
{
    private static readonly TimeSpan AskSeconds = TimeSpan.FromSeconds(3);

    public async Task<ReadinessReply> LookAsync(CancellationToken cancellationToken)
    {
        ReadinessReply reply = new();
        try
        {
            ChainStatus status = await chain.GetStatusAsync(
                new GetStatusRequest(), deadline: (time.GetUtcNow() + AskSeconds).UtcDateTime,
                cancellationToken: cancellationToken);
            if (!status.Ready)
            {
                reply.Missing.Add($"chain: {status.NotReadyReason}");
            }
        }
        catch (RpcException exception) when (!cancellationToken.IsCancellationRequested)
        {
            reply.Missing.Add($"chain: cannot be asked ({exception.StatusCode})");
        }

        reply.Workers.Add(roster.Alive());
        if (!roles.IsWorker)
        {
            reply.Notes.Add("no own worker: jobs go to other operators in batch mode");
        }
        else if (!reply.Workers.Any(worker => worker.ModelRoots.Count > 0))
        {
            reply.Missing.Add("worker: none with a loaded model reported in the last seconds");
        }

        foreach (JobCount count in await store.CountAsync(cancellationToken))
        {
            reply.JobsQueued += count.State == "created" ? (int)count.Jobs : 0;
            reply.JobsRunning += count.State == "accepted" ? (int)count.Jobs : 0;
        }

        reply.Ready = reply.Missing.Count == 0;
        return reply;
    }
}
