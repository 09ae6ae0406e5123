using System.Text;
using Camelid.Chain.Wallet;
using Camelid.Contracts.Chain.V1;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Chain.Api;

/// <summary>
/// The wallet as JSON, below <c>/api/wallet</c>: the documents of wallet.proto. A secret is in a body, never in an
/// address: addresses are written into logs.
/// </summary>
internal static class WalletApi
{
    /// <summary>Longest body of a request, in bytes.</summary>
    public const int BodyBytesMax = 16_384;

    private static readonly JsonFormatter Json = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default);

    /// <summary>Maps the routes.</summary>
    public static void Map(IEndpointRouteBuilder app)
    {
        RouteGroupBuilder wallet = app.MapGroup("/api/wallet");
        wallet.MapGet("/status", (WalletDesk desk, CancellationToken cancellation) =>
            AnswerAsync(() => desk.StatusAsync(cancellation)));
        wallet.MapGet("/balance", (WalletDesk desk, CancellationToken cancellation) =>
            AnswerAsync(() => desk.BalanceAsync(cancellation)));
        wallet.MapGet("/history", (WalletDesk desk, string? cursor, int? limit, CancellationToken cancellation) =>
            AnswerAsync(() => desk.HistoryAsync(
                new ListHistoryRequest { Cursor = cursor ?? "", Limit = limit ?? 0 }, cancellation)));
        wallet.MapPost("/address", (WalletDesk desk, HttpContext context) =>
            TakeAsync<GetReceiveAddressRequest, ReceiveAddress>(
                context, request => desk.ReceiveAsync(request.Fresh, context.RequestAborted)));
        wallet.MapPost("/create", (WalletDesk desk, HttpContext context) =>
            TakeAsync<CreateWalletRequest, CreateWalletReply>(
                context, request => desk.CreateAsync(request, context.RequestAborted)));
        wallet.MapPost("/restore", (WalletDesk desk, HttpContext context) =>
            TakeAsync<RestoreWalletRequest, WalletStatus>(
                context, request => desk.RestoreAsync(request, context.RequestAborted)));
        wallet.MapPost("/send", (PaymentDesk desk, HttpContext context) =>
            TakeAsync<SendRequest, SendReply>(context, request => desk.SendAsync(request, context.RequestAborted)));
    }

    /// <summary>The HTTP status of a refusal.</summary>
    internal static int StatusOf(RpcException refusal) => refusal.StatusCode switch
    {
        StatusCode.InvalidArgument => StatusCodes.Status400BadRequest,
        StatusCode.PermissionDenied => StatusCodes.Status403Forbidden,
        StatusCode.NotFound => StatusCodes.Status404NotFound,
        StatusCode.FailedPrecondition when RpcReason.Of(refusal) == "no-money" => StatusCodes.Status402PaymentRequired,
        StatusCode.FailedPrecondition => StatusCodes.Status409Conflict,
        StatusCode.ResourceExhausted => StatusCodes.Status429TooManyRequests,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>Answers with a document, or with what the wallet refuses.</summary>
    private static async Task<IResult> AnswerAsync<TReply>(Func<Task<TReply>> ask)
        where TReply : IMessage
    {
        try
        {
            return Results.Text(Json.Format(await ask()), "application/json");
        }
        catch (RpcException refusal)
        {
            return Results.Problem(
                refusal.Status.Detail, statusCode: StatusOf(refusal),
                extensions: new Dictionary<string, object?> { ["reason"] = RpcReason.Of(refusal) });
        }
    }

    /// <summary>Reads a request from the body, an empty one being a request without fields.</summary>
    private static async Task<IResult> TakeAsync<TRequest, TReply>(
        HttpContext context, Func<TRequest, Task<TReply>> ask)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage
    {
        context.Response.Headers.CacheControl = "no-store";
        byte[] body = new byte[BodyBytesMax + 1];
        int count = await context.Request.Body.ReadAtLeastAsync(
            body, body.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (count > BodyBytesMax)
        {
            return Results.Problem(
                $"the body has more than {BodyBytesMax} bytes", statusCode: StatusCodes.Status413PayloadTooLarge);
        }

        try
        {
            string text = Encoding.UTF8.GetString(body, 0, count);
            TRequest request = count == 0 ? new TRequest() : Parser.Parse<TRequest>(text);
            return await AnswerAsync(() => ask(request));
        }
        catch (InvalidProtocolBufferException exception)
        {
            return Results.Problem(
                $"the body is not the JSON of this request: {exception.Message}",
                statusCode: StatusCodes.Status400BadRequest);
        }
        finally
        {
            Array.Clear(body);
        }
    }
}
