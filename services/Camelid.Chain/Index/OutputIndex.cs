using Camelid.Protocol;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Storage;
using Dapper;

namespace Camelid.Chain.Index;

/// <summary>What an owner ever received and spent, and in how many outputs.</summary>
internal sealed record OwnerTotals
{
    /// <summary>Outputs that the owner ever had.</summary>
    public long OutputCount { get; init; }

    /// <summary>Coin that ever came.</summary>
    public long ReceivedGrains { get; init; }

    /// <summary>Coin that went.</summary>
    public long SpentGrains { get; init; }
}

/// <summary>
/// Questions about the outputs of the active chain: by the transaction that made or spent them, and by their owner
/// (see <see cref="OutputOwner"/>). Confirmed ones only; the mempool is asked apart.
/// </summary>
internal sealed class OutputIndex(ChainDatabase database)
{
    /// <summary>Owners in one statement; longer lists are asked in parts.</summary>
    private const int OwnersPerStatement = 200;

    private const string Columns =
        """
        select t.txid as Txid, o.height as Height, o.position as Position, o.output_index as OutputIndex,
            o.owner as Owner, o.kind as Kind, o.grains as Grains, o.spent_height as SpentHeight,
            o.spent_position as SpentPosition, o.spent_input as SpentInput, s.txid as SpentTxid
        from outputs o
        join transactions t on t.height = o.height and t.position = o.position
        left join transactions s on s.height = o.spent_height and s.position = o.spent_position

        """;

    /// <summary>The outputs that a transaction made, in order.</summary>
    public Task<IReadOnlyList<OutputRow>> MadeByAsync(ChainPlace place, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.QueryAsync<OutputRow>(
                Columns + "where o.height = @Height and o.position = @Position order by o.output_index", place),
            cancellationToken);

    /// <summary>The outputs that a transaction spent, in the order of its inputs.</summary>
    public Task<IReadOnlyList<OutputRow>> SpentByAsync(ChainPlace place, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.QueryAsync<OutputRow>(
                Columns + "where o.spent_height = @Height and o.spent_position = @Position order by o.spent_input",
                place),
            cancellationToken);

    /// <summary>An output, spent or not; null where the active chain has none such.</summary>
    public Task<OutputRow?> FindAsync(OutPoint outPoint, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryFirstOrDefaultAsync<OutputRow>(
            Columns + "where t.txid = @txid and o.output_index = @index",
            new { txid = outPoint.Txid.ToString(), index = (long)outPoint.Index }),
        cancellationToken);

    /// <summary>The unspent outputs of these owners, oldest first.</summary>
    public Task<IReadOnlyList<OutputRow>> UnspentAsync(
        IReadOnlyCollection<Hash160> owners, CancellationToken cancellationToken) => database.ReadAsync(
        async session =>
        {
            List<OutputRow> rows = await AskAsync<OutputRow>(
                session, owners, names => $"{Columns}where o.owner in ({names}) and o.spent_height is null");
            return (IReadOnlyList<OutputRow>)[.. rows.OrderBy(row => row.Height).ThenBy(row => row.Position)
                .ThenBy(row => row.OutputIndex)];
        },
        cancellationToken);

    /// <summary>Those of the owners that the active chain ever paid to: a restored wallet looks for them.</summary>
    public Task<IReadOnlySet<Hash160>> UsedAsync(
        IReadOnlyCollection<Hash160> owners, CancellationToken cancellationToken) => database.ReadAsync(
        async session =>
        {
            List<string> used = await AskAsync<string>(
                session, owners, names => $"select distinct owner from outputs where owner in ({names})");
            return (IReadOnlySet<Hash160>)used.Select(HashOf).ToHashSet();
        },
        cancellationToken);

    /// <summary>What an owner received and spent.</summary>
    public async Task<OwnerTotals> TotalsAsync(Hash160 owner, CancellationToken cancellationToken) =>
        await database.ReadAsync(
            session => session.QueryFirstOrDefaultAsync<OwnerTotals>(
                """
                select count(*) as OutputCount, cast(coalesce(sum(grains), 0) as bigint) as ReceivedGrains,
                    cast(coalesce(sum(case when spent_height is null then 0 else grains end), 0) as bigint)
                        as SpentGrains
                from outputs where owner = @owner
                """,
                new { owner = owner.ToString() }),
            cancellationToken)
        ?? new OwnerTotals();

