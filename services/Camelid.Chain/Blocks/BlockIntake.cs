using Camelid.Chain.Index;
using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Blocks;

/// <summary>
/// The one door by which blocks come in: judged and logged, then indexed and told, then taken out of the mempool. In
/// that order a transaction is always found somewhere.
/// </summary>
internal sealed partial class BlockIntake(
    ChainState state, BlockIndex index, TransactionPool pool, TimeProvider time, ILogger<BlockIntake> logger)
    : IDisposable
{
    private readonly SemaphoreSlim one = new(1, 1);

    /// <summary>
    /// Blocks that the chain has taken and the mempool has not heard of, because the index failed between.
    /// </summary>
    private readonly Queue<BlockAcceptance> unfinished = [];

    /// <summary>Raised when the tip has changed.</summary>
    public TipSignal TipChanged { get; } = new();

    /// <summary>Takes a block from outside. One too far ahead of the clock is refused now and may come again.</summary>
    public async Task<RuleCode> SubmitAsync(Block block, CancellationToken cancellationToken)
    {
        RuleCode clock = BlockRules.CheckClock(block.Header, time.GetUtcNow(), state.Network);
        if (clock != RuleCode.Accepted)
        {
            return clock;
        }

        await one.WaitAsync(cancellationToken);
        try
        {
            return await AcceptAsync(block, cancellationToken);
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>Makes a block and takes it in, while no other block can come between.</summary>
    /// <param name="make">Makes a block on the tip, or null where there is nothing to mine.</param>
    /// <param name="cancellationToken">Ends the wait for other blocks.</param>
    public async Task<Block?> MineAsync(Func<Block?> make, CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            Block? block = make();
            if (block is null)
            {
                return null;
            }

            RuleCode code = await AcceptAsync(block, cancellationToken);
            return code == RuleCode.Accepted
                ? block
                : throw new System.Diagnostics.UnreachableException($"our own block is refused: {code.ToReason()}");
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>
    /// Brings index and mempool to the tip: at start, and after a write to the database had failed or was given up.
    /// </summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            await FinishAsync(cancellationToken);
        }
        finally
        {
            one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => one.Dispose();

    private async Task<RuleCode> AcceptAsync(Block block, CancellationToken cancellationToken)
    {
        BlockAcceptance acceptance = state.Submit(block);
        if (acceptance.Code != RuleCode.Accepted)
        {
            LogRefused(block.Hash, acceptance.Code.ToReason());
            return acceptance.Code;
        }

        if (acceptance.Disconnected.Count > 0)
        {
            LogReorganised(acceptance.Disconnected.Count, acceptance.Connected.Count);
        }

        unfinished.Enqueue(acceptance);
        await FinishAsync(cancellationToken);
        return RuleCode.Accepted;
    }

    private async Task FinishAsync(CancellationToken cancellationToken)
    {
        await index.CatchUpAsync(cancellationToken);
        while (unfinished.TryDequeue(out BlockAcceptance? acceptance))
        {
            UpdatePool(acceptance);
            if (acceptance.Connected.Count > 0)
            {
                BlockEntry tip = acceptance.Connected[^1];
                LogConnected(tip.Height, tip.Hash, tip.TransactionCount);
                TipChanged.Raise();
            }
        }
    }

    private void UpdatePool(BlockAcceptance acceptance)
    {
        if (acceptance.Disconnected.Count > 0)
        {
            pool.Rejudge(acceptance.Disconnected.Reverse().SelectMany(entry => state.ReadBlock(entry).Transactions));
        }

        foreach (BlockEntry entry in acceptance.Connected)
        {
            pool.Remove(state.ReadBlock(entry));
        }
    }

    [LoggerMessage(1001, LogLevel.Information, "Block {Height} {Hash} connected, {Count} transactions")]
    private partial void LogConnected(int height, BlockHash hash, int count);

    [LoggerMessage(1002, LogLevel.Information, "Block {Hash} refused: {Reason}")]
    private partial void LogRefused(BlockHash hash, string reason);

    [LoggerMessage(1003, LogLevel.Warning, "Reorg: {Disconnected} blocks left the chain, {Connected} joined it")]
    private partial void LogReorganised(int disconnected, int connected);
}
