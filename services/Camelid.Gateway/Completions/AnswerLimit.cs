using Camelid.Gateway.Errors;
using Camelid.Gateway.Hosting;
using Microsoft.Extensions.Options;

namespace Camelid.Gateway.Completions;

/// <summary>How long an answer may be waited for: past its deadline, or past the node's stop, nobody waits.</summary>
internal sealed class AnswerLimit(
    IOptions<GatewayOptions> options, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private const int PatienceSeconds = 60;

    /// <summary>Most answers of one request.</summary>
    public int ChoicesMax => options.Value.ChoicesMax;

    /// <summary>Unix seconds.</summary>
    public long NowUnix => time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Runs work until its end, its client's departure, the deadline, or the node's stop.</summary>
    /// <exception cref="ApiException">The deadline passed or the node stops; the job goes on and can be picked
    /// up.</exception>
    public async Task RunAsync(
        Func<CancellationToken, Task> work, IReadOnlyList<OpenedJob> jobs, CancellationToken aborted)
    {
        TimeSpan patience = TimeSpan.FromSeconds(options.Value.JobDeadlineSeconds + PatienceSeconds);
        using CancellationTokenSource late = new(patience, time);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(
            late.Token, lifetime.ApplicationStopping, aborted);
        try
        {
            await work(any.Token);
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested && any.IsCancellationRequested)
        {
            throw new ApiException(new ApiError
            {
                Status = late.IsCancellationRequested
                    ? StatusCodes.Status504GatewayTimeout
                    : StatusCodes.Status503ServiceUnavailable,
                Message = (late.IsCancellationRequested ? "No answer came in time." : "The node is stopping.")
                    + $" Job {jobs[0].IdText} was opened: GET /v1/jobs/{jobs[0].IdText} has its state.",
                Type = "server_error",
                Code = late.IsCancellationRequested ? "deadline_exceeded" : "stopping",
            });
        }
    }
}
