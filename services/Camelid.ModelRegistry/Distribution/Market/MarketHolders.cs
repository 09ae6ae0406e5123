using Camelid.ModelRegistry.Distribution.Pulls;
using Camelid.Protocol;
using Camelid.Protocol.Models.Chunks;
using Grpc.Core;

namespace Camelid.ModelRegistry.Distribution.Market;

/// <summary>Finds holders by what nodes announce.</summary>
internal sealed partial class MarketHolders(IModelMarket market, ILogger<MarketHolders> logger) : IHolderDirectory
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<HolderAddress>> FindAsync(Hash256 root, CancellationToken cancellation)
    {
        try
        {
            return
            [
                .. (await market.ListAsync(root, cancellation))
                    .Where(holding => holding.Models.Any(model => model.Root == root))
                    .Select(holding => HolderAddress.Parse(holding.NodeId, holding.ChunkAddress))
                    .OfType<HolderAddress>().DistinctBy(address => (address.Host, address.Port))
                    .Take(DownloadPlan.HoldersMax),
            ];
        }
        catch (RpcException exception) when (exception.StatusCode != StatusCode.Cancelled)
        {
            LogUnanswered(exception.Status.Detail);
            return [];
        }
    }

    [LoggerMessage(5022, LogLevel.Warning, "The chain service does not say who holds models: {Reason}")]
    private partial void LogUnanswered(string reason);
}
