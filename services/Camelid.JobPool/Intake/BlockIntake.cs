using Camelid.Contracts.Chain.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using MassTransit;

namespace Camelid.JobPool.Intake;

/// <summary>Looks again at the jobs that a block may have moved. The chain is asked; the event is only a hint.</summary>
internal sealed class BlockIntake(JobStore store, JobSteps steps)
{
    /// <summary>Jobs in the block, and those that wait for burial under it.</summary>
    public async Task ConnectedAsync(IReadOnlyList<string> jobIds, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> waiting = await store.ListOnChainAsync(cancellationToken);
        foreach (string jobId in jobIds.Union(waiting, StringComparer.Ordinal))
        {
            await steps.AdvanceOrPostponeAsync(jobId, cancellationToken);
        }
    }

    /// <summary>Jobs whose transactions a reorganisation took out: settled ones are opened again.</summary>
    public async Task DisconnectedAsync(IReadOnlyList<string> jobIds, CancellationToken cancellationToken)
    {
        foreach (string jobId in jobIds)
        {
            await steps.ApplyAsync(
                jobId,
                (row, _) => row is { ClaimTxid: not null, IsOpen: 0, PaymentState: "settled" }
                    ? JobChange.Of(row with { IsOpen = 1 })
                    : null,
                cancellationToken);
        }
    }
}

/// <summary>[J10] Follows payments and claims from block to block. Safe to run twice: it compares the row with the chain.</summary>
internal sealed class BlockConnectedConsumer(BlockIntake intake) : IConsumer<BlockConnected>
{
    public Task Consume(ConsumeContext<BlockConnected> context) =>
        intake.ConnectedAsync(context.Message.JobIds, context.CancellationToken);
}

/// <summary>Takes back what a reorganisation undid. Safe to run twice: it compares the row with the chain.</summary>
internal sealed class BlockDisconnectedConsumer(BlockIntake intake) : IConsumer<BlockDisconnected>
{
    public Task Consume(ConsumeContext<BlockDisconnected> context) =>
        intake.DisconnectedAsync(context.Message.JobIds, context.CancellationToken);
}
