using Camelid.Chain.Mempool;
using Camelid.Chain.Mining;
using Camelid.Chain.Rpc;
using Camelid.Chain.Wallet;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;
using Google.Protobuf;

namespace Camelid.Chain.Api;

/// <summary>
/// The operator's JSON routes, <c>/api/chain</c> and <c>/api/wallet</c>. Hashes of blocks and transactions are shown
/// reversed, job ids in byte order; amounts are grains, as strings, because JavaScript's numbers lose the last digits.
/// </summary>
internal static class ChainApi
{
    /// <summary>What a caller is told who wants a block at once on a network where each costs its work.</summary>
    public const string NotOnDemand = "blocks cost work on this network: start mining instead";

    private const int LimitDefault = 20;
    private const int TargetDefault = 6;

    public static void Map(IEndpointRouteBuilder app)
    {
        RouteGroupBuilder chain = app.MapGroup("/api/chain");
        chain.MapGet("/status", (ChainReader reader) => StatusOf(reader.Status()));
        chain.MapGet("/supply", (ChainReader reader) => SupplyOf(reader.Supply()));
        chain.MapGet("/blocks", (ChainReader reader, int? before, int? limit) =>
            reader.Blocks(before ?? 0, limit ?? LimitDefault).Select(SummaryOf));
        chain.MapGet("/blocks/{id}", (ChainReader reader, string id) => BlockOf(reader, id));
        chain.MapGet("/tx/{txid}", TransactionOfAsync);
        chain.MapGet("/mempool", (ChainReader reader, int? limit) =>
            reader.Mempool(limit ?? LimitDefault).Select(TransactionOf));
        chain.MapGet("/fee", FeeOf);
        chain.MapPost("/mine", MineAsync);
        ExplorerApi.Map(chain);
        app.MapGet("/api/wallet", async (Balances balances, CancellationToken cancellation) =>
            WalletOf(await balances.CountAsync(cancellation)));
    }

    internal static object StatusOf(ChainStatus status) => new
    {
        status.Network,
        genesisHash = Shown(status.GenesisHash),
        status.Height,
        tipHash = Shown(status.TipHash),
        tipTime = status.TipTimeUnix,
        status.MempoolCount,
        status.PeerCount,
        status.WindowSeconds,
        status.Ready,
        status.NotReadyReason,
    };

    private static object SupplyOf(SupplyReply supply) => new
    {
        supply.Height,
        issuedGrains = Grains(supply.IssuedGrains),
        unspentGrains = Grains(supply.UnspentGrains),
        depositsGrains = Grains(supply.DepositsGrains),
        paymentsGrains = Grains(supply.PaymentsGrains),
        stakesGrains = Grains(supply.StakesGrains),
        burnedGrains = Grains(supply.BurnedGrains),
        feesGrains = Grains(supply.FeesGrains),
    };

    private static IResult FeeOf(ChainReader reader, int? target)
    {
        int blocks = target ?? TargetDefault;
        if (blocks is < 1 or > FeeEstimator.TargetMax)
        {
            return Results.Problem($"target: {blocks}, not 1 … {FeeEstimator.TargetMax}", statusCode: 400);
        }

        FeeReply fee = reader.Fee(blocks);
        return Results.Ok(new
        {
            fee.TargetBlocks,
            grainsPerKilobyte = Grains(fee.GrainsPerKilobyte),
            minimumGrainsPerKilobyte = Grains(fee.MinimumGrainsPerKilobyte),
            fee.FromData,
        });
    }

    private static object SummaryOf(BlockSummary block) => new
    {
        block.Height,
        hash = Shown(block.Hash),
        time = block.TimeUnix,
        block.TransactionCount,
        feesGrains = Grains(block.FeesGrains),
        bytes = block.BytesCount,
    };

    private static IResult BlockOf(ChainReader reader, string id)
    {
        BlockReply? block = int.TryParse(id, out int height) ? reader.FindBlock(height)
            : BlockHash.TryParse(id, out BlockHash hash) ? reader.FindBlock(hash)
            : null;
        return block is null
            ? NotFound($"no block '{id}' on the active chain: give a height or a hash of 64 digits")
            : Results.Ok(new
            {
                block.Height,
                hash = Shown(block.Hash),
                time = block.TimeUnix,
                block.Confirmations,
                txids = block.Txids.Select(Shown),
                raw = Convert.ToHexStringLower(block.Raw.Span),
            });
    }

    private static async Task<IResult> TransactionOfAsync(
        ChainReader reader, string txid, CancellationToken cancellation)
    {
        TransactionReply? transaction = Txid.TryParse(txid, out Txid id)
            ? await reader.FindTransactionAsync(id, cancellation)
            : null;
        return transaction is null
            ? NotFound($"no transaction '{txid}' on the active chain or in the mempool")
            : Results.Ok(TransactionOf(transaction));
    }

    private static object TransactionOf(TransactionReply transaction) => new
    {
        txid = Shown(transaction.Txid),
        jobId = transaction.JobId.IsEmpty ? null : Convert.ToHexStringLower(transaction.JobId.Span),
        transaction.Confirmations,
        height = transaction.Confirmations == 0 ? (int?)null : transaction.Height,
        blockHash = transaction.Confirmations == 0 ? null : Shown(transaction.BlockHash),
        blockTime = transaction.Confirmations == 0 ? (long?)null : transaction.BlockTimeUnix,
        feeGrains = Grains(transaction.FeeGrains),
        raw = Convert.ToHexStringLower(transaction.Raw.Span),
    };

    private static async Task<IResult> MineAsync(BlockMaker maker, int? count, CancellationToken cancellation)
    {
        if (!maker.IsOnDemand)
        {
            return Results.Problem(NotOnDemand, statusCode: StatusCodes.Status409Conflict);
        }

        int blocks = count ?? 1;
        return blocks is >= 1 and <= BlockMaker.BlocksMax
            ? Results.Ok((await maker.MineAsync(blocks, cancellation)).Select(hash => hash.ToString()))
            : Results.Problem($"count: {blocks}, not 1 … {BlockMaker.BlocksMax}", statusCode: 400);
    }

    private static object WalletOf(BalancesReply balances) => new
    {
        balances.DepositsFree,
        balances.DepositsOpen,
        roles = balances.Roles.Select(role => new
        {
            role.Role,
            role.Address,
            publicKey = Convert.ToHexStringLower(role.PublicKey.Span),
            spendableGrains = Grains(role.SpendableGrains),
            immatureGrains = Grains(role.ImmatureGrains),
            unconfirmedGrains = Grains(role.UnconfirmedGrains),
            depositsGrains = Grains(role.DepositsGrains),
            stakesGrains = Grains(role.StakesGrains),
            paymentsGrains = Grains(role.PaymentsGrains),
        }),
    };

    private static string Shown(ByteString hash) => Hash256.FromBytes(hash.Span).ToReversedHex();

    private static string Grains(long grains) => FormattableString.Invariant($"{grains}");

    private static IResult NotFound(string message) =>
        Results.Problem(message, statusCode: StatusCodes.Status404NotFound);
}
