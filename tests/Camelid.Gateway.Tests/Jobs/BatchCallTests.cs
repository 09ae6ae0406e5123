using System.Text;
using Camelid.Gateway.Completions;
using Camelid.Gateway.Errors;
using Camelid.Gateway.Jobs;

namespace Camelid.Gateway.Tests.Jobs;

public sealed class BatchCallTests
{
    private const uint DeadlineDefault = 600;

    [Fact]
    public void Without_terms_a_job_takes_the_lowest_price_and_the_default_deadline()
    {
        BatchCall call = Parse("""{"model":"m","prompt":"a"}""");
        Assert.Equal(new BatchTerms(0, DeadlineDefault, "", ""), call.Terms);
        Assert.NotNull(call.Completion);
        Assert.Null(call.Chat);
    }

    [Fact]
    public void Terms_stand_beside_the_parameters_of_a_chat()
    {
        BatchCall call = Parse(
            """
            {"model":"m","messages":[{"role":"user","content":"a"}],"max_tokens":5,
             "max_price_grains":1200,"deadline_seconds":30,"verification":"spot","verify_by":"third"}
            """);
        Assert.Equal(new BatchTerms(1200, 30, "spot", "third"), call.Terms);
        Assert.Equal(5, call.Chat!.Options.TokensMax);
        Assert.Null(call.Completion);
    }

    [Theory]
    [InlineData("\"stream\":true", "stream")]
    [InlineData("\"logprobs\":1", "logprobs")]
    [InlineData("\"logprobs\":true", "logprobs")]
    [InlineData("\"echo\":true", "echo")]
    [InlineData("\"verify_by\":\"me\"", "verify_by")]
    [InlineData("\"n\":2", "n")]
    [InlineData("\"max_price_grains\":0", "max_price_grains")]
    [InlineData("\"max_price_grains\":1.5", "max_price_grains")]
    [InlineData("\"deadline_seconds\":0", "deadline_seconds")]
    [InlineData("\"deadline_seconds\":86401", "deadline_seconds")]
    [InlineData("\"verification\":\"none\"", "verification")]
    [InlineData("\"messages\":[]", "messages")]
    public void What_a_batch_job_cannot_honour_is_refused_by_name(string field, string param)
    {
        ApiError error = Assert.Throws<ApiException>(() => Parse($$"""{"model":"m","prompt":"a",{{field}}}""")).Error;
        Assert.Equal((400, param), (error.Status, error.Param));
    }

    [Theory]
    [InlineData("""{"model":"m","prompt":["a","b"]}""")]
    [InlineData("""{"model":"m"}""")]
    [InlineData("[]")]
    public void One_request_is_one_job(string body) =>
        Assert.Equal(400, Assert.Throws<ApiException>(() => Parse(body)).Error.Status);

    private static BatchCall Parse(string body) => BatchCall.Parse(Encoding.UTF8.GetBytes(body), DeadlineDefault);
}
