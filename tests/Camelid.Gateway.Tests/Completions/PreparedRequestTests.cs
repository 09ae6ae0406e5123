using Camelid.Gateway.Completions;
using Camelid.Gateway.Errors;

namespace Camelid.Gateway.Tests.Completions;

public sealed class PreparedRequestTests
{
    [Theory]
    [InlineData(60, 4)]
    [InlineData(1, 63)]
    public void Prompt_and_answer_may_fill_the_context(int prompt, int wanted)
    {
        PreparedRequest request = SampleRequest.Of($",\"max_tokens\":{wanted}", prompt);
        Assert.Equal((uint)wanted, request.TokensMaxOf(request.Prompts[0]));
    }

    [Theory]
    [InlineData(60, 5, "max_tokens", "64", "65")]
    [InlineData(64, 1, "prompt", "64", "64")]
    [InlineData(70, 1, "prompt", "64", "70")]
    public void One_token_beyond_the_context_is_refused_with_both_numbers(
        int prompt, int wanted, string param, string limit, string requested)
    {
        PreparedRequest request = SampleRequest.Of($",\"max_tokens\":{wanted}", prompt);
        ApiError error = Assert.Throws<ApiException>(() => request.TokensMaxOf(request.Prompts[0])).Error;
        Assert.Equal((400, param, "context_length_exceeded"), (error.Status, error.Param, error.Code));
        Assert.Contains($"is {limit} tokens", error.Message, StringComparison.Ordinal);
        Assert.Contains(requested, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, 16u)]
    [InlineData(60, 4u)]
    public void Without_a_limit_the_default_fits_the_context(int prompt, uint expected)
    {
        PreparedRequest request = SampleRequest.Of("", prompt);
        Assert.Equal(expected, request.TokensMaxOf(request.Prompts[0]));
    }

    [Fact]
    public void A_prompt_without_tokens_is_refused()
    {
        PreparedRequest request = SampleRequest.Of("", 0);
        Assert.Equal("prompt", Assert.Throws<ApiException>(() => request.TokensMaxOf(request.Prompts[0])).Error.Param);
    }

    [Theory]
    [InlineData("99", true)]
    [InlineData("100", false)]
    public void A_bias_names_a_token_of_the_model(string tokenId, bool accepted)
    {
        PreparedRequest request = SampleRequest.Of($",\"logit_bias\":{{\"{tokenId}\":1}}");
        Assert.Equal(accepted, Record.Exception(request.CheckTokenIds) is null);
    }
}
