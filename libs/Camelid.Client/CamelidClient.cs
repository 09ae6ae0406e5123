using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Camelid.Client.Completions;
using Camelid.Client.Models;
using Camelid.Client.Operator;
using Camelid.Client.Receipts;

namespace Camelid.Client;

/// <summary>
/// Typed client of a gateway. Every call throws <see cref="CamelidRequestException"/> where the gateway refuses, and
/// <see cref="HttpRequestException"/> where it cannot be reached. It never retries: a lost answer is found by its job.
/// </summary>
/// <param name="http">A client whose base address is the gateway's, such as <c>http://127.0.0.1:8080</c>.</param>
public sealed partial class CamelidClient(HttpClient http) : IDisposable
{
    /// <summary>Response header that names the job before the first byte of the body.</summary>
    public const string JobHeader = "camelid-job";

    private const string StreamEnd = "[DONE]";

    /// <summary>A client of one gateway.</summary>
    /// <param name="gateway">Address of the gateway.</param>
    /// <param name="apiKey">API key, or null for <see cref="GetHealthAsync"/> only.</param>
    public static CamelidClient Create(Uri gateway, string? apiKey)
    {
        HttpClient http = new() { BaseAddress = gateway, Timeout = Timeout.InfiniteTimeSpan };
        if (!string.IsNullOrEmpty(apiKey))
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        }

