using System.Diagnostics;
using Camelid.Chain.Index;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Storage;

namespace Camelid.Chain.Wallet;

/// <summary>How far a payment of the wallet came. What blocks and mempool hold is asked there.</summary>
internal enum SendState
{
    /// <summary>Signed and kept; it may have left the node.</summary>
    Recorded = 0,

    /// <summary>Refused by our own mempool before it could leave the node: it holds no coins.</summary>
    Refused = 1,
}

/// <summary>A payment that the wallet signed.</summary>
internal sealed record SendRow
{
    /// <summary>What makes the request one: asked twice, it is paid once.</summary>
    public string RequestId { get; init; } = "";

    /// <summary>The transaction, as it is shown.</summary>
    public string Txid { get; init; } = "";

    /// <summary>Canonical bytes.</summary>
    public byte[] Raw { get; init; } = [];

    /// <summary>The payee.</summary>
    public string Address { get; init; } = "";

    /// <summary>What the payee gets.</summary>
    public long Grains { get; init; }

    /// <summary>The fee.</summary>
    public long FeeGrains { get; init; }

    /// <summary>When it was signed, Unix milliseconds: a payment of another's change is the later one.</summary>
    public long Created { get; init; }

    /// <summary>A <see cref="SendState"/>.</summary>
    public long State { get; init; }

    /// <summary>The transaction.</summary>
    public Transaction Transaction => Transaction.TryDecode(Raw, out Transaction? transaction)
        ? transaction
        : throw new UnreachableException($"the payment of request '{RequestId}' was stored in another form");
}

/// <summary>
/// Rule W-12: a payment and the coins that it holds are in the database before it leaves, in one transaction; no coin
/// is held by two payments.
/// </summary>
internal sealed class WalletSends(ChainDatabase database)
{
    /// <summary>Most payments that wait for a block and are handed to the mempool again, or hold coins.</summary>
    public const int WaitingMax = 1_000;

    private const string Columns =
        """
        select request_id as RequestId, txid as Txid, raw as Raw, address as Address, grains as Grains,
            fee_grains as FeeGrains, created as Created, state as State from wallet_sends

        """;

    /// <summary>The payment of a request, or null.</summary>
    public Task<SendRow?> FindAsync(string requestId, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryFirstOrDefaultAsync<SendRow>(
            Columns + "where request_id = @requestId", new { requestId }),
        cancellationToken);

    /// <summary>Payments that no block holds, the least often refused first, then the oldest.</summary>
    public Task<IReadOnlyList<SendRow>> WaitingAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryAsync<SendRow>(
            Columns +
            """
            where state = 0 and not exists (select 1 from transactions where transactions.txid = wallet_sends.txid)
            order by attempts, created, request_id limit @WaitingMax
            """,
            new { WaitingMax }),
        cancellationToken);

    /// <summary>Keeps a payment and holds its coins: both or nothing.</summary>
    /// <param name="row">The payment.</param>
    /// <param name="lapsed">Payments that can't be mined any more: their coins are free.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    /// <exception cref="System.Data.Common.DbException">A coin is held by another payment.</exception>
    public Task AddAsync(SendRow row, IReadOnlyList<string> lapsed, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session =>
            {
                foreach (string requestId in lapsed)
                {
                    await FreeAsync(session, requestId);
                }

                await session.ExecuteAsync(
                    """
                    insert into wallet_sends
                        (request_id, txid, raw, address, grains, fee_grains, created, state, attempts)
                    values (@RequestId, @Txid, @Raw, @Address, @Grains, @FeeGrains, @Created, 0, 0)
                    """,
                    new { row.RequestId, row.Txid, row.Raw, row.Address, row.Grains, row.FeeGrains, row.Created });
                await RowInsert.ExecuteAsync(
                    session, "wallet_reserved (outpoint, request_id)",
                    [.. row.Transaction.Inputs.Select(input => new object?[]
                    {
                        input.Previous.ToString(), row.RequestId,
                    })]);
            },
            cancellationToken);

    /// <summary>Notes that a payment was refused before it could leave, and frees its coins.</summary>
    public Task RefuseAsync(string requestId, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            await session.ExecuteAsync(
                "update wallet_sends set state = 1 where request_id = @requestId", new { requestId });
            await FreeAsync(session, requestId);
        },
        cancellationToken);

    /// <summary>Counts a refusal of payments that were handed in again.</summary>
    public Task CountRefusalsAsync(IReadOnlyList<string> requestIds, CancellationToken cancellationToken) =>
        requestIds.Count == 0 ? Task.CompletedTask : database.WriteAsync(
            async session =>
            {
                foreach (string requestId in requestIds)
                {
                    await session.ExecuteAsync(
                        "update wallet_sends set attempts = attempts + 1 where request_id = @requestId",
                        new { requestId });
                }
            },
            cancellationToken);

    private static Task<int> FreeAsync(DatabaseSession session, string requestId) => session.ExecuteAsync(
        "delete from wallet_reserved where request_id = @requestId", new { requestId });
}
