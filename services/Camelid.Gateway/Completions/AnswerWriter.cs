using System.Text;
using System.Text.Json;
using Camelid.Client.Completions;
using Camelid.Gateway.Errors;
using Camelid.Gateway.Hosting;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Camelid.Gateway.Completions;

/// <summary>Answers a request from its jobs, whole or as a stream.</summary>
internal sealed class AnswerWriter(
    ChoiceRunner choices, AnswerLimit limit, IOptions<GatewayOptions> options, TimeProvider time)
{
    /// <summary>Waits for every choice and writes one document.</summary>
    public async Task WriteWholeAsync(
        HttpResponse response, IReadOnlyList<OpenedJob> jobs, (PreparedRequest Request, AnswerFormat Format) answer,
        CancellationToken cancellationToken)
    {
        WholeChoice[] whole = [];
        await limit.RunAsync(
            async token => whole = await Task.WhenAll(jobs.Select(job => CollectAsync(job, answer.Request, token))),
            jobs, cancellationToken);
        string json = answer.Format.Whole(whole, UsageOf(jobs, whole.Select(choice => choice.End)));
        response.ContentType = "application/json; charset=utf-8";
        await response.WriteAsync(json, cancellationToken);
    }

    /// <summary>
    /// Writes each piece as it comes. A failure after the first byte becomes an error event, and no end mark follows.
    /// </summary>
    public async Task WriteStreamAsync(
        HttpResponse response, IReadOnlyList<OpenedJob> jobs, (PreparedRequest Request, AnswerFormat Format) answer,
        CancellationToken cancellationToken)
    {
        TimeSpan pingEvery = TimeSpan.FromSeconds(options.Value.PingSeconds);
        await using EventStream stream = await EventStream.OpenAsync(response, time, pingEvery);
        try
        {
            ChoiceEnd[] ends = [];
            await limit.RunAsync(
                async token => ends = await StreamAllAsync(stream, jobs, answer, token), jobs, cancellationToken);
            if (answer.Request.Options.IncludeUsage)
            {
                await stream.SendAsync(answer.Format.Counting(UsageOf(jobs, ends)), cancellationToken);
            }

            await stream.SendDoneAsync(cancellationToken);
        }
        catch (ApiException exception)
        {
            await SendErrorAsync(stream, exception.Error);
        }
        catch (RpcException exception) when (!cancellationToken.IsCancellationRequested)
        {
            await SendErrorAsync(stream, RpcErrors.From(exception));
        }
    }

    /// <summary>Sends an error event into an open stream.</summary>
    private static Task SendErrorAsync(EventStream stream, ApiError error) => stream.SendAsync(
        JsonSerializer.Serialize(error.ToDocument(), AnswerJson.Documents.ErrorDocument), CancellationToken.None);

    private static UsageDocument UsageOf(IReadOnlyList<OpenedJob> jobs, IEnumerable<ChoiceEnd> ends)
    {
        long prompt = jobs.Sum(job => (long)job.Prompt.Tokens.Count);
        long completion = ends.Sum(end => end.OutputTokens);
        return new UsageDocument
        {
            PromptTokens = prompt,
            CompletionTokens = completion,
            TotalTokens = prompt + completion,
        };
    }

    private async Task<WholeChoice> CollectAsync(
        OpenedJob job, PreparedRequest request, CancellationToken cancellationToken)
    {
        StringBuilder text = new(job.Prompt.Echo);
        List<TokenText> tokens = [];
        ChoiceEnd end = await choices.RunAsync(
            job, request,
            piece =>
            {
                text.Append(piece.Text);
                if (piece.Token is { } token)
                {
                    tokens.Add(token);
                }

                return Task.CompletedTask;
            },
            cancellationToken);
        return new WholeChoice(text.ToString(), tokens, end);
    }

    private async Task<ChoiceEnd[]> StreamAllAsync(
        EventStream stream, IReadOnlyList<OpenedJob> jobs, (PreparedRequest Request, AnswerFormat Format) answer,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource together = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        return await Task.WhenAll(jobs.Select(job => StreamOneAsync(stream, job, answer, together)));
    }

    private async Task<ChoiceEnd> StreamOneAsync(
        EventStream stream, OpenedJob job, (PreparedRequest Request, AnswerFormat Format) answer,
        CancellationTokenSource together)
    {
        try
        {
            if (answer.Format.Opening(job) is { } opening)
            {
                await stream.SendAsync(opening, together.Token);
            }

            ChoiceEnd end = await choices.RunAsync(
                job, answer.Request, piece => stream.SendAsync(answer.Format.Piece(job, piece), together.Token),
                together.Token);
            await stream.SendAsync(answer.Format.Ending(job, end), together.Token);
            return end;
        }
        catch (Exception exception) when (exception is ApiException or RpcException)
        {
            await together.CancelAsync();
            throw;
        }
    }
}
