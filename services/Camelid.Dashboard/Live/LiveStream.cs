using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Camelid.Dashboard.Live;

/// <summary>A panel's new content.</summary>
/// <param name="Id">Id of the element.</param>
/// <param name="Html">What goes into it.</param>
internal sealed record PanelUpdate(string Id, string Html);

/// <summary>Sends panels to a page, each when it changes.</summary>
internal sealed class LiveStream(IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>Most pages that are live at once.</summary>
    public const int ViewersMax = 64;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PingEvery = TimeSpan.FromSeconds(15);

    private int viewers;

    /// <summary>
    /// Sends what <paramref name="render"/> gives, again and again, until the viewer leaves or the node stops.
    /// </summary>
    public async Task ServeAsync(HttpContext context, Func<CancellationToken, Task<IReadOnlyList<PanelUpdate>>> render)
    {
        if (Interlocked.Increment(ref viewers) > ViewersMax)
        {
            Interlocked.Decrement(ref viewers);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await SendAsync(context.Response, render, any.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The viewer left, or the node stops: the page says so and connects again.
        }
        finally
        {
            Interlocked.Decrement(ref viewers);
        }
    }

    private async Task SendAsync(
        HttpResponse response, Func<CancellationToken, Task<IReadOnlyList<PanelUpdate>>> render,
        CancellationToken cancellationToken)
    {
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["x-accel-buffering"] = "no";
        Dictionary<string, string> sent = [];
        long sentAt = time.GetTimestamp();
        using PeriodicTimer timer = new(Interval, time);
        do
        {
            StringBuilder events = new();
            foreach (PanelUpdate update in await render(cancellationToken))
            {
                if (!sent.TryGetValue(update.Id, out string? html) || html != update.Html)
                {
                    sent[update.Id] = update.Html;
                    string json = JsonSerializer.Serialize(update, LiveJson.Default.PanelUpdate);
                    events.Append("event: panel\ndata: ").Append(json).Append("\n\n");
                }
            }

            if (events.Length == 0 && time.GetElapsedTime(sentAt) >= PingEvery)
            {
                events.Append(": ping\n\n");
            }

            if (events.Length > 0)
            {
                sentAt = time.GetTimestamp();
                await response.WriteAsync(events.ToString(), cancellationToken);
                await response.Body.FlushAsync(cancellationToken);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }
}

/// <summary>Documents of the live pages.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PanelUpdate))]
internal sealed partial class LiveJson : JsonSerializerContext;
