using System.Net;
using Camelid.Contracts.Chain.V1;
using Camelid.Dashboard.Live;
using Camelid.Dashboard.Network;
using Camelid.Dashboard.Panels;
using Google.Protobuf;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Camelid.Dashboard.Tests.Network;

public sealed class NetworkPanelsTests
{
    [Fact]
    public async Task Nobody_there_is_said_in_each_panel()
    {
        Assert.Contains("No worker has announced", await WorkersAsync(Live(new ListServicesReply())),
            StringComparison.Ordinal);
        Assert.Contains("No verifier has announced", await RenderAsync<VerifiersPanel>(Live(new ListServicesReply())),
            StringComparison.Ordinal);
        Assert.Contains("No job is offered", await RenderAsync<OffersPanel>(Live(new ListOffersReply())),
            StringComparison.Ordinal);
        Assert.Contains("No node says", await RenderAsync<HoldingsPanel>(Live(new ListHoldingsReply())),
            StringComparison.Ordinal);
        Assert.Contains("No connection", await RenderAsync<PeersPanel>(Live(new ListPeersReply())),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_is_shown_with_price_load_and_stake()
    {
        string html = await WorkersAsync(Live(new ListServicesReply { Services = { Worker() } }));
        Assert.Contains("1,500 grains", html, StringComparison.Ordinal);
        Assert.Contains("3 of 4 slots busy, 2 queued", html, StringComparison.Ordinal);
        Assert.Contains("12 CML", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Old_workers_stay_and_are_marked_as_stale_where_chain_does_not_answer()
    {
        string html = await WorkersAsync(Live(new ListServicesReply { Services = { Worker() } })
            .Refused("Chain does not answer (Unavailable)", "abc"));
        Assert.Contains("stale", html, StringComparison.Ordinal);
        Assert.Contains("Chain does not answer", html, StringComparison.Ordinal);
        Assert.Contains("1,500 grains", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_is_one_row_however_many_hold_it_and_a_foreign_name_is_text()
    {
        HoldingDetails holding = new()
        {
            NodeId = Bytes(1, 20),
            ChunkAddress = "192.0.2.1:8082",
            Models = { new HeldModel { ModelRoot = Bytes(2, 32), Name = "<b>best</b>", BytesCount = 1234567 } },
        };
        HoldingDetails other = holding.Clone();
        other.ChunkAddress = "192.0.2.2:8082";
        string html = await RenderAsync<HoldingsPanel>(
            Live(new ListHoldingsReply { Holdings = { holding, other } }));
        Assert.Equal(2, html.Split("<tr>").Length - 1);
        Assert.Contains("192.0.2.1:8082", html, StringComparison.Ordinal);
        Assert.Contains("192.0.2.2:8082", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>best", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "/jobs/")]
    [InlineData(false, "/chain/jobs/")]
    public async Task An_offer_leads_to_the_job_where_it_is_ours_and_to_its_transactions_where_not(
        bool own, string path)
    {
        string html = await RenderAsync<OffersPanel>(Live(new ListOffersReply
        {
            Offers = { new OfferDetails { JobId = Bytes(3, 32), OfferTxid = Bytes(4, 32), Own = own } },
        }));
        Assert.Contains($"href=\"{path}03", html, StringComparison.Ordinal);
    }

    private static ServiceDetails Worker() => new()
    {
        NodeId = Bytes(1, 20),
        Slots = 4,
        SlotsBusy = 3,
        Queue = 2,
        StakeGrains = 1_200_000_000,
        Models = { new ServedModel { ModelRoot = Bytes(2, 32), PriceGrains = 1500, NumericsClass = Bytes(5, 32) } },
    };

    private static ByteString Bytes(byte value, int count) =>
        ByteString.CopyFrom(Enumerable.Repeat(value, count).ToArray());

    private static PanelState<T> Live<T>(T value)
        where T : class => new() { Value = value, At = DateTimeOffset.FromUnixTimeSeconds(1_790_000_000) };

    private static Task<string> WorkersAsync(PanelState<ListServicesReply> state) =>
        RenderAsync<OfferedWorkPanel>(state);

    private static async Task<string> RenderAsync<TPanel>(object state)
        where TPanel : IComponent
    {
        await using ServiceProvider services = new ServiceCollection().AddLogging().BuildServiceProvider();
        string html = await new FragmentRenderer(services, NullLoggerFactory.Instance)
            .RenderAsync<TPanel>("State", state);
        return html.Contains("&lt;", StringComparison.Ordinal) ? html : WebUtility.HtmlDecode(html);
    }
}
