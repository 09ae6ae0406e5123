using Camelid.Contracts.Chain.V1;
using Camelid.Dashboard.Panels;
using Grpc.Core;

namespace Camelid.Dashboard.Tests.Panels;

public sealed class PanelSourceTests
{
    private static readonly RpcException Down = new(new Status(StatusCode.Unavailable, "down"));

    private readonly ManualTime time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_that_never_answered_gives_an_error_with_a_request_id()
    {
        PanelState<ChainStatus> state = await Source(() => throw Down).GetAsync(Token);
        Assert.Equal(PanelCondition.Failed, state.Condition);
        Assert.Contains("Chain", state.Error, StringComparison.Ordinal);
        Assert.Equal(32, state.RequestId!.Length);
    }

    [Fact]
    public async Task Data_of_a_service_that_went_away_stays_and_is_called_stale()
    {
        bool isUp = true;
        PanelSource<ChainStatus> source = Source(() => isUp ? new ChainStatus { Height = 7 } : throw Down);
        Assert.Equal(PanelCondition.Live, (await source.GetAsync(Token)).Condition);
        isUp = false;
        time.Advance(TimeSpan.FromSeconds(1));
        PanelState<ChainStatus> stale = await source.GetAsync(Token);
        Assert.Equal((PanelCondition.Stale, 7), (stale.Condition, stale.Value!.Height));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(stale.RequestId, (await source.GetAsync(Token)).RequestId);
        isUp = true;
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(PanelCondition.Live, (await source.GetAsync(Token)).Condition);
    }

    [Fact]
    public async Task Viewers_share_an_answer_for_400_ms()
    {
        int questions = 0;
        PanelSource<ChainStatus> source = Source(() => new ChainStatus { Height = ++questions });
        await source.GetAsync(Token);
        time.Advance(TimeSpan.FromMilliseconds(399));
        Assert.Equal(1, (await source.GetAsync(Token)).Value!.Height);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(2, (await source.GetAsync(Token)).Value!.Height);
    }

    [Fact]
    public void Before_the_first_answer_a_panel_is_loading() =>
        Assert.Equal(PanelCondition.Loading, new PanelState<ChainStatus>().Condition);

    private PanelSource<ChainStatus> Source(Func<ChainStatus> answer) =>
        new("Chain", async _ => await Task.FromResult(answer()), time);

    /// <summary>A clock that stands still until it is moved.</summary>
    private sealed class ManualTime : TimeProvider
    {
        private DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(1_790_000_000);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => now;

        public override long GetTimestamp() => now.UtcTicks;

        public void Advance(TimeSpan span) => now += span;
    }
}
