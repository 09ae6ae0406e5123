using Camelid.Chain.Mining;
using Camelid.Chain.Signing;
using Camelid.Contracts.Chain.V1;
using Grpc.Core;

namespace Camelid.Chain.Rpc;

/// <summary>Starts, stops and shows the miner.</summary>
internal sealed class MiningService(Miner miner) : MiningRpc.MiningRpcBase
{
    /// <summary>What a caller is told on a network whose blocks are made on demand.</summary>
    public const string OnDemand = "blocks are made on demand on this network: use mine";

    /// <summary>What a caller is told on a node without a wallet.</summary>
    public const string NoPayee = "this node has no wallet that could own mined coin: make one (wallet create), or "
        + "restore yours from its words (wallet restore), then start mining";

    /// <inheritdoc/>
    public override async Task<MiningStatus> StartMining(StartMiningRequest request, ServerCallContext context)
    {
        if (request.Threads is < 1 or > Miner.ThreadsMax)
        {
            throw SignerParts.Bad($"threads: {request.Threads}, not 1 … {Miner.ThreadsMax}");
        }

        if (!miner.IsAllowed)
        {
            throw SignerParts.Refused("on-demand", OnDemand);
        }

        if (!miner.HasPayee)
        {
            throw SignerParts.Refused("no-wallet", NoPayee);
        }

        await miner.StartAsync(request.Threads, context.CancellationToken);
        return Status(miner);
    }

    /// <inheritdoc/>
    public override async Task<MiningStatus> StopMining(StopMiningRequest request, ServerCallContext context)
    {
        await miner.StopMiningAsync(context.CancellationToken);
        return Status(miner);
    }

    /// <inheritdoc/>
    public override Task<MiningStatus> GetMiningStatus(GetMiningStatusRequest request, ServerCallContext context) =>
        Task.FromResult(Status(miner));

    /// <summary>The miner's status as a message.</summary>
    public static MiningStatus Status(Miner miner)
    {
        MinerStatus status = miner.Status();
        return new MiningStatus
        {
            Threads = status.Threads,
            Path = status.Path,
            HashesPerSecond = status.HashesPerSecond,
            Hashes = status.Hashes,
            BlocksFound = status.BlocksFound,
            BlocksStale = status.BlocksStale,
            BlocksRefused = status.BlocksRefused,
            Height = status.Height,
            StartedUnix = status.StartedAt?.ToUnixTimeSeconds() ?? 0,
        };
    }
}
