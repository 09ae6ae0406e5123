using Camelid.Chain.Blocks;
using Camelid.ServiceDefaults.Storage;

namespace Camelid.Chain.Index;

/// <summary>What a block's fees were, and the sums from genesis to it. All in grains.</summary>
internal sealed record BlockTotals
{
    private const string Columns =
        """
        height as Height, hash as Hash, fees_grains as FeesGrains, issued_sum as IssuedSum, burned_sum as BurnedSum,
        fees_sum as FeesSum, transactions_sum as TransactionsSum, unspent_grains as UnspentGrains,
        deposits_grains as DepositsGrains, payments_grains as PaymentsGrains, stakes_grains as StakesGrains
        """;

    /// <summary>Height of the block.</summary>
    public long Height { get; init; }

    /// <summary>Its hash, as it is shown.</summary>
    public string Hash { get; init; } = "";

    /// <summary>Fees of its transactions.</summary>
    public long FeesGrains { get; init; }

    /// <summary>Subsidies claimed so far.</summary>
    public long IssuedSum { get; init; }

    /// <summary>Fees that no coinbase claimed so far.</summary>
    public long BurnedSum { get; init; }

    /// <summary>Fees that coinbases claimed so far.</summary>
    public long FeesSum { get; init; }

    /// <summary>Transactions so far, coinbases included, genesis not.</summary>
    public long TransactionsSum { get; init; }

    /// <summary>Coin in unspent outputs after it.</summary>
    public long UnspentGrains { get; init; }

    /// <summary>Of it in deposits.</summary>
    public long DepositsGrains { get; init; }

    /// <summary>Of it in payments.</summary>
    public long PaymentsGrains { get; init; }

    /// <summary>Of it in stakes.</summary>
    public long StakesGrains { get; init; }

    /// <summary>The totals at a height; zeros at genesis, null above the tip of the index.</summary>
    public static async Task<BlockTotals?> ReadAsync(DatabaseSession session, long height) => height == 0
        ? new BlockTotals()
        : await session.QueryFirstOrDefaultAsync<BlockTotals>(
            $"select {Columns} from block_totals where height = @height", new { height });

    /// <summary>The last <paramref name="limit"/> totals below a height, highest first.</summary>
    public static Task<IReadOnlyList<BlockTotals>> ReadBelowAsync(DatabaseSession session, long height, int limit) =>
        session.QueryAsync<BlockTotals>(
            $"select {Columns} from block_totals where height < @height order by height desc limit @limit",
            new { height, limit });

    /// <summary>Writes totals.</summary>
    public static Task InsertAsync(DatabaseSession session, IEnumerable<BlockTotals> totals) => RowInsert.ExecuteAsync(
        session,
        "block_totals (height, hash, fees_grains, issued_sum, burned_sum, fees_sum, transactions_sum, unspent_grains, "
        + "deposits_grains, payments_grains, stakes_grains)",
        [.. totals.Select(row => new object?[]
        {
            row.Height, row.Hash, row.FeesGrains, row.IssuedSum, row.BurnedSum, row.FeesSum, row.TransactionsSum,
            row.UnspentGrains, row.DepositsGrains, row.PaymentsGrains, row.StakesGrains,
        })]);

    /// <summary>These totals with one output more (sign 1) or less (sign -1).</summary>
    public BlockTotals With(IndexedOutput output, int sign)
    {
        long grains = sign * output.Grains;
        return this with
        {
            UnspentGrains = UnspentGrains + grains,
            DepositsGrains = DepositsGrains + (output.Kind == OutputKind.Deposit ? grains : 0),
            PaymentsGrains = PaymentsGrains + (output.Kind == OutputKind.Payment ? grains : 0),
            StakesGrains = StakesGrains + (output.Kind == OutputKind.Stake ? grains : 0),
        };
    }
}
