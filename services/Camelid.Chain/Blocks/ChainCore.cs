using System.Diagnostics;
using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Blocks;

/// <summary>
/// The one door by which headers and blocks come in, from peers, miner and operator alike: judged and stored, then
/// taken out of the mempool, then told. Synchronous and driven from outside; several threads may call.
/// </summary>
internal sealed partial class ChainCore(
    ChainState state, TransactionPool pool, TimeProvider time, ILogger<ChainCore> logger)
{
    /// <summary>Most blocks that wait for the clock: 64 MB at the most.</summary>
    public const int HeldMax = 16;

    /// <summary>Blocks behind the best header from which on only every so-many-th block is told in the log.</summary>
    private const int SyncBlocks = 500;

    private readonly Lock gate = new();
    private readonly SortedDictionary<(uint Time, Hash256 Hash), Block> held = [];
    private string problem = "";

    /// <summary>
    /// Raised, under the lock, after the active chain has changed. A handler must be quick and must not come back here.
    /// </summary>
    public event Action<BlockAcceptance>? Changed;

    /// <summary>Wakes those who wait for another tip.</summary>
    public TipSignal TipChanged { get; } = new();

    /// <summary>Judges a header and keeps it. One too far ahead of the clock is not kept and may come again.</summary>
    public RuleCode AcceptHeader(BlockHeader header, out BlockEntry? entry)
    {
        entry = null;
        RuleCode clock = BlockRules.CheckClock(header, time.GetUtcNow(), state.Network);
        return clock == RuleCode.Accepted ? state.AcceptHeader(header, out entry) : clock;
    }

    /// <summary>
    /// Takes a block in. Rule C-10: one that is too far ahead of the clock is held until its time and judged then; the
    /// code <see cref="RuleCode.BlockTimeTooLate"/> says so.
    /// </summary>
    public BlockAcceptance Submit(Block block)
    {
        lock (gate)
        {
            RuleCode clock = BlockRules.CheckClock(block.Header, time.GetUtcNow(), state.Network);
            if (clock == RuleCode.Accepted)
            {
                return Accept(block);
            }

            RuleCode work = ProofOfWork.Check(block.Header, state.Network);
            if (work == RuleCode.Accepted)
            {
                Hold(block);
            }

            return new BlockAcceptance { Code = work == RuleCode.Accepted ? clock : work };
        }
    }

    /// <summary>Judges the held blocks whose time has come. To be called about every second.</summary>
    public void ReleaseHeld()
    {
        lock (gate)
        {
            while (held.Count > 0)
            {
                ((uint Time, Hash256 Hash) key, Block block) = held.First();
                if (BlockRules.CheckClock(block.Header, time.GetUtcNow(), state.Network) != RuleCode.Accepted)
                {
                    return;
                }

                held.Remove(key);
                Accept(block);
            }
        }
    }

    /// <summary>Makes a block and takes it in, while no other block can come between.</summary>
    /// <param name="make">Makes a block on the tip, or null where there is nothing to mine.</param>
    /// <exception cref="UnreachableException">The rules refuse our own block.</exception>
    public Block? Mine(Func<Block?> make)
    {
        lock (gate)
        {
            Block? block = make();
            if (block is null)
            {
                return null;
            }

            RuleCode code = Accept(block).Code;
            return code is RuleCode.Accepted or RuleCode.BlockNotStored
                ? code == RuleCode.Accepted ? block : null
                : throw new UnreachableException($"our own block is refused: {code.ToReason()}");
        }
    }

    /// <summary>Sets a block and all that build on it aside.</summary>
    public BlockAcceptance Invalidate(BlockHash hash)
    {
        lock (gate)
        {
            return Tell(state.Invalidate(hash));
        }
    }

    /// <summary>Takes back that a block was refused or set aside.</summary>
    public BlockAcceptance Reconsider(BlockHash hash)
    {
        lock (gate)
        {
            return Tell(state.Reconsider(hash));
        }
    }

    private BlockAcceptance Accept(Block block)
    {
        BlockAcceptance acceptance = Tell(state.Submit(block));
        if (acceptance.Code != RuleCode.Accepted)
        {
            LogRefused(block.Hash, acceptance.Code.ToReason());
        }

        if (state.Store.Problem != problem)
        {
            problem = state.Store.Problem;
            (problem.Length > 0 ? (Action<string>)LogFull : LogRoom)(problem);
        }

        return acceptance;
    }

    /// <summary>A flood of blocks of the far future costs this much memory: the furthest ones are forgotten.</summary>
    private void Hold(Block block)
    {
        held[(block.Header.Time, block.Hash.Value)] = block;
        if (held.Count > HeldMax)
        {
            held.Remove(held.Last().Key);
        }
    }

    private BlockAcceptance Tell(BlockAcceptance acceptance)
    {
        if (!acceptance.IsChange)
        {
            return acceptance;
        }

        if (acceptance.Disconnected.Count > 0)
        {
            LogReorganised(acceptance.Disconnected.Count, acceptance.Connected.Count);
        }

        pool.Follow(acceptance);
        (BlockEntry tip, int best) = state.Read(reading => (reading.Tip, reading.BestHeader.Height));
        if (best - tip.Height < SyncBlocks)
        {
            LogConnected(tip.Height, tip.Hash, acceptance.Connected.Count);
        }
        else if (tip.Height / SyncBlocks > (tip.Height - acceptance.Connected.Count) / SyncBlocks)
        {
            LogSync(tip.Height, best);
        }

        Changed?.Invoke(acceptance);
        TipChanged.Raise();
        return acceptance;
    }

    [LoggerMessage(1040, LogLevel.Error, "The disk takes nothing: {Problem}. Blocks are not accepted until it does")]
    private partial void LogFull(string problem);

    [LoggerMessage(1041, LogLevel.Information, "The disk takes blocks again {Problem}")]
    private partial void LogRoom(string problem);

    [LoggerMessage(1001, LogLevel.Information, "Tip {Height} {Hash}, {Count} blocks joined the chain")]
    private partial void LogConnected(int height, BlockHash hash, int count);

    [LoggerMessage(1004, LogLevel.Information, "Synchronising: block {Height} of {Best}")]
    private partial void LogSync(int height, int best);

    [LoggerMessage(1002, LogLevel.Information, "Block {Hash} refused: {Reason}")]
    private partial void LogRefused(BlockHash hash, string reason);

    [LoggerMessage(1003, LogLevel.Warning, "Reorg: {Disconnected} blocks left the chain, {Connected} joined it")]
    private partial void LogReorganised(int disconnected, int connected);
}
