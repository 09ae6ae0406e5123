using Camelid.Chain;
using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Bus;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Camelid.JobPool.Tests.Path;

/// <summary>
/// The job pool beside the real chain on regtest, as Camelid.Node runs them: real keys, scripts and blocks.
/// </summary>
public sealed class RealChainTests : IDisposable
{
    private readonly string folder =
        System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"camelid-jobs-{Guid.NewGuid():N}");

    private readonly OwnTime time = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_job_is_paid_on_chain_and_every_coin_is_counted()
    {
        await using JobPoolHost host = await OpenAsync(new WorkersPeer());
        ChainRpc.ChainRpcClient chain = host.Get<ChainRpc.ChainRpcClient>();
        await BecomeReadyAsync(chain);
        ByteString jobId = await host.SubmitAsync("a", Stop);
        (_, JobAnswer answer) = await host.AnswerAsync(jobId, Stop);
        Assert.Equal("abc", answer.Text);
        Assert.Equal("passed", answer.Job.Summary.VerificationState);

        Task settled = host.ReachAsync("settled", Stop);
        time.Advance(TimeSpan.FromSeconds(11));
        await settled;
        await CheckOnChainAsync(host, chain, jobId);
    }

    [Fact]
    public async Task Eight_jobs_at_once_settle_each_once()
    {
        await using JobPoolHost host = await OpenAsync(new WorkersPeer());
        ChainRpc.ChainRpcClient chain = host.Get<ChainRpc.ChainRpcClient>();
        await BecomeReadyAsync(chain);
        string[] keys = [.. Enumerable.Range(0, 8).Select(number => $"key {number}")];
        ByteString[] jobs = await Task.WhenAll(keys.Select(async key =>
        {
            ByteString jobId = await host.SubmitAsync(key, Stop);
            await host.AnswerAsync(jobId, Stop);
            return jobId;
        }));

        Task settled = host.ReachAsync("settled", Stop, jobs.Length);
        time.Advance(TimeSpan.FromSeconds(11));
        await settled;
        foreach (ByteString jobId in jobs)
        {
            await CheckOnChainAsync(host, chain, jobId);
        }
    }

    [Fact]
    public async Task A_job_whose_node_stopped_between_answer_and_block_settles_once()
    {
        ByteString jobId;
        await using (JobPoolHost first = await OpenAsync(new WorkersPeer()))
        {
            await BecomeReadyAsync(first.Get<ChainRpc.ChainRpcClient>());
            jobId = await first.SubmitAsync("a", Stop);
            await first.AnswerAsync(jobId, Stop);
        }

        time.Advance(TimeSpan.FromSeconds(11));
        await using JobPoolHost second = await OpenAsync(new WorkersPeer());
        await second.ReachAsync("settled", Stop);
        await CheckOnChainAsync(second, second.Get<ChainRpc.ChainRpcClient>(), jobId);
    }

    [Fact]
    public async Task A_job_that_is_given_up_leaves_its_deposit_to_the_next_one()
    {
        await using JobPoolHost host = await OpenAsync(new WorkersPeer { IsComputing = false }, "1");
        await BecomeReadyAsync(host.Get<ChainRpc.ChainRpcClient>());
        ByteString jobId = await host.SubmitAsync("a", Stop);
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => host.SubmitAsync("b", Stop));
        Assert.Equal("no-free-deposit", refused.Trailers.GetValue("camelid-reason"));

        await host.Jobs.CancelJobAsync(new CancelJobRequest { JobId = jobId }, cancellationToken: Stop);
        (_, JobAnswer answer) = await host.AnswerAsync(jobId, Stop);
        Assert.Equal("dismissed", answer.Job.Summary.PaymentState);
        Assert.True(await SubmitAtSomeTipAsync(host, "b"));
    }

    /// <summary>Asks at each new block: the deposit is free once its closing is in one.</summary>
    private static async Task<bool> SubmitAtSomeTipAsync(JobPoolHost host, string key)
    {
        using AsyncServerStreamingCall<ChainStatus> tips =
            host.Get<ChainRpc.ChainRpcClient>().WatchTip(new WatchTipRequest(), cancellationToken: Stop);
        await foreach (ChainStatus _ in tips.ResponseStream.ReadAllAsync(Stop))
        {
            try
            {
                await host.SubmitAsync(key, Stop);
                return true;
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.ResourceExhausted)
            {
                // Not in this block yet.
            }
        }

        return false;
    }

    private static async Task CheckOnChainAsync(JobPoolHost host, ChainRpc.ChainRpcClient chain, ByteString jobId)
    {
        JobDetails job = await host.Jobs.GetJobAsync(new GetJobRequest { JobId = jobId }, cancellationToken: Stop);
        Assert.Equal(
            ["accepted", "committed", "paid", "delivered", "settled"],
            job.Transitions.Where(step => step.Facet == "payment").Select(step => step.To));
        TransactionReply payment = await chain.GetTransactionAsync(
            new GetTransactionRequest { Txid = job.Summary.PaymentTxid }, cancellationToken: Stop);
        Assert.Equal(jobId, payment.JobId);
        Assert.True(Transaction.TryDecode(payment.Raw.Span, out Transaction? transaction));
        Assert.Equal(job.Summary.PaymentGrains, transaction.Outputs[0].Value.Grains);
        TransactionReply claim = await chain.GetTransactionAsync(
            new GetTransactionRequest { Txid = job.ClaimTxid }, cancellationToken: Stop);
        Assert.True(claim.Confirmations > 0);
        SupplyReply supply = await chain.GetSupplyAsync(new GetSupplyRequest(), cancellationToken: Stop);
        Assert.Equal(supply.IssuedGrains, supply.UnspentGrains + supply.BurnedGrains);
    }

    private static async Task BecomeReadyAsync(ChainRpc.ChainRpcClient chain)
    {
        using AsyncServerStreamingCall<ChainStatus> tips =
            chain.WatchTip(new WatchTipRequest(), cancellationToken: Stop);
        await foreach (ChainStatus status in tips.ResponseStream.ReadAllAsync(Stop))
        {
            if (status.Ready)
            {
                return;
            }
        }
    }

    private async Task<JobPoolHost> OpenAsync(WorkersPeer workers, string deposits = "8")
    {
        Directory.CreateDirectory(folder);
        string socket = System.IO.Path.Combine(folder, $"{Guid.NewGuid():N}"[..8] + ".sock");
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Camelid:DataDir"] = folder,
            ["Camelid:Socket"] = socket,
            ["JobPool:RecoverySeconds"] = "1",
            ["Chain:DepositCount"] = deposits,
        });
        UnixSocketHost.ListenOn(builder, socket);
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddSingleton(workers);
        GrpcChannel channel = UnixSocketHost.ChannelTo(socket);
        builder.Services.AddSingleton(new JobPoolRpc.JobPoolRpcClient(channel));
        builder.AddServiceDefaults();
        builder.AddChain();
        builder.AddJobPool();
        builder.Services.AddBusConsumer<ComputeJobPeer, ComputeJob>("inference");
        builder.Services.AddBusConsumer<SignedVerdictPeer, VerifyJob>("verifier");
        builder.AddServiceBus();
        LogContext.Current = null;
        WebApplication app = builder.Build();
        app.MapChain();
        app.MapJobPool();
        await app.StartAsync(Stop);
        JobPoolHost host = new(app, channel);
        await host.Jobs.ReportWorkerAsync(
            new WorkerReport { Worker = "pod", ModelRoots = { ByteString.CopyFrom(JobPoolWorld.ModelRoot) } },
            cancellationToken: Stop);
        return host;
    }
}
