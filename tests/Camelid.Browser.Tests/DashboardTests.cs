using Camelid.Client.Completions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Camelid.Browser.Tests;

/// <summary>The screens of a running node, as a person sees them.</summary>
public sealed class DashboardTests(RunningNode node, RunningBrowser chromium) : IClassFixture<RunningBrowser>
{
    private const float PatienceMs = 30_000;
    private const float SettledMs = 180_000;

    private static readonly string Pictures = Path.Combine(AppContext.BaseDirectory, "screenshots");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_overview_says_that_the_node_works_and_no_script_fails()
    {
        await using IBrowserContext window = await OpenAsync();
        IPage page = await window.NewPageAsync();
        List<string> faults = [];
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                faults.Add(message.Text);
            }
        };
        page.PageError += (_, fault) => faults.Add(fault);
        await page.GotoAsync(node.Address + "/");
        await Expect(page.Locator("#node .verdict")).ToContainTextAsync("Yes", Patience);
        await Expect(page.Locator(".panel .chip.bad")).ToHaveCountAsync(0);
        Assert.True(int.Parse(
            await page.Locator("#height").InnerTextAsync(), System.Globalization.CultureInfo.InvariantCulture) >= 11);
        await PictureAsync(page, "overview");
        Assert.Empty(faults);
    }

    [Fact]
    public async Task A_job_appears_by_itself_and_its_page_follows_it_until_it_is_settled()
    {
        await using IBrowserContext window = await OpenAsync();
        IPage page = await window.NewPageAsync();
        await page.GotoAsync(node.Address + "/");
        await Expect(page.Locator("#jobs header .chip")).ToContainTextAsync("live", new() { Timeout = PatienceMs });

        CompletionDocument answer = await node.Client.CompleteAsync(
            new CompletionRequest { Model = "camelid-nano", Prompt = "Once upon a time", MaxTokens = 16 }, Token);
        string jobId = answer.Camelid!.JobId;
        await page.Locator($"#jobs a[href='/jobs/{jobId}']").ClickAsync(new() { Timeout = PatienceMs });

        await Expect(page.Locator("[data-stage=verified]")).ToHaveAttributeAsync("data-progress", "Done");
        await Expect(page.Locator("[data-stage=paid] code")).ToHaveTextAsync(answer.Camelid.Payment.Txid!);
        await Expect(page.Locator("[data-stage=settled]"))
            .ToHaveAttributeAsync("data-progress", "Done", new() { Timeout = SettledMs });
        string[] stages = ["received", "ran", "committed", "verified", "paid", "settled"];
        foreach (string stage in stages)
        {
            await Expect(page.Locator($"[data-stage={stage}] time")).ToHaveCountAsync(1);
        }

        await PictureAsync(page, "job");
    }

    [Fact]
    public async Task The_explorer_leads_from_the_chain_to_a_block_a_transaction_and_an_address_and_finds_them_again()
    {
        await using IBrowserContext window = await OpenAsync();
        IPage page = await window.NewPageAsync();
        await page.GotoAsync(node.Address + "/chain");
        await Expect(page.Locator("#supply .chip.good").Last).ToContainTextAsync("exact", Patience);
        await PictureAsync(page, "chain");
        await page.Locator("#blocks td a").First.ClickAsync();
        await Expect(page.Locator("#block")).ToContainTextAsync("coinbase", Patience);
        await PictureAsync(page, "block");
        await page.Locator("#block th a").First.ClickAsync();
        await Expect(page.Locator("#transaction")).ToContainTextAsync("new coin", Patience);
        await PictureAsync(page, "transaction");
        ILocator address = page.Locator("#transaction td a[href^='/chain/addresses/']").First;
        string text = await address.InnerTextAsync();
        await address.ClickAsync();
        await Expect(page.Locator("#address")).ToContainTextAsync("Received", Patience);
        await PictureAsync(page, "address");
        await page.GotoAsync(node.Address + "/chain");
        await page.Locator("#q").FillAsync(text);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#address")).ToContainTextAsync(text, Patience);
        IResponse? nothing = await page.GotoAsync($"{node.Address}/chain/search?q=nothing");
        Assert.Equal(404, nothing!.Status);
    }

    [Fact]
    public async Task The_network_page_shows_who_works_who_verifies_and_who_serves_the_model()
    {
        await using IBrowserContext window = await OpenAsync();
        IPage page = await window.NewPageAsync();
        await page.GotoAsync(node.Address + "/network");
        await Expect(page.Locator("#workers tbody tr")).ToContainTextAsync("this node", Patience);
        await Expect(page.Locator("#verifiers tbody tr")).ToContainTextAsync("this node", Patience);
        await Expect(page.Locator("#holdings tbody tr")).ToContainTextAsync("camelid-nano", Patience);
        await Expect(page.Locator("#peers")).ToContainTextAsync("listening on", Patience);
        await Expect(page.Locator(".panel .chip.bad")).ToHaveCountAsync(0);
        await PictureAsync(page, "network");
    }

    [Fact]
    public async Task A_page_that_lost_its_connection_says_that_its_numbers_are_stale()
    {
        await using IBrowserContext window = await OpenAsync();
        IPage page = await window.NewPageAsync();
        await page.RouteAsync("**/live/**", route => route.AbortAsync());
        await page.GotoAsync(node.Address + "/");
        await Expect(page.Locator("#connection")).ToContainTextAsync("stale", Patience);
    }

    [Fact]
    public async Task The_overview_is_whole_without_scripts_in_the_dark_and_on_a_small_screen()
    {
        await using IBrowserContext window = await chromium.OpenAsync(new BrowserNewContextOptions
        {
            JavaScriptEnabled = false,
            ColorScheme = ColorScheme.Dark,
            ViewportSize = new ViewportSize { Width = 390, Height = 844 },
        });
        IPage page = await window.NewPageAsync();
        await page.GotoAsync(node.Address + "/");
        await Expect(page.Locator("#node .verdict")).ToBeVisibleAsync();
        await Expect(page.Locator("#models")).ToContainTextAsync("camelid-nano");
        await PictureAsync(page, "overview-dark-small");
    }

    [Fact]
    public async Task An_unknown_job_is_404_with_a_way_back()
    {
        await using IBrowserContext window = await OpenAsync();
        IPage page = await window.NewPageAsync();
        IResponse? response = await page.GotoAsync($"{node.Address}/jobs/{new string('0', 64)}");
        Assert.Equal(404, response!.Status);
        await Expect(page.Locator("main a[href='/']")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_first_stop_of_the_keyboard_leads_past_the_header()
    {
        await using IBrowserContext window = await OpenAsync();
        IPage page = await window.NewPageAsync();
        await page.GotoAsync(node.Address + "/");
        await page.Keyboard.PressAsync("Tab");
        await Expect(page.Locator(".skip")).ToBeFocusedAsync();
    }

    private static LocatorAssertionsToContainTextOptions Patience => new() { Timeout = PatienceMs };

    private static Task<byte[]> PictureAsync(IPage page, string name) => page.ScreenshotAsync(new PageScreenshotOptions
    {
        Path = Path.Combine(Pictures, name + ".png"),
        FullPage = true,
    });

    private Task<IBrowserContext> OpenAsync() => chromium.OpenAsync(new BrowserNewContextOptions
    {
        ViewportSize = new ViewportSize { Width = 1280, Height = 900 },
    });
}
