using System.Net;
using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Contracts.Verifier.V1;
using Camelid.Dashboard.Live;
using Camelid.Dashboard.Overview;
using Camelid.Dashboard.Panels;
using Camelid.ServiceDefaults.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Camelid.Dashboard.Tests.Overview;

public sealed class OverviewPanelTests
{
    private static readonly OverviewSnapshot Working = new()
    {
        Readiness = Live(new ReadinessReply { Ready = true }),
        Chain = Live(new ChainStatus { Ready = true }),
        Jobs = Live(new ListJobsReply()),
        Money = Live(new BalancesReply()),
        Verification = Live(new VerifierStatus { Ready = true }),
        Models = Live(new ListModelsReply { Models = { new Model { Name = "camelid-nano" } } }),
    };

    [Fact]
    public async Task A_node_that_has_every_part_works() =>
        Assert.Contains("Yes: a completion can be served now", await RenderAsync(Working), StringComparison.Ordinal);

    [Fact]
    public async Task A_node_without_worker_and_verifier_is_not_called_broken_for_them()
    {
        string html = await RenderAsync(Working with
        {
            Roles = new NodeRoles(IsClient: true, IsWorker: false, IsVerifier: false),
            Verification = new PanelState<VerifierStatus>(),
        });
        Assert.Contains("Yes: jobs can be sent to other operators now", html, StringComparison.Ordinal);
        Assert.Equal(4, WebUtility.HtmlDecode(html).Count(letter => letter == '✓'));
    }

    [Fact]
    public async Task A_node_that_lacks_a_part_says_which_and_why()
    {
        string html = await RenderAsync(Working with
        {
            Chain = Live(new ChainStatus { NotReadyReason = "no deposit is free" }),
        });
        Assert.Contains("No: something is missing", html, StringComparison.Ordinal);
        Assert.Contains("no deposit is free", html, StringComparison.Ordinal);
        Assert.Equal(3, WebUtility.HtmlDecode(html).Count(letter => letter == '✓'));
    }

    [Fact]
    public async Task A_service_that_does_not_answer_is_a_reason_and_its_neighbours_are_shown()
    {
        string html = await RenderAsync(Working with
        {
            Verification = new PanelState<VerifierStatus>().Refused("Verifier does not answer (Unavailable)", "abc"),
        });
        Assert.Contains("Verifier does not answer", html, StringComparison.Ordinal);
        Assert.Equal(3, WebUtility.HtmlDecode(html).Count(letter => letter == '✓'));
    }

    [Fact]
    public async Task Text_of_a_service_is_text_and_never_markup()
    {
        string html = await RenderAsync(Working with
        {
            Chain = Live(new ChainStatus { NotReadyReason = "<script>alert(1)</script>" }),
        });
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
    }

    private static PanelState<T> Live<T>(T value)
        where T : class => new() { Value = value, At = DateTimeOffset.FromUnixTimeSeconds(1_790_000_000) };

    private static async Task<string> RenderAsync(OverviewSnapshot snapshot)
    {
        await using ServiceProvider services = new ServiceCollection().AddLogging().BuildServiceProvider();
        FragmentRenderer renderer = new(services, NullLoggerFactory.Instance);
        string html = await renderer.RenderAsync<NodePanel>(nameof(NodePanel.Snapshot), snapshot);
        return html;
    }
}
