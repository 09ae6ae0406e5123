using System.Diagnostics;
using Camelid.Chain.Blocks;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Storage;
using BlockHash = Camelid.Protocol.Blocks.BlockHash;

namespace Camelid.Chain.Index;

/// <summary>
/// [J9] The index of the active chain, and the events about it. Each block's rows and its event are one database
/// transaction, so that no block is indexed without being told, and none is told that is not indexed.
/// </summary>
/// <remarks>
/// Two cursors: <c>blocks</c> lists what was told and only follows the chain; the derived tables can be emptied and
/// filled anew (rule W-02) while nothing is told twice for it.
/// </remarks>
internal sealed partial class BlockIndex(ChainDatabase database, ChainState state, ILogger<BlockIndex> logger)
{
    /// <summary>Most blocks in one database transaction.</summary>
    internal const int BlocksPerWrite = 50;

    /// <summary>A batch ends with the block that reaches this many bytes.</summary>
    private const int BytesPerWrite = 4_000_000;

    /// <summary>Blocks between two lines about progress.</summary>
    private const int ProgressBlocks = 1_000;

    private BlockHash? indexed;

    /// <summary>
    /// Brings the index to the tip, from whatever height it has, over reorgs too. One call at a time (the intake).
    /// </summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        BlockHash tip = state.Read(reading => reading.Tip.Hash);
        bool more = indexed != tip;
        bool wasDamaged = false;
        while (more)
        {
            try
            {
                more = await database.WriteAsync(StepAsync, cancellationToken);
            }
            catch (IndexDamagedException damage) when (!wasDamaged)
            {
                LogDamaged(damage.Message);
                wasDamaged = true;
                await RebuildAsync(cancellationToken);
            }
        }

