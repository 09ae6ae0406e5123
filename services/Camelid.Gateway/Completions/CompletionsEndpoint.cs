using Camelid.Gateway.Hosting;
using Camelid.Gateway.Jobs;
using Camelid.Gateway.Keys;
using Camelid.Gateway.Retries;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace Camelid.Gateway.Completions;

/// <summary><c>POST /v1/completions</c> and <c>POST /v1/chat/completions</c>.</summary>
internal sealed class CompletionsEndpoint(
    RequestPreparation preparation, JobOpening opening, AbandonedJobs abandoned, AnswerWriter answers,
    AnswerLimit limit)
{
    private const string CompletionsRoute = "/v1/completions";
    private const string ChatRoute = "/v1/chat/completions";

    /// <summary>Maps the routes.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(CompletionsRoute, (HttpContext context, CompletionsEndpoint endpoint) =>
            endpoint.ServeAsync(context, isChat: false));
        routes.MapPost(ChatRoute, (HttpContext context, CompletionsEndpoint endpoint) =>
            endpoint.ServeAsync(context, isChat: true));
    }

    /// <summary>
    /// [J1] A request becomes jobs: it is read and checked, its text becomes tokens (ModelRegistry), JobPool opens a
    /// job
    /// for each choice, and their tokens and answers are written as they come.
    /// </summary>
    private async Task ServeAsync(HttpContext context, bool isChat)
    {
        CancellationToken aborted = context.RequestAborted;
        ReadOnlyMemory<byte> body = await RequestBody.ReadAsync(context.Request, aborted);
        string account = context.Features.GetRequiredFeature<ApiKey>().Account;
        RequestIdentity identity = RequestIdentity.Of(
            account, isChat ? ChatRoute : CompletionsRoute, context.Request.Headers, body.Span);
        PreparedRequest request = isChat
            ? await preparation.PrepareAsync(ChatCall.Parse(body, limit.ChoicesMax), identity, aborted)
            : await preparation.PrepareAsync(CompletionCall.Parse(body, limit.ChoicesMax), identity, aborted);

        IReadOnlyList<OpenedJob> jobs = await opening.OpenAsync(request, context.Response, aborted);
        abandoned.Enter(jobs);
        try
        {
            await AnswerAsync(context.Response, (request, jobs, isChat), aborted);
        }
        catch (Exception exception) when (aborted.IsCancellationRequested
            && exception is OperationCanceledException or IOException or RpcException)
        {
            abandoned.CancelLater(jobs, identity);
            throw new OperationCanceledException(exception.Message, exception, aborted);
        }
        finally
        {
            abandoned.Leave(jobs);
        }
    }

    private Task AnswerAsync(
        HttpResponse response, (PreparedRequest Request, IReadOnlyList<OpenedJob> Jobs, bool IsChat) opened,
        CancellationToken cancellationToken)
    {
        string jobId = opened.Jobs[0].IdText;
        AnswerFormat format = opened.IsChat
            ? new ChatFormat(opened.Request, jobId, limit.NowUnix)
            : new CompletionFormat(opened.Request, jobId, limit.NowUnix);
        return opened.Request.Options.Stream
            ? answers.WriteStreamAsync(response, opened.Jobs, (opened.Request, format), cancellationToken)
            : answers.WriteWholeAsync(response, opened.Jobs, (opened.Request, format), cancellationToken);
    }
}
