using Camelid.Contracts.Chain.V1;
using Camelid.Dashboard.Overview;
using Camelid.Dashboard.Panels;
using Grpc.Core;

namespace Camelid.Dashboard.Explorer;

/// <summary>What the chain page shows.</summary>
public sealed record ChainSnapshot
{
    /// <summary>Network, tip, mempool, peers.</summary>
    public required PanelState<ChainStatus> Status { get; init; }

    /// <summary>Where all coin is.</summary>
    public required PanelState<SupplyReply> Supply { get; init; }

    /// <summary>The newest blocks.</summary>
    public required PanelState<ListBlocksReply> Blocks { get; init; }

    /// <summary>What waits.</summary>
    public required PanelState<ListMempoolReply> Mempool { get; init; }
}

/// <summary>Asks Chain for what the explorer shows.</summary>
internal sealed class ChainFeed(ChainAccess chain, ExplorerRpc.ExplorerRpcClient explorer, TimeProvider time)
{
    private const string Service = "Chain";
    private const int BlocksShown = 20;
    private const int WaitingShown = 20;

    private readonly PanelSource<ChainStatus> status = new(
        Service, call => chain.Blocks.GetStatusAsync(new GetStatusRequest(), call).ResponseAsync, time);

    private readonly PanelSource<SupplyReply> supply = new(
        Service, call => chain.Blocks.GetSupplyAsync(new GetSupplyRequest(), call).ResponseAsync, time);

    private readonly PanelSource<ListBlocksReply> blocks = new(
        Service,
        call => chain.Blocks.ListBlocksAsync(new ListBlocksRequest { Limit = BlocksShown }, call).ResponseAsync, time);

    private readonly PanelSource<ListMempoolReply> mempool = new(
        Service,
        call => chain.Blocks.ListMempoolAsync(new ListMempoolRequest { Limit = WaitingShown }, call).ResponseAsync,
        time);

    /// <summary>The chain page.</summary>
    public async Task<ChainSnapshot> GetAsync(CancellationToken cancellationToken)
    {
        Task<PanelState<SupplyReply>> supplyNow = supply.GetAsync(cancellationToken);
        Task<PanelState<ListBlocksReply>> blocksNow = blocks.GetAsync(cancellationToken);
        Task<PanelState<ListMempoolReply>> mempoolNow = mempool.GetAsync(cancellationToken);
        return new ChainSnapshot
        {
            Status = await status.GetAsync(cancellationToken),
            Supply = await supplyNow,
            Blocks = await blocksNow,
            Mempool = await mempoolNow,
        };
    }

    /// <summary>One block.</summary>
    public Task<PanelState<BlockView>> BlockAsync(string id, int from, CancellationToken cancellationToken) =>
        AskAsync(
            call => explorer.ShowBlockAsync(new ShowBlockRequest { Id = id, From = from }, call), cancellationToken);

    /// <summary>One transaction.</summary>
    public Task<PanelState<TransactionView>> TransactionAsync(string txid, CancellationToken cancellationToken) =>
        AskAsync(
            call => explorer.ShowTransactionAsync(new ShowTransactionRequest { Txid = txid }, call), cancellationToken);

    /// <summary>One address.</summary>
    public Task<PanelState<AddressView>> AddressAsync(
        string address, string cursor, CancellationToken cancellationToken) => AskAsync(
            call => explorer.ShowAddressAsync(new ShowAddressRequest { Address = address, Cursor = cursor }, call),
            cancellationToken);

    /// <summary>The transactions of a job.</summary>
    public Task<PanelState<JobView>> JobAsync(string jobId, CancellationToken cancellationToken) =>
        AskAsync(call => explorer.ShowJobAsync(new ShowJobRequest { JobId = jobId }, call), cancellationToken);

    /// <summary>What a text names.</summary>
    public Task<PanelState<SearchReply>> SearchAsync(string text, CancellationToken cancellationToken) =>
        AskAsync(call => explorer.SearchAsync(new SearchRequest { Text = text }, call), cancellationToken);

    /// <summary>True where Chain answers that there is no such thing, or that the text is none.</summary>
    public static bool IsUnknown<T>(PanelState<T> state)
        where T : class => state.Error is { } error
            && (error.Contains(nameof(StatusCode.NotFound), StringComparison.Ordinal)
                || error.Contains(nameof(StatusCode.InvalidArgument), StringComparison.Ordinal));

    private Task<PanelState<T>> AskAsync<T>(
        Func<CallOptions, AsyncUnaryCall<T>> ask, CancellationToken cancellationToken)
        where T : class =>
        new PanelSource<T>(Service, call => ask(call).ResponseAsync, time).GetAsync(cancellationToken);
}
