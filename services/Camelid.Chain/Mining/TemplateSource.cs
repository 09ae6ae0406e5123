using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Mining;

/// <summary>Says what to mine now. Asked by every thread before each batch.</summary>
internal interface IBlockTemplateSource
{
    /// <summary>The template to work on: the same one until another is due.</summary>
    MiningTemplate Current();

    /// <summary>A block of this template broke a rule.</summary>
    void Refuse(MiningTemplate template);
}

/// <summary>
/// Rule M-31: a template is made anew when the tip is another one, when transactions that came since pay more (looked
/// at every 2 s at most), and when it is 30 s old.
/// </summary>
/// <remarks>
/// Rule M-35: a template whose block was refused had a transaction that the pool should not have offered. Until the
/// tip changes, only empty blocks are mined: that costs fees, where mining on would cost every block.
/// </remarks>
internal sealed class TemplateSource(BlockMaker maker, ChainState state, TransactionPool pool, TimeProvider time)
    : IBlockTemplateSource
{
    /// <summary>Age at which a template is made anew in any case.</summary>
    public static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(30);

    /// <summary>Least time between two looks at new transactions.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private MiningTemplate? current;
    private DateTimeOffset madeAt;
    private DateTimeOffset lookedAt;
    private Task joined = Task.CompletedTask;
    private BlockHash emptyOn;

    /// <inheritdoc/>
    public MiningTemplate Current()
    {
        BlockHash tip = state.Read(reading => reading.Tip.Hash);
        lock (gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            if (current is null || current.PreviousHash != tip || now - madeAt >= AgeMax || now < madeAt)
            {
                return Replace(Make(now), now);
            }

            if (joined.IsCompleted && now - lookedAt >= LookInterval)
            {
                MiningTemplate other = Make(now);
                if (other.FeeGrains > current.FeeGrains || other.PreviousHash != current.PreviousHash)
                {
                    return Replace(other, now);
                }
            }

            return current;
        }
    }

    /// <inheritdoc/>
    public void Refuse(MiningTemplate template)
    {
        lock (gate)
        {
            emptyOn = template.PreviousHash;
            current = null;
        }
    }

    private MiningTemplate Make(DateTimeOffset now)
    {
        joined = pool.Joined.Next;
        lookedAt = now;
        BlockTemplate template = maker.MakeTemplate();
        return new MiningTemplate(
            template.PreviousHash == emptyOn ? template with { Transactions = [] } : template);
    }

    private MiningTemplate Replace(MiningTemplate template, DateTimeOffset now)
    {
        madeAt = now;
        return current = template;
    }
}
