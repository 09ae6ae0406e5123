using System.Text;
using Camelid.Chain.Api;
using Camelid.Contracts.Chain.V1;
using Camelid.ServiceDefaults.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Camelid.Chain.Tests.Wallet;

/// <summary>The wallet's JSON door: bodies that are no request, and refusals as HTTP says them.</summary>
public sealed class WalletJsonTests
{
    [Fact]
    public async Task A_request_is_read_from_the_body_and_its_answer_is_kept_by_nobody()
    {
        DefaultHttpContext context = Context("""{"requestId": "r", "grains": "9007199254740993", "dryRun": true}""");
        SendRequest? read = null;
        IResult answer = await WalletJson.TakeAsync<SendRequest, SendReply>(context, request =>
        {
            read = request;
            return Task.FromResult(new SendReply { Grains = request.Grains });
        });
        Assert.Equal(new SendRequest { RequestId = "r", Grains = 9_007_199_254_740_993, DryRun = true }, read);
        Assert.Contains(
            "\"grains\": \"9007199254740993\"", Assert.IsType<ContentHttpResult>(answer, exactMatch: false)
                .ResponseContent, StringComparison.Ordinal);
        Assert.Equal("no-store", context.Response.Headers.CacheControl);
    }

    [Theory]
    [InlineData("", 0, null)]
    [InlineData("{", 0, 400)]
    [InlineData("[]", 0, 400)]
    [InlineData("""{"noSuchField": 1}""", 0, 400)]
    [InlineData("""{"grains": 1.5}""", 0, 400)]
    [InlineData("{}", WalletJson.BodyBytesMax - 2, null)]
    [InlineData("{}", WalletJson.BodyBytesMax - 1, 413)]
    public async Task A_body_that_is_no_request_is_refused(string body, int spaces, int? status)
    {
        IResult answer = await WalletJson.TakeAsync<SendRequest, SendReply>(
            Context(body + new string(' ', spaces)), _ => Task.FromResult(new SendReply()));
        Assert.Equal(status, (answer as ProblemHttpResult)?.StatusCode);
    }

    [Theory]
    [InlineData(StatusCode.InvalidArgument, "", 400)]
    [InlineData(StatusCode.FailedPrecondition, "no-money", 402)]
    [InlineData(StatusCode.PermissionDenied, "wrong-passphrase", 403)]
    [InlineData(StatusCode.FailedPrecondition, "wallet-locked", 409)]
    [InlineData(StatusCode.Internal, "", 500)]
    public async Task A_refusal_has_its_status_its_reason_and_its_words(StatusCode code, string reason, int status)
    {
        IResult answer = await WalletJson.AnswerAsync<SendReply>(
            () => throw RpcReason.Exception(code, reason, "what, where, and what to do"));
        ProblemHttpResult problem = Assert.IsType<ProblemHttpResult>(answer);
        Assert.Equal((status, "what, where, and what to do"), (problem.StatusCode, problem.ProblemDetails.Detail));
        Assert.Equal(reason, problem.ProblemDetails.Extensions["reason"]);
    }

    private static DefaultHttpContext Context(string body)
    {
        DefaultHttpContext context = new();
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        return context;
    }
}
