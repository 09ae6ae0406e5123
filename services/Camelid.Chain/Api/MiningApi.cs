using Camelid.Chain.Mining;
using Camelid.Chain.Rpc;
using Camelid.Contracts.Chain.V1;

namespace Camelid.Chain.Api;

/// <summary>The miner's JSON routes, <c>/api/chain/mining</c>.</summary>
internal static class MiningApi
{
    public static void Map(IEndpointRouteBuilder app)
    {
        RouteGroupBuilder mining = app.MapGroup("/api/chain/mining");
        mining.MapGet("", (Miner miner) => StatusOf(miner));
        mining.MapPost("/start", StartAsync);
        mining.MapPost("/stop", async (Miner miner, CancellationToken cancellation) =>
        {
            await miner.StopMiningAsync(cancellation);
            return StatusOf(miner);
        });
    }

    private static async Task<IResult> StartAsync(Miner miner, int? threads, CancellationToken cancellation)
    {
        int count = threads ?? 1;
        if (count is < 1 or > Miner.ThreadsMax)
        {
            return Results.Problem($"threads: {count}, not 1 … {Miner.ThreadsMax}", statusCode: 400);
        }

        if (!miner.IsAllowed || !miner.HasPayee)
        {
            return Results.Problem(
                miner.IsAllowed ? MiningService.NoPayee : MiningService.OnDemand,
                statusCode: StatusCodes.Status409Conflict);
        }

        await miner.StartAsync(count, cancellation);
        return Results.Ok(StatusOf(miner));
    }

    private static object StatusOf(Miner miner)
    {
        MiningStatus status = MiningService.Status(miner);
        return new
        {
            isMining = status.Threads > 0,
            status.Threads,
            status.Path,
            status.HashesPerSecond,
            status.Hashes,
            status.BlocksFound,
            status.BlocksStale,
            status.BlocksRefused,
            status.Height,
            started = status.StartedUnix == 0 ? (long?)null : status.StartedUnix,
        };
    }
}
