using System.Text;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Chain.Api;

/// <summary>Between the wallet's messages and JSON.</summary>
internal static class WalletJson
{
    /// <summary>Longest body of a request, in bytes.</summary>
    public const int BodyBytesMax = 16_384;

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default);

    /// <summary>The HTTP status of a refusal.</summary>
    public static int StatusOf(RpcException refusal) => refusal.StatusCode switch
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
    public static async Task<IResult> AnswerAsync<TReply>(Func<Task<TReply>> ask)
        where TReply : IMessage
    {
        try
        {
            return MessageJson.Answer(await ask());
        }
        catch (RpcException refusal)
        {
            return Results.Problem(
                refusal.Status.Detail, statusCode: StatusOf(refusal),
                extensions: new Dictionary<string, object?> { ["reason"] = RpcReason.Of(refusal) });
        }
    }

    /// <summary>Reads a request from the body, an empty one being a request without fields, and answers it.</summary>
    public static async Task<IResult> TakeAsync<TRequest, TReply>(
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
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidJsonException)
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
