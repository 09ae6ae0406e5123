using System.Diagnostics;
using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mining;

/// <summary>Says what the next block is made of, and on regtest makes it where one is wanted.</summary>
internal sealed class BlockMaker(ChainState state, TransactionPool pool, BlockIntake intake, TimeProvider time)
{
    /// <summary>Most blocks in one call of Mine.</summary>
    public const int BlocksMax = 1_000;

    private const int TemplateTriesMax = 8;

    private readonly YoungPayments young = new(state);

    /// <summary>
    /// Rule M-36: true where blocks are made on demand; elsewhere each costs its proof of work, and
    /// <see cref="Miner"/> makes them.
    /// </summary>
    public bool IsOnDemand => state.Network.HasFixedDifficulty;

    /// <summary>
    /// Mines blocks whether wanted or not, at most <paramref name="count"/>, where that is done on demand.
    /// </summary>
    /// <remarks>
    /// Six blocks move the median of block times by a second. Mining stops where the next block would be further ahead
    /// of the clock than other nodes accept, so a call may mine fewer.
    /// </remarks>
    public async Task<IReadOnlyList<BlockHash>> MineAsync(int count, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)BlocksMax, nameof(count));
        List<BlockHash> hashes = [];
        for (int i = 0; i < count && NextTime() <= Now + state.Network.BlockTimeAheadSecondsMax; i++)
        {
            Block? block = await intake.MineAsync(() => Make(pool.Select(NextTime())), cancellationToken);
            hashes.Add(block!.Hash);
        }

        return hashes;
    }

    /// <summary>
    /// Rule E-32: mines one block if a waiting transaction may be in it, a payment waits to be buried, or a lock time
    /// that has passed by the clock waits for the median of block times. Never an empty block otherwise.
    /// </summary>
    public async Task<bool> MineIfWantedAsync(CancellationToken cancellationToken)
    {
        Block? block = await intake.MineAsync(
            () =>
            {
                IReadOnlyList<TransactionWithFee> chosen = pool.Select(NextTime());
                return chosen.Count > 0 || young.WaitForBurial(Now) || AMedianIsWaitedFor() ? Make(chosen) : null;
            },
            cancellationToken);
        return block is not null;
    }

    /// <summary>What a miner builds a block on the tip from, on any network.</summary>
    /// <remarks>
    /// Where the tip changed meanwhile, the transactions were chosen for another block, and are chosen again. Whoever
    /// gives up after some tries gives a template that the next tip makes worthless anyway.
    /// </remarks>
    public BlockTemplate MakeTemplate()
    {
        for (int i = 1; ; i++)
        {
            BlockEntry tip = state.Read(reading => reading.Tip);
            uint blockTime = NextTime();
            BlockTemplate template = TemplateOn(tip, blockTime, pool.Select(blockTime));
            if (i == TemplateTriesMax || state.Read(reading => reading.Tip) == tip)
            {
                return template;
            }
        }
    }

    private uint Now => (uint)time.GetUtcNow().ToUnixTimeSeconds();

    private uint NextTime() => Math.Max(Now, state.Read(reading => reading.MedianTimePast) + 1);

    private BlockTemplate TemplateOn(BlockEntry tip, uint blockTime, IReadOnlyList<TransactionWithFee> chosen) => new()
    {
        Network = state.Network,
        PreviousHash = tip.Hash,
        Height = tip.Height + 1,
        Bits = state.NextBits(tip),
        Time = blockTime,
        Payee = state.Keys[KeyRole.Miner].Address.ToScript(),
        Transactions = chosen,
    };

    /// <summary>
    /// A block that nobody has seen: within one second the very block that the operator has set aside would come out
    /// again, and be refused.
    /// </summary>
    private Block Make(IReadOnlyList<TransactionWithFee> chosen)
    {
        BlockTemplate template = TemplateOn(state.Read(reading => reading.Tip), NextTime(), chosen);
        for (ulong? extraNonce = null; ; extraNonce = (extraNonce ?? 0) + 1)
        {
            Block block = (template with { ExtraNonce = extraNonce }).Build();
            BlockHeader header = ProofOfWork.TryFind(block.Header, 0, uint.MaxValue)
                ?? throw new UnreachableException("no nonce reaches the easiest target");
            if (state.Read(reading => reading.Find(header.Hash)) is null)
            {
                return new Block(header, block.Transactions);
            }
        }
    }

    private bool AMedianIsWaitedFor()
    {
        (int height, uint median) = state.Read(reading => (reading.Tip.Height + 1, reading.MedianTimePast));
        return pool.List().Any(entry => !entry.IsJob && entry.Transaction.LockTime >= Transaction.LockTimeThreshold
            && entry.Transaction.LockTime < Now && !TransactionRules.IsFinal(entry.Transaction, height, median));
    }
}