        return new CamelidClient(http);
    }

    /// <summary>What the gateway can do now; does not throw where it is not ready.</summary>
    public async Task<HealthDocument> GetHealthAsync(CancellationToken cancellationToken)
    {
        Uri path = new("/health", UriKind.Relative);
        using HttpResponseMessage response = await http.GetAsync(path, cancellationToken);
        return await response.Content.ReadFromJsonAsync(CamelidJson.Default.HealthDocument, cancellationToken)
            ?? new HealthDocument();
    }

    /// <summary>The models that are served.</summary>
    public Task<ModelListDocument> ListModelsAsync(CancellationToken cancellationToken) =>
        GetAsync("/v1/models", OpenAiJson.Default.ModelListDocument, cancellationToken);

    /// <summary>One model, by name or root.</summary>
    public Task<ModelDocument> GetModelAsync(string model, CancellationToken cancellationToken) =>
        GetAsync($"/v1/models/{Uri.EscapeDataString(model)}", OpenAiJson.Default.ModelDocument, cancellationToken);

    /// <summary>The complete receipt of a job.</summary>
    public Task<ReceiptDocument> GetReceiptAsync(string jobId, CancellationToken cancellationToken) =>
        GetAsync($"/v1/receipts/{Uri.EscapeDataString(jobId)}", CamelidJson.Default.ReceiptDocument, cancellationToken);

    /// <summary>A document of an operator route, such as <c>/api/chain/status</c>.</summary>
    public async Task<JsonElement> GetOperatorAsync(string path, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        return await ElementOfAsync(response, cancellationToken);
    }

    /// <summary>Posts to an operator route without a body, such as <c>/api/chain/mine?count=1</c>.</summary>
    public Task<JsonElement> PostOperatorAsync(string path, CancellationToken cancellationToken) =>
        PostOperatorAsync(path, null, cancellationToken);

    /// <summary>Posts to an operator route: what is a secret is in the body, never in the path.</summary>
    /// <param name="path">The route, such as <c>/api/wallet/create</c>.</param>
    /// <param name="json">The body, or null for none.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<JsonElement> PostOperatorAsync(string path, string? json, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path)
        {
            Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"),
        };
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        return await ElementOfAsync(response, cancellationToken);
    }

    /// <summary>Deletes what an operator route names, such as <c>/api/models/NAME</c>.</summary>
    public async Task<JsonElement> DeleteOperatorAsync(string path, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Delete, path);
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        return await ElementOfAsync(response, cancellationToken);
    }

    /// <summary>A completion, once it was verified and its payment was broadcast.</summary>
    public Task<CompletionDocument> CompleteAsync(CompletionRequest request, CancellationToken cancellationToken) =>
        PostAsync("/v1/completions", request, OpenAiJson.Default.CompletionRequest,
            OpenAiJson.Default.CompletionDocument, cancellationToken);

    /// <summary>A chat answer, once it was verified and its payment was broadcast.</summary>
    public Task<ChatDocument> ChatAsync(ChatRequest request, CancellationToken cancellationToken) =>
        PostAsync("/v1/chat/completions", request, OpenAiJson.Default.ChatRequest,
            OpenAiJson.Default.ChatDocument, cancellationToken);

    /// <summary>A completion as it is made; the last chunk with a choice carries the proof.</summary>
    public IAsyncEnumerable<CompletionDocument> StreamCompletionAsync(
        CompletionRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        CompletionRequest streamed = request with { Stream = true, StreamOptions = new StreamOptions(true) };
        return StreamAsync("/v1/completions", JsonContent.Create(streamed, OpenAiJson.Default.CompletionRequest),
            OpenAiJson.Default.CompletionDocument, cancellationToken);
    }

    /// <summary>A chat answer as it is made; the last chunk with a choice carries the proof.</summary>
    public IAsyncEnumerable<ChatChunk> StreamChatAsync(ChatRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ChatRequest streamed = request with { Stream = true, StreamOptions = new StreamOptions(true) };
        return StreamAsync("/v1/chat/completions", JsonContent.Create(streamed, OpenAiJson.Default.ChatRequest),
            OpenAiJson.Default.ChatChunk, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        return await ReadAsync(response, type, cancellationToken);
    }

    private async Task<TAnswer> PostAsync<TBody, TAnswer>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType,
        CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = JsonContent.Create(body, bodyType) };
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        return await ReadAsync(response, answerType, cancellationToken);
    }

    private static async Task<JsonElement> ElementOfAsync(
        HttpResponseMessage response, CancellationToken cancellationToken)
    {
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        using JsonDocument document = JsonDocument.Parse(body);
        return document.RootElement.Clone();
    }

    private static async Task<T> ReadAsync<T>(
        HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        await response.Content.ReadFromJsonAsync(type, cancellationToken)
            ?? throw new HttpRequestException($"{response.RequestMessage?.RequestUri} answered without a document");

    private async IAsyncEnumerable<T> StreamAsync<T>(
        string path, HttpContent body, JsonTypeInfo<T> type,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = body };
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        await foreach (string data in ReadEventsAsync(response, cancellationToken))
        {
            yield return Parse(data, type, response);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response =
            await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            string body = await response.Content.ReadAsStringAsync(cancellationToken);
            throw new CamelidRequestException(response.StatusCode, ErrorOf(body, response), JobOf(response));
        }
    }

    /// <summary>Data of each event until <c>[DONE]</c>. A stream that ends without it was cut off.</summary>
    private static async IAsyncEnumerable<string> ReadEventsAsync(
        HttpResponseMessage response, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (!line.StartsWith("data:", StringComparison.Ordinal))
            {
                continue;
            }

            string data = line["data:".Length..].Trim();
            if (data == StreamEnd)
            {
                yield break;
            }

            yield return data;
        }

        throw new HttpRequestException($"the stream broke off; job {JobOf(response) ?? "unknown"} may go on");
    }

    private static T Parse<T>(string data, JsonTypeInfo<T> type, HttpResponseMessage response)
    {
        if (data.StartsWith("{\"error\":", StringComparison.Ordinal))
        {
            throw new CamelidRequestException(response.StatusCode, ErrorOf(data, response), JobOf(response));
        }

        return JsonSerializer.Deserialize(data, type) ?? throw new HttpRequestException("an event without a document");
    }

    private static ErrorDetail ErrorOf(string body, HttpResponseMessage response)
    {
        try
        {
            if (JsonSerializer.Deserialize(body, OpenAiJson.Default.ErrorDocument) is { Error: { } error })
            {
                return error;
            }

            if (JsonSerializer.Deserialize(body, CamelidJson.Default.ProblemDocument) is { Detail: { } detail })
            {
                return new ErrorDetail(detail, "invalid_request_error", null, null);
            }
        }
        catch (JsonException)
        {
            // Something between us and the gateway answered: its status says all there is.
        }

        return new ErrorDetail($"the gateway answered {(int)response.StatusCode}", "server_error", null, null);
    }

    private static string? JobOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues(JobHeader, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;
}
