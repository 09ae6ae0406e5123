using Camelid.Contracts.Chain.V1;
using Camelid.Dashboard.Live;
using Camelid.Dashboard.Panels;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Camelid.Dashboard.Explorer;

/// <summary><c>/chain</c>: blocks, transactions, addresses and the transactions of jobs.</summary>
internal static class ExplorerEndpoint
{
    private const int TextMax = 128;

    /// <summary>Maps the pages and their events.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/chain", async (ChainFeed feed, CancellationToken cancellationToken) =>
            Page<ChainPage>((nameof(ChainPage.Snapshot), await feed.GetAsync(cancellationToken))));
        routes.MapGet("/live/chain",
            (HttpContext context, LiveStream stream, ChainFeed feed, FragmentRenderer renderer) =>
                stream.ServeAsync(context, token => RenderAsync(feed, renderer, token)));
        routes.MapGet("/chain/blocks/{id}", async (
                string id, int? from, ChainFeed feed, CancellationToken cancellationToken) =>
            Show<BlockPage, BlockView>(await feed.BlockAsync(id, from ?? 0, cancellationToken), $"block {id}"));
        routes.MapGet("/chain/tx/{txid}", async (string txid, ChainFeed feed, CancellationToken cancellationToken) =>
            Show<TransactionPage, TransactionView>(
                await feed.TransactionAsync(txid, cancellationToken), $"transaction {txid}"));
        routes.MapGet("/chain/addresses/{address}", async (
                string address, string? cursor, ChainFeed feed, CancellationToken cancellationToken) =>
            Show<AddressPage, AddressView>(
                await feed.AddressAsync(address, cursor ?? "", cancellationToken), $"address {address}"));
        routes.MapGet("/chain/jobs/{id}", async (string id, ChainFeed feed, CancellationToken cancellationToken) =>
            Show<JobTransactionsPage, JobView>(await feed.JobAsync(id, cancellationToken), $"job {id}"));
        routes.MapGet("/chain/search", SearchAsync);
    }

    private static async Task<IResult> SearchAsync(
        string? q, ChainFeed feed, CancellationToken cancellationToken)
    {
        string text = q is { Length: <= TextMax } ? q.Trim() : "";
        PanelState<SearchReply> found = await feed.SearchAsync(text, cancellationToken);
        return found.Value?.Kind switch
        {
            "block" => Results.Redirect($"/chain/blocks/{Uri.EscapeDataString(found.Value.Id)}"),
            "transaction" => Results.Redirect($"/chain/tx/{Uri.EscapeDataString(found.Value.Id)}"),
            "address" => Results.Redirect($"/chain/addresses/{Uri.EscapeDataString(found.Value.Id)}"),
            "job" => Results.Redirect($"/chain/jobs/{Uri.EscapeDataString(found.Value.Id)}"),
            _ => Missing(text.Length == 0 ? "thing without a name" : text),
        };
    }

    private static IResult Show<TPage, T>(PanelState<T> state, string what)
        where TPage : IComponent
        where T : class => ChainFeed.IsUnknown(state) ? Missing(what) : Page<TPage>(("State", state));

    private static RazorComponentResult<NothingPage> Missing(string what) =>
        new(new Dictionary<string, object?> { [nameof(NothingPage.What)] = what })
        {
            StatusCode = StatusCodes.Status404NotFound,
        };

    private static RazorComponentResult<TPage> Page<TPage>((string Name, object Value) parameter)
        where TPage : IComponent => new(new Dictionary<string, object?> { [parameter.Name] = parameter.Value });

    private static async Task<IReadOnlyList<PanelUpdate>> RenderAsync(
        ChainFeed feed, FragmentRenderer renderer, CancellationToken cancellationToken)
    {
        ChainSnapshot snapshot = await feed.GetAsync(cancellationToken);
        return
        [
            new("tip", await renderer.RenderAsync<TipPanel>(nameof(TipPanel.State), snapshot.Status)),
            new("supply", await renderer.RenderAsync<SupplyPanel>(nameof(SupplyPanel.State), snapshot.Supply)),
            new("blocks", await renderer.RenderAsync<BlocksPanel>(nameof(BlocksPanel.State), snapshot.Blocks)),
            new("mempool", await renderer.RenderAsync<MempoolPanel>(nameof(MempoolPanel.State), snapshot.Mempool)),
        ];
    }
}