        indexed = tip;
    }

    /// <summary>Rule W-02: empties the derived tables; the next catching up fills them. Nothing else is lost.</summary>
    public async Task RebuildAsync(CancellationToken cancellationToken)
    {
        await database.WriteAsync(IndexWriter.ResetAsync, cancellationToken);
        indexed = null;
    }

    /// <summary>Where a transaction lies, or null where the active chain does not have it.</summary>
    public Task<TransactionRow?> FindAsync(Txid txid, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryFirstOrDefaultAsync<TransactionRow>(
            """
            select txid as Txid, height as Height, position as Position, job_id as JobId, fee_grains as FeeGrains
            from transactions where txid = @txid
            """,
            new { txid = txid.ToString() }),
        cancellationToken);

    /// <summary>One step; false once all is done.</summary>
    private async Task<bool> StepAsync(DatabaseSession session)
    {
        IndexCursor cursor = await IndexCursor.ReadAsync(session);
        if (cursor.Version != IndexCursor.CurrentVersion)
        {
            LogRebuild(cursor.Version, IndexCursor.CurrentVersion);
            await IndexWriter.ResetAsync(session);
            return true;
        }

        HeightRow? told = await session.QueryFirstOrDefaultAsync<HeightRow>(
            "select height as Height, hash as Hash from blocks order by height desc limit 1");
        Situation now = state.Read(reading => new Situation(
            !IsActive(reading, cursor.Height, cursor.Hash),
            told is not null && !IsActive(reading, told.Height, told.Hash),
            [.. reading.Active.Skip((int)cursor.Height + 1).Take(BlocksPerWrite)],
            reading.Tip.Height));
        if (now.ToldLeft && told!.Height >= cursor.Height)
        {
            await TellDisconnectedAsync(session, told, cursor);
        }

        if (now.CursorLeft)
        {
            await IndexWriter.RemoveLastAsync(session, cursor);
        }

        return now.ToldLeft || now.CursorLeft || await AddAsync(session, now, told?.Height ?? 0);
    }

    private static bool IsActive(ChainReading reading, long height, string hash) => height == 0
        || (height < reading.Active.Count && reading.Active[(int)height].Hash.ToString() == hash);

    /// <summary>Indexes the next blocks, and tells those above <paramref name="toldHeight"/>.</summary>
    private async Task<bool> AddAsync(DatabaseSession session, Situation now, long toldHeight)
    {
        List<(BlockEntry Entry, Block Block)> blocks = [];
        int bytes = 0;
        foreach (BlockEntry entry in now.Missing)
        {
            if (bytes >= BytesPerWrite)
            {
                break;
            }

            if (state.TryReadBlock(entry) is not { } block)
            {
                LogWaiting(entry.Height, entry.Hash);
                break;
            }

            bytes += block.Transactions.Sum(transaction => transaction.ByteCount);
            blocks.Add((entry, block));
        }

        if (blocks.Count == 0)
        {
            return false;
        }

        await IndexWriter.AddAsync(session, blocks);
        foreach ((BlockEntry entry, Block block) in blocks.Where(pair => pair.Entry.Height > toldHeight))
        {
            await TellConnectedAsync(session, entry, block);
        }

        int reached = blocks[^1].Entry.Height;
        if (reached / ProgressBlocks > (now.Missing[0].Height - 1) / ProgressBlocks)
        {
            LogProgress(reached, now.TipHeight);
        }

        return reached < now.TipHeight;
    }

    private static async Task TellConnectedAsync(DatabaseSession session, BlockEntry entry, Block block)
    {
        await session.ExecuteAsync(
            "insert into blocks (height, hash) values (@Height, @Hash)",
            new { Height = (long)entry.Height, Hash = entry.Hash.ToString() });
        await session.Publish(new BlockConnected
        {
            Height = entry.Height,
            Hash = entry.Hash.Value.ToString(),
            TimeUnix = entry.Header.Time,
            JobIds = JobsOf(block),
        });
    }

    private async Task TellDisconnectedAsync(DatabaseSession session, HeightRow row, IndexCursor cursor)
    {
        BlockHash hash = BlockHash.TryParse(row.Hash, out BlockHash parsed)
            ? parsed
            : throw new UnreachableException($"block {row.Height} of the index has the hash '{row.Hash}'");
        IReadOnlyList<string> jobs = cursor.Height == row.Height && cursor.Hash == row.Hash
            ? await session.QueryAsync<string>(
                "select distinct job_id from transactions where height = @Height and job_id is not null",
                new { row.Height })
            : state.Read(reading => reading.Find(hash)) is { } entry
                && state.TryReadBlock(entry) is { } block ? JobsOf(block) : [];
        await session.ExecuteAsync("delete from blocks where height = @Height", new { row.Height });
        await session.Publish(
            new BlockDisconnected { Height = (int)row.Height, Hash = hash.Value.ToString(), JobIds = jobs });
    }

    private static string[] JobsOf(Block block) =>
    [
        .. block.Transactions.Where(transaction => !transaction.JobId.IsNone)
            .Select(transaction => transaction.JobId.ToString()).Distinct(),
    ];

    /// <summary>The chain beside the two cursors, all of one moment: blocks may come at any time.</summary>
    /// <param name="CursorLeft">The last indexed block is not on the active chain.</param>
    /// <param name="ToldLeft">The last told block is not on the active chain.</param>
    /// <param name="Missing">The blocks after the cursor.</param>
    /// <param name="TipHeight">Height of the tip.</param>
    private sealed record Situation(bool CursorLeft, bool ToldLeft, BlockEntry[] Missing, int TipHeight);

    private sealed record HeightRow
    {
        public long Height { get; init; }

        public string Hash { get; init; } = "";
    }

    [LoggerMessage(1100, LogLevel.Information, "Index: the derived tables are of version {Old}, not {New}: built anew")]
    private partial void LogRebuild(long old, long @new);

    [LoggerMessage(1103, LogLevel.Warning,
        "Index: waits for block {Height} ({Hash}), which is not on the disk: pruned, or to be fetched again")]
    private partial void LogWaiting(int height, BlockHash hash);

    [LoggerMessage(1101, LogLevel.Information, "Index at block {Height} of {Tip}")]
    private partial void LogProgress(int height, int tip);

    [LoggerMessage(1102, LogLevel.Warning, "Index: the derived tables are damaged ({Reason}): built anew")]
    private partial void LogDamaged(string reason);
}
