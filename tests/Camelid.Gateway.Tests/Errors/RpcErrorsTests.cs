using Camelid.Gateway.Errors;
using Camelid.ServiceDefaults.Rpc;
using Grpc.Core;

namespace Camelid.Gateway.Tests.Errors;

public sealed class RpcErrorsTests
{
    [Theory]
    [InlineData(StatusCode.FailedPrecondition, "no-money", 402, "insufficient_funds", false)]
    [InlineData(StatusCode.ResourceExhausted, "no-free-deposit", 503, "no_free_deposit", true)]
    [InlineData(StatusCode.ResourceExhausted, "no-worker", 503, "no_worker", true)]
    [InlineData(StatusCode.ResourceExhausted, "queue-full", 503, "queue_full", true)]
    [InlineData(StatusCode.NotFound, "unknown-model", 404, "model_not_found", false)]
    [InlineData(StatusCode.InvalidArgument, "bad-parameters", 400, "invalid_value", false)]
    [InlineData(StatusCode.DataLoss, "model-damaged", 503, "model_damaged", true)]
    [InlineData(StatusCode.Unavailable, "", 503, "service_unavailable", true)]
    [InlineData(StatusCode.DeadlineExceeded, "", 503, "service_unavailable", true)]
    [InlineData(StatusCode.FailedPrecondition, "", 409, "not_yet", false)]
    [InlineData(StatusCode.Internal, "", 500, "internal_error", false)]
    public void A_refusal_of_another_service_has_its_status_and_code(
        StatusCode status, string reason, int http, string code, bool retries)
    {
        ApiError error = RpcErrors.From(RpcReason.Exception(status, reason, "Because."));
        Assert.Equal((http, code, retries), (error.Status, error.Code, error.RetryAfterSeconds > 0));
    }

    [Fact]
    public void An_inner_failure_tells_nothing_about_the_inside() => Assert.DoesNotContain(
        "secret",
        RpcErrors.From(new RpcException(new Status(StatusCode.Unknown, "secret path /x"))).Message,
        StringComparison.Ordinal);
}
