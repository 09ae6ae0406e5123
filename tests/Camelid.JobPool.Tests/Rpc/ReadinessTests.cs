using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Rpc;
using Camelid.JobPool.Tests.Path;
using Camelid.JobPool.Workers;
using Camelid.ServiceDefaults.Hosting;

namespace Camelid.JobPool.Tests.Rpc;

public sealed class ReadinessTests
{
    [Theory]
    [InlineData(true, "worker: none with a loaded model reported in the last seconds", "")]
    [InlineData(false, "", "no own worker: jobs go to other operators in batch mode")]
    public async Task Only_a_node_that_computes_lacks_a_worker(bool isWorker, string missing, string note)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        await using JobPoolWorld world = await JobPoolWorld.StartAsync(stop);
        await using JobPoolHost host = await world.OpenAsync(stop);
        Readiness readiness = new(
            host.Store, new WorkerRoster(new JobPoolOptions(), TimeProvider.System),
            NodeRoles.All with { IsWorker = isWorker }, host.Get<ChainRpc.ChainRpcClient>(), TimeProvider.System);

        ReadinessReply reply = await readiness.LookAsync(stop);

        Assert.Equal(missing, string.Join(' ', reply.Missing.Where(line => line.StartsWith("worker"))));
        Assert.Equal(note, string.Join(' ', reply.Notes));
    }
}
