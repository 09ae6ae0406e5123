using System.Text.Json;
using Camelid.Client;
using Camelid.Client.Receipts;
using Camelid.Contracts.JobPool.V1;
using Camelid.Gateway.Errors;
using Camelid.Gateway.Jobs;
using Grpc.Core;

namespace Camelid.Gateway.Receipts;

/// <summary><c>GET /v1/receipts/{id}</c>: the complete, self-contained receipt.</summary>
internal static class ReceiptsEndpoint
{
    /// <summary>Receipts are read by people too: one fact on a line.</summary>
    private static readonly CamelidJson Documents =
        new(new JsonSerializerOptions(CamelidJson.Default.Options) { WriteIndented = true });

    /// <summary>Maps the route.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/receipts/{id}", GetAsync);

    private static async Task<IResult> GetAsync(
        string id, HttpContext context, JobAccess access, JobPoolRpc.JobPoolRpcClient jobPool)
    {
        JobDetails job = await access.FindAsync(id, context);
        try
        {
            Receipt receipt = await jobPool.GetReceiptAsync(
                new GetReceiptRequest { JobId = job.Summary.JobId }, cancellationToken: context.RequestAborted);
            ReceiptDocument document = ReceiptMapping.ToDocument(receipt);
            return TypedResults.Json(document, Documents.ReceiptDocument);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.FailedPrecondition)
        {
            throw new ApiException(new ApiError
            {
                Status = StatusCodes.Status409Conflict,
                Message = $"Job {id} is {job.Summary.PaymentState}: it has no receipt until its output is committed.",
                Code = "receipt_not_ready",
            });
        }
    }
}
