using Camelid.Chain.Blocks;
using Camelid.Chain.Index;
using Camelid.Chain.Signing;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Grpc.Core;

namespace Camelid.Chain.Explorer;

/// <summary>The edge of the explorer: texts become values here, once.</summary>
internal sealed class ExplorerService(
    BlockExplorer blocks, AddressExplorer addresses, ExplorerStreams streams, ChainIdentity identity)
    : ExplorerRpc.ExplorerRpcBase
{
    /// <inheritdoc/>
    public override Task<BlockView> ShowBlock(ShowBlockRequest request, ServerCallContext context) =>
        Task.FromResult(blocks.ShowBlock(request.Id, request.From)
            ?? throw NotFound($"no block '{request.Id}': give a height of the active chain or a hash of 64 digits"));

    /// <inheritdoc/>
    public override async Task<TransactionView> ShowTransaction(
        ShowTransactionRequest request, ServerCallContext context) =>
        await blocks.ShowTransactionAsync(request.Txid, context.CancellationToken)
        ?? throw NotFound($"no transaction '{request.Txid}' on the active chain or in the mempool");

    /// <inheritdoc/>
    public override Task<AddressView> ShowAddress(ShowAddressRequest request, ServerCallContext context)
    {
        Address address = AddressOf(request.Address);
        return ExplorerMapping.TryReadCursor(request.Cursor, out ChainPlace below)
            ? addresses.ShowAsync(address, below, request.Limit, context.CancellationToken)
            : throw SignerParts.Bad($"cursor: '{request.Cursor}' is not the cursor of an earlier answer");
    }

    /// <inheritdoc/>
    public override Task<JobView> ShowJob(ShowJobRequest request, ServerCallContext context) =>
        JobId.TryParse(request.JobId, out JobId jobId)
            ? blocks.ShowJobAsync(jobId, context.CancellationToken)
            : throw SignerParts.Bad($"job_id: '{request.JobId}' is not 64 lower-case hexadecimal digits");

    /// <inheritdoc/>
    public override Task<SearchReply> Search(SearchRequest request, ServerCallContext context) =>
        blocks.SearchAsync(request.Text, context.CancellationToken);

    /// <inheritdoc/>
    public override Task WatchMempool(
        WatchMempoolRequest request, IServerStreamWriter<MempoolChange> responseStream, ServerCallContext context) =>
        streams.WatchMempoolAsync(responseStream, context.CancellationToken);

    /// <inheritdoc/>
    public override Task WatchAddresses(
        WatchAddressesRequest request, IServerStreamWriter<AddressView> responseStream, ServerCallContext context)
    {
        if (request.Addresses.Count is 0 or > ExplorerStreams.AddressesMax)
        {
            throw SignerParts.Bad($"addresses: {request.Addresses.Count}, not 1 … {ExplorerStreams.AddressesMax}");
        }

        Address[] watched = [.. request.Addresses.Select(AddressOf).Distinct()];
        return streams.WatchAddressesAsync(watched, responseStream, context.CancellationToken);
    }

    private Address AddressOf(string text) => Address.TryParse(text, identity.Network, out Address address)
        ? address
        : throw SignerParts.Bad($"address: '{text}' is no address of the network {identity.Network.Name}");

    private static RpcException NotFound(string message) => new(new Status(StatusCode.NotFound, message));
}
