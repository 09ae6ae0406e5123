using System.Text;
using Camelid.Gateway.Completions;
using Microsoft.AspNetCore.Http;

namespace Camelid.Gateway.Tests.Completions;

public sealed class EventStreamTests
{
    [Fact]
    public async Task A_stream_says_that_nobody_may_keep_or_hold_it_back()
    {
        (HttpContext context, _) = Response();
        await using EventStream stream = await OpenAsync(context);
        Assert.StartsWith("text/event-stream", context.Response.ContentType, StringComparison.Ordinal);
        Assert.Equal("no-cache", context.Response.Headers.CacheControl);
        Assert.Equal("no", context.Response.Headers["x-accel-buffering"]);
    }

    [Fact]
    public async Task Events_written_at_once_from_many_choices_stay_whole()
    {
        const int Events = 200;
        (HttpContext context, MemoryStream body) = Response();
        await using (EventStream stream = await OpenAsync(context))
        {
            await Task.WhenAll(Enumerable.Range(0, Events).Select(number => Task.Run(() =>
                stream.SendAsync($"{{\"number\":{number}}}", CancellationToken.None))));
            await stream.SendDoneAsync(CancellationToken.None);
        }

        string[] events = Encoding.UTF8.GetString(body.ToArray()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", events[^1]);
        Assert.Equal(
            Enumerable.Range(0, Events).Select(number => $"data: {{\"number\":{number}}}").Order(),
            events[..^1].Order());
    }

    private static Task<EventStream> OpenAsync(HttpContext context) =>
        EventStream.OpenAsync(context.Response, TimeProvider.System, TimeSpan.FromSeconds(15));

    private static (HttpContext Context, MemoryStream Body) Response()
    {
        MemoryStream body = new();
        DefaultHttpContext context = new();
        context.Response.Body = body;
        return (context, body);
    }
}
