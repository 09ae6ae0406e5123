using System.Net;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using Camelid.Client.Jobs;

namespace Camelid.Client;

/// <summary>Calls about jobs.</summary>
public sealed partial class CamelidClient
{
    /// <summary>The state of a job.</summary>
    public Task<JobDocument> GetJobAsync(string jobId, CancellationToken cancellationToken) =>
        GetAsync($"/v1/jobs/{Uri.EscapeDataString(jobId)}", CamelidJson.Default.JobDocument, cancellationToken);

    /// <summary>The newest jobs.</summary>
    /// <param name="limit">1 … 1,000.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<JobListDocument> ListJobsAsync(int limit, CancellationToken cancellationToken) =>
        GetAsync($"/v1/jobs?limit={limit}", CamelidJson.Default.JobListDocument, cancellationToken);

    /// <summary>Opens a job that any operator's worker may run; it is answered before anything has run.</summary>
    /// <param name="job">The job.</param>
    /// <param name="idempotencyKey">Names the request: sent again, it opens no second job. Null: none.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<JobDocument> SubmitJobAsync(
        JobRequest job, string? idempotencyKey, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/jobs");
        request.Content = JsonContent.Create(job, OpenAiJson.Default.JobRequest);
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        return await ReadAsync(response, CamelidJson.Default.JobDocument, cancellationToken);
    }

    /// <summary>The answer of a job, or its state while there is none.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="waitSeconds">How long the gateway waits for the answer, 0 … 60.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="CamelidRequestException">The job ended without an answer.</exception>
    public async Task<JobAnswerDocument> GetAnswerAsync(
        string jobId, int waitSeconds, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(
            HttpMethod.Get, $"/v1/jobs/{Uri.EscapeDataString(jobId)}/answer?wait={waitSeconds}");
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        return response.StatusCode == HttpStatusCode.Accepted
            ? new JobAnswerDocument
            {
                State = await ReadAsync(response, CamelidJson.Default.JobDocument, cancellationToken),
            }
            : new JobAnswerDocument
            {
                Answer = await ReadAsync(response, OpenAiJson.Default.CompletionDocument, cancellationToken),
            };
    }

    /// <summary>Stops a job; what it ran until then is still committed and paid.</summary>
    public async Task CancelJobAsync(string jobId, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, $"/v1/jobs/{Uri.EscapeDataString(jobId)}/cancel");
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
    }

    /// <summary>Tokens of a job from one index on, its changes, and its end: picks up a broken stream.</summary>
    public async IAsyncEnumerable<JobEventDocument> WatchJobAsync(
        string jobId, uint fromIndex, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string path = $"/v1/jobs/{Uri.EscapeDataString(jobId)}?stream=true&from_index={fromIndex}";
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        await foreach (string data in ReadEventsAsync(response, cancellationToken))
        {
            yield return Parse(data, CamelidJson.Default.JobEventDocument, response);
        }
    }
}
