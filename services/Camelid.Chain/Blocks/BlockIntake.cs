using Camelid.Chain.Index;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Blocks;

/// <summary>
/// The operator's door to <see cref="ChainCore"/>: a block that it took is indexed, and its events are stored, when the
/// call returns.
/// </summary>
internal sealed class BlockIntake(ChainCore core, BlockIndex index) : IDisposable
{
    private readonly SemaphoreSlim one = new(1, 1);

    /// <summary>Takes a block from outside. One too far ahead of the clock is held until its time.</summary>
    public async Task<RuleCode> SubmitAsync(Block block, CancellationToken cancellationToken)
    {
        RuleCode code = core.Submit(block).Code;
        await CatchUpAsync(cancellationToken);
        return code;
    }

    /// <summary>Makes a block and takes it in, while no other block can come between.</summary>
    /// <param name="make">Makes a block on the tip, or null where there is nothing to mine.</param>
    /// <param name="cancellationToken">Ends the wait for the index.</param>
    public async Task<Block?> MineAsync(Func<Block?> make, CancellationToken cancellationToken)
    {
        Block? block = core.Mine(make);
        await CatchUpAsync(cancellationToken);
        return block;
    }

    /// <summary>
    /// Brings the index to the tip: at start, after blocks of peers, and after a write had failed or was given up.
    /// </summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            await index.CatchUpAsync(cancellationToken);
        }
        finally
        {
            one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => one.Dispose();
}
