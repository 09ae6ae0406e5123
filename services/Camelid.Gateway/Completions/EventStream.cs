using System.Text;

namespace Camelid.Gateway.Completions;

/// <summary>Server-sent events: one at a time, flushed at once, with comments that keep a quiet stream open.</summary>
internal sealed class EventStream : IAsyncDisposable
{
    private static readonly byte[] Ping = ": ping\n\n"u8.ToArray();
    private static readonly byte[] Done = "data: [DONE]\n\n"u8.ToArray();

    private readonly HttpResponse response;
    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly CancellationTokenSource closing = new();
    private readonly Task pinging;

    private EventStream(HttpResponse response, TimeProvider time, TimeSpan pingEvery)
    {
        this.response = response;
        pinging = PingAsync(time, pingEvery);
    }

    /// <summary>Sends the headers and opens the stream.</summary>
    public static async Task<EventStream> OpenAsync(HttpResponse response, TimeProvider time, TimeSpan pingEvery)
    {
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["x-accel-buffering"] = "no";
        await response.StartAsync();
        await response.Body.FlushAsync();
        return new EventStream(response, time, pingEvery);
    }

    /// <summary>Sends one document. JSON has no line breaks, so that it is one line.</summary>
    public Task SendAsync(string json, CancellationToken cancellationToken) =>
        WriteAsync(Encoding.UTF8.GetBytes($"data: {json}\n\n"), cancellationToken);

    /// <summary>Says that the stream is complete.</summary>
    public Task SendDoneAsync(CancellationToken cancellationToken) => WriteAsync(Done, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await pinging;
        closing.Dispose();
        writing.Dispose();
    }

    private async Task PingAsync(TimeProvider time, TimeSpan pingEvery)
    {
        using PeriodicTimer timer = new(pingEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(closing.Token))
            {
                await WriteAsync(Ping, closing.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The stream closes, or its client is gone: then the writer of tokens hears of it as well.
        }
    }

    private async Task WriteAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            await response.Body.WriteAsync(bytes, cancellationToken);
            await response.Body.FlushAsync(cancellationToken);
        }
        finally
        {
            writing.Release();
        }
    }
}
