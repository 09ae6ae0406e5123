using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Protocol;
using Google.Protobuf;

namespace Camelid.ModelRegistry.Distribution.Market;

/// <summary>The market as the chain service gossips it, and what the job pool has settled.</summary>
internal sealed class ChainMarket(MarketRpc.MarketRpcClient chain, JobPoolRpc.JobPoolRpcClient jobs) : IModelMarket
{
    /// <inheritdoc/>
    public async Task AnnounceAsync(
        IReadOnlyList<MarketModel> models, int port, DistributionOptions options, CancellationToken cancellation)
    {
        AnnounceModelsRequest request = new()
        {
            ChunkPort = (uint)port, ChunkHost = options.Host, LifetimeSeconds = (uint)options.Lifetime.TotalSeconds,
        };
        request.Models.AddRange(models.Select(model => new HeldModel
        {
            ModelRoot = Bytes(model.Root), Name = model.Name, BytesCount = model.BytesCount,
            ParentRoot = model.ParentRoot is { } parent ? Bytes(parent) : ByteString.Empty,
        }));
        await chain.AnnounceModelsAsync(request, cancellationToken: cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Holding>> ListAsync(Hash256? root, CancellationToken cancellation)
    {
        ListHoldingsRequest request = new() { ModelRoot = root is { } wanted ? Bytes(wanted) : ByteString.Empty };
        ListHoldingsReply reply = await chain.ListHoldingsAsync(request, cancellationToken: cancellation);
        return
        [
            .. reply.Holdings.Where(holding => !holding.Own).Select(holding => new Holding(
                Convert.ToHexStringLower(holding.NodeId.Span), holding.ChunkAddress,
                [.. holding.Models.Select(ModelOf)])),
        ];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<Hash256, long>> SettledJobsAsync(CancellationToken cancellation)
    {
        GetPopularityReply reply =
            await jobs.GetPopularityAsync(new GetPopularityRequest(), cancellationToken: cancellation);
        return reply.Models.ToDictionary(
            model => Hash256.FromBytes(model.ModelRoot.Span), model => (long)model.SettledJobs);
    }

    private static ByteString Bytes(Hash256 hash) => ByteString.CopyFrom(hash.ToBytes());

    private static MarketModel ModelOf(HeldModel model) => new(
        Hash256.FromBytes(model.ModelRoot.Span), model.Name, model.BytesCount,
        model.ParentRoot.Length == Hash256.Bytes && Hash256.FromBytes(model.ParentRoot.Span) is { IsZero: false } parent
            ? parent
            : null);
}
