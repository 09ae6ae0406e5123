using Camelid.Gateway.Hosting;
using Camelid.Gateway.Limits;
using Microsoft.Extensions.Options;

namespace Camelid.Gateway.Tests.Limits;

public sealed class RequestLimiterTests
{
    [Fact]
    public async Task A_key_may_make_its_number_of_requests_in_a_minute_and_another_key_its_own()
    {
        ManualTime time = new();
        IOptions<GatewayOptions> options = Options.Create(new GatewayOptions { RequestsPerMinute = 2 });
        RequestLimiter limiter = new(TemporaryAccounts.NoRedis, options, time);
        Assert.Equal(0, await limiter.TakeAsync("first-key-00000000"));
        Assert.Equal(0, await limiter.TakeAsync("first-key-00000000"));
        int retryAfterSeconds = await limiter.TakeAsync("first-key-00000000");
        Assert.InRange(retryAfterSeconds, 1, 60);
        Assert.Equal(0, await limiter.TakeAsync("second-key-0000000"));
        time.Advance(TimeSpan.FromSeconds(retryAfterSeconds));
        Assert.Equal(0, await limiter.TakeAsync("first-key-00000000"));
    }
}