    /// <summary>
    /// What happened to these owners: the entries of the last <paramref name="limit"/> transactions below a place,
    /// latest first. To read on, ask below the last one's place.
    /// </summary>
    public Task<IReadOnlyList<OwnerEntry>> HistoryAsync(
        IReadOnlyCollection<Hash160> owners, ChainPlace below, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async session =>
            {
                List<ChainPlaceRow> places = await PlacesAsync(session, owners, below, limit);
                if (places.Count == 0)
                {
                    return [];
                }

                ChainPlaceRow last = places[^1];
                List<OwnerEntry> entries = await AskAsync<OwnerEntry>(
                    session, owners, names => EntriesSql(names),
                    [("h", below.Height), ("p", below.Position), ("lh", last.Height), ("lp", last.Position)]);
                return (IReadOnlyList<OwnerEntry>)[.. entries.OrderByDescending(entry => entry.Height)
                    .ThenByDescending(entry => entry.Position).ThenByDescending(entry => entry.IsSpend)
                    .ThenBy(entry => entry.Index)];
            },
            cancellationToken);

    private static async Task<List<ChainPlaceRow>> PlacesAsync(
        DatabaseSession session, IReadOnlyCollection<Hash160> owners, ChainPlace below, int limit)
    {
        List<ChainPlaceRow> places = await AskAsync<ChainPlaceRow>(
            session, owners,
            names =>
                $"""
                select Height, Position from (
                    select distinct height as Height, position as Position from outputs
                    where owner in ({names}) and (height < @h or (height = @h and position < @p))
                    order by height desc, position desc limit @n) as made
                union select Height, Position from (
                    select distinct spent_height as Height, spent_position as Position from outputs
                    where owner in ({names})
                        and (spent_height < @h or (spent_height = @h and spent_position < @p))
                    order by spent_height desc, spent_position desc limit @n) as spent
                """,
            [("h", below.Height), ("p", below.Position), ("n", limit)]);
        return [.. places.Distinct().OrderByDescending(place => place.Height)
            .ThenByDescending(place => place.Position).Take(limit)];
    }

    private static string EntriesSql(string names) =>
        $"""
        select t.txid as Txid, o.height as Height, o.position as Position, o.owner as Owner, o.kind as Kind,
            0 as IsSpend, o.output_index as "Index", o.grains as Grains
        from outputs o join transactions t on t.height = o.height and t.position = o.position
        where o.owner in ({names}) and (o.height < @h or (o.height = @h and o.position < @p))
            and (o.height > @lh or (o.height = @lh and o.position >= @lp))
        union all
        select t.txid, o.spent_height, o.spent_position, o.owner, o.kind, 1, o.spent_input, o.grains
        from outputs o join transactions t on t.height = o.spent_height and t.position = o.spent_position
        where o.owner in ({names}) and (o.spent_height < @h or (o.spent_height = @h and o.spent_position < @p))
            and (o.spent_height > @lh or (o.spent_height = @lh and o.spent_position >= @lp))
        """;

    private static async Task<List<T>> AskAsync<T>(
        DatabaseSession session, IReadOnlyCollection<Hash160> owners, Func<string, string> sql,
        params (string Name, long Value)[] values)
    {
        List<T> rows = [];
        foreach (Hash160[] part in owners.Distinct().Chunk(OwnersPerStatement))
        {
            DynamicParameters parameters = new();
            string names = RowInsert.List(parameters, "o", part.Select(owner => (object)owner.ToString()));
            foreach ((string name, long value) in values)
            {
                parameters.Add(name, value);
            }

            rows.AddRange(await session.QueryAsync<T>(sql(names), parameters));
        }

        return rows;
    }

    private static Hash160 HashOf(string owner) => Hash160.FromBytes(Convert.FromHexString(owner));

    private sealed record ChainPlaceRow
    {
        public long Height { get; init; }

        public long Position { get; init; }
    }
}
