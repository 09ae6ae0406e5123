using System.Text;
using Camelid.Gateway.Errors;
using Camelid.Gateway.Retries;
using Microsoft.AspNetCore.Http;

namespace Camelid.Gateway.Tests.Retries;

public sealed class RequestKeysTests : IDisposable
{
    private readonly TemporaryAccounts accounts = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_equal_requests_that_are_no_retries_are_two()
    {
        RequestKeys keys = Keys();
        Assert.NotEqual(
            await keys.ResolveAsync(Identity("body"), Token), await keys.ResolveAsync(Identity("body"), Token));
    }

    [Fact]
    public async Task A_retry_has_the_key_of_the_first_for_sixty_seconds_even_after_a_restart()
    {
        string first = await Keys().ResolveAsync(Identity("body"), Token);
        accounts.Time.Advance(RequestKeys.RetryWindow);
        Assert.Equal(first, await Keys().ResolveAsync(Identity("body", retries: "1"), Token));
        accounts.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.NotEqual(first, await Keys().ResolveAsync(Identity("body", retries: "2"), Token));
    }

    [Theory]
    [InlineData("other body", "a", "/v1/completions")]
    [InlineData("body", "b", "/v1/completions")]
    [InlineData("body", "a", "/v1/chat/completions")]
    public async Task A_retry_of_another_body_account_or_route_is_a_request_of_its_own(
        string body, string account, string route)
    {
        RequestKeys keys = Keys();
        string first = await keys.ResolveAsync(Identity("body"), Token);
        Assert.NotEqual(first, await keys.ResolveAsync(Identity(body, "1", null, account, route), Token));
    }

    [Fact]
    public async Task A_retry_of_a_retry_still_has_the_key_of_the_first()
    {
        RequestKeys keys = Keys();
        string first = await keys.ResolveAsync(Identity("body"), Token);
        Assert.Equal(first, await keys.ResolveAsync(Identity("body", retries: "1"), Token));
        Assert.Equal(first, await keys.ResolveAsync(Identity("body", retries: "2"), Token));
    }

    [Fact]
    public async Task A_forgotten_request_is_opened_anew()
    {
        RequestKeys keys = Keys();
        string first = await keys.ResolveAsync(Identity("body"), Token);
        await keys.ForgetAsync(Identity("body"), Token);
        Assert.NotEqual(first, await keys.ResolveAsync(Identity("body", retries: "1"), Token));
    }

    [Fact]
    public async Task An_idempotency_key_names_one_request_whenever_it_comes()
    {
        string first = await Keys().ResolveAsync(Identity("body", key: "order-1"), Token);
        accounts.Time.Advance(TimeSpan.FromHours(23));
        Assert.Equal(first, await Keys().ResolveAsync(Identity("body", key: "order-1"), Token));
        Assert.NotEqual(first, await Keys().ResolveAsync(Identity("body", key: "order-2"), Token));
        Assert.NotEqual(first, await Keys().ResolveAsync(Identity("body", key: "order-1", account: "b"), Token));
    }

    [Fact]
    public async Task An_idempotency_key_with_another_body_is_refused()
    {
        RequestKeys keys = Keys();
        await keys.ResolveAsync(Identity("body", key: "order-1"), Token);
        ApiException refusal = await Assert.ThrowsAsync<ApiException>(() =>
            keys.ResolveAsync(Identity("other", key: "order-1"), Token));
        Assert.Equal((409, "idempotency_key_reused"), (refusal.Error.Status, refusal.Error.Code));
    }

    [Fact]
    public async Task A_request_key_fits_JobPools_256_bytes()
    {
        RequestIdentity identity = Identity("body", key: new string('k', 255), account: new string('a', 64));
        string key = await Keys().ResolveAsync(identity, Token);
        Assert.InRange(Encoding.UTF8.GetByteCount(key + "/31"), 1, 256);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\u00e9")]
    public void An_idempotency_key_is_printable_ASCII(string key) =>
        Assert.Equal(400, Assert.Throws<ApiException>(() => Identity("body", key: key)).Error.Status);

    public void Dispose() => accounts.Dispose();

    private static RequestIdentity Identity(
        string body, string? retries = null, string? key = null, string account = "a", string route = "/v1/completions")
    {
        HeaderDictionary headers = [];
        if (retries is not null)
        {
            headers["x-stainless-retry-count"] = retries;
        }

        if (key is not null)
        {
            headers["Idempotency-Key"] = key;
        }

        return RequestIdentity.Of(account, route, headers, Encoding.UTF8.GetBytes(body));
    }

    private RequestKeys Keys() => new(accounts.Database, TemporaryAccounts.NoRedis, accounts.Time);
}
