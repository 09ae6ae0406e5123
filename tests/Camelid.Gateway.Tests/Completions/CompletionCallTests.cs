using System.Text;
using Camelid.Gateway.Completions;
using Camelid.Gateway.Errors;

namespace Camelid.Gateway.Tests.Completions;

public sealed class CompletionCallTests
{
    private const int ChoicesMax = 32;

    [Theory]
    [InlineData("\"tools\":[]", "tools")]
    [InlineData("\"functions\":[]", "functions")]
    [InlineData("\"tool_choice\":\"auto\"", "tool_choice")]
    [InlineData("\"function_call\":\"auto\"", "function_call")]
    [InlineData("\"parallel_tool_calls\":true", "parallel_tool_calls")]
    [InlineData("\"response_format\":{\"type\":\"json_object\"}", "response_format")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\"}", "response_format")]
    [InlineData("\"suffix\":\"end\"", "suffix")]
    [InlineData("\"audio\":{}", "audio")]
    [InlineData("\"modalities\":[\"text\",\"audio\"]", "modalities")]
    [InlineData("\"prediction\":{}", "prediction")]
    [InlineData("\"web_search_options\":{}", "web_search_options")]
    [InlineData("\"reasoning_effort\":\"low\"", "reasoning_effort")]
    [InlineData("\"verbosity\":\"low\"", "verbosity")]
    [InlineData("\"service_tier\":\"flex\"", "service_tier")]
    [InlineData("\"store\":true", "store")]
    [InlineData("\"echo\":true,\"logprobs\":1", "echo")]
    [InlineData(
        "\"stream\":true,\"stream_options\":{\"include_obfuscation\":true}", "stream_options.include_obfuscation")]
    public void A_known_parameter_that_is_not_honoured_is_refused_by_name(string field, string param)
    {
        ApiError error = Refusal(Body(field));
        Assert.Equal((400, param, "unsupported_parameter"), (error.Status, error.Param, error.Code));
    }

    [Theory]
    [InlineData("\"tools\":null,\"store\":null,\"suffix\":null,\"response_format\":null,\"stream_options\":null")]
    [InlineData("\"max_tokens\":null,\"temperature\":null,\"stop\":null,\"seed\":null,\"n\":null,\"logprobs\":null")]
    [InlineData("\"service_tier\":\"auto\",\"store\":false,\"modalities\":[\"text\"],\"tool_choice\":\"none\"")]
    [InlineData("\"response_format\":{\"type\":\"text\"},\"user\":\"me\",\"metadata\":{\"a\":\"b\"}")]
    [InlineData("\"some_future_field\":{\"a\":[1]},\"ignore_eos\":true")]
    public void Null_is_absent_and_what_nobody_knows_is_ignored(string field)
    {
        CompletionCall call = Parse(Body(field));
        Assert.Null(call.Options.TokensMax);
        Assert.Equal(1_000_000u, call.Options.Sampling.TemperatureMillionths);
        Assert.Empty(call.Options.StopStrings);
    }

    [Theory]
    [InlineData("\"max_tokens\":0", "max_tokens")]
    [InlineData("\"max_tokens\":-1", "max_tokens")]
    [InlineData("\"max_tokens\":1.5", "max_tokens")]
    [InlineData("\"max_tokens\":\"5\"", "max_tokens")]
    [InlineData("\"max_tokens\":99999999999", "max_tokens")]
    [InlineData("\"max_completion_tokens\":0", "max_completion_tokens")]
    [InlineData("\"max_tokens\":5,\"max_completion_tokens\":6", "max_tokens")]
    [InlineData("\"temperature\":2.000001", "temperature")]
    [InlineData("\"temperature\":-0.1", "temperature")]
    [InlineData("\"temperature\":0.1234567", "temperature")]
    [InlineData("\"temperature\":1e400", "temperature")]
    [InlineData("\"temperature\":1e-40", "temperature")]
    [InlineData("\"temperature\":true", "temperature")]
    [InlineData("\"top_p\":0", "top_p")]
    [InlineData("\"top_p\":1.1", "top_p")]
    [InlineData("\"top_k\":-2", "top_k")]
    [InlineData("\"min_p\":1.1", "min_p")]
    [InlineData("\"presence_penalty\":-2.1", "presence_penalty")]
    [InlineData("\"frequency_penalty\":2.1", "frequency_penalty")]
    [InlineData("\"repetition_penalty\":0.9", "repetition_penalty")]
    [InlineData("\"n\":0", "n")]
    [InlineData("\"n\":33", "n")]
    [InlineData("\"best_of\":2", "best_of")]
    [InlineData("\"logprobs\":6", "logprobs")]
    [InlineData("\"logprobs\":true", "logprobs")]
    [InlineData("\"seed\":0.5", "seed")]
    [InlineData("\"seed\":9223372036854775808", "seed")]
    [InlineData("\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]", "stop")]
    [InlineData("\"stop\":\"\"", "stop")]
    [InlineData("\"stop\":[1]", "stop")]
    [InlineData("\"stream\":\"yes\"", "stream")]
    [InlineData("\"stream_options\":{\"include_usage\":true}", "stream_options")]
    [InlineData("\"logit_bias\":{\"x\":1}", "logit_bias")]
    [InlineData("\"logit_bias\":{\"-1\":1}", "logit_bias")]
    [InlineData("\"logit_bias\":{\"01\":1}", "logit_bias")]
    [InlineData("\"logit_bias\":{\"5\":1,\"5\":2}", "logit_bias")]
    [InlineData("\"logit_bias\":{\"5\":101}", "logit_bias.5")]
    [InlineData("\"logit_bias\":[]", "logit_bias")]
    [InlineData("\"user\":5", "user")]
    [InlineData("\"metadata\":{\"a\":1}", "metadata")]
    public void A_value_beyond_its_limits_is_refused_by_name(string field, string param)
    {
        ApiError error = Refusal(Body(field));
        Assert.Equal((400, param), (error.Status, error.Param));
    }

    [Theory]
    [InlineData("{\"model\":\"m\"}")]
    [InlineData("{\"model\":\"m\",\"prompt\":null}")]
    [InlineData("{\"model\":\"m\",\"prompt\":\"\"}")]
    [InlineData("{\"model\":\"m\",\"prompt\":[]}")]
    [InlineData("{\"model\":\"m\",\"prompt\":[\"\"]}")]
    [InlineData("{\"model\":\"m\",\"prompt\":[[]]}")]
    [InlineData("{\"model\":\"m\",\"prompt\":[\"a\",1]}")]
    [InlineData("{\"model\":\"m\",\"prompt\":[1,\"a\"]}")]
    [InlineData("{\"model\":\"m\",\"prompt\":[-1]}")]
    [InlineData("{\"model\":\"m\",\"prompt\":{}}")]
    [InlineData("{\"model\":\"m\",\"prompt\":\"\\ud800\"}")]
    public void A_prompt_that_is_missing_empty_or_mixed_is_refused(string body)
    {
        ApiError error = Refusal(body);
        Assert.Equal((400, "prompt"), (error.Status, error.Param));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"model\":\"m\",\"prompt\":\"a\"}x")]
    public void A_body_that_is_no_JSON_object_is_refused(string body) =>
        Assert.Equal("invalid_json", Refusal(body).Code);

    [Fact]
    public void A_body_that_is_not_UTF_8_is_refused()
    {
        byte[] body = [.. "{\"model\":\"m\",\"prompt\":\""u8, 0xff, .. "\"}"u8];
        ApiException refusal = Assert.Throws<ApiException>(() => CompletionCall.Parse(body, ChoicesMax));
        Assert.Equal("invalid_json", refusal.Error.Code);
    }

    [Theory]
    [InlineData("\"a\"", 1)]
    [InlineData("[\"a\",\"b\",\"c\"]", 3)]
    [InlineData("[1,2,3]", 1)]
    [InlineData("[[1],[2,3]]", 2)]
    public void A_prompt_is_a_text_texts_tokens_or_lists_of_tokens(string prompt, int count) =>
        Assert.Equal(count, Parse($"{{\"model\":\"m\",\"prompt\":{prompt}}}").Prompts.Count);

    [Theory]
    [InlineData(16, true)]
    [InlineData(17, false)]
    public void Prompts_times_n_are_at_most_32(int prompts, bool accepted)
    {
        string list = string.Join(',', Enumerable.Repeat("\"a\"", prompts));
        string body = $"{{\"model\":\"m\",\"n\":2,\"prompt\":[{list}]}}";
        Assert.Equal(accepted, Record.Exception(() => Parse(body)) is null);
    }

    [Theory]
    [InlineData("0.123456", 123456u)]
    [InlineData("2", 2_000_000u)]
    [InlineData("1e-6", 1u)]
    [InlineData("0.5000000000", 500_000u)]
    [InlineData("0e5", 0u)]
    public void Six_decimals_are_kept_exactly(string temperature, uint millionths) => Assert.Equal(
        millionths, Parse(Body($"\"temperature\":{temperature}")).Options.Sampling.TemperatureMillionths);

    [Fact]
    public void Biases_are_ordered_by_token_id() => Assert.Equal(
        [(2u, -100_000_000), (10u, 500_000)],
        Parse(Body("\"logit_bias\":{\"10\":0.5,\"2\":-100}")).Options.Sampling.LogitBias
            .Select(bias => (bias.TokenId, bias.BiasMillionths)));

    [Fact]
    public void Both_names_of_the_token_limit_are_read()
    {
        Assert.Equal(5, Parse(Body("\"max_tokens\":5")).Options.TokensMax);
        Assert.Equal(6, Parse(Body("\"max_completion_tokens\":6")).Options.TokensMax);
        Assert.Equal(7, Parse(Body("\"max_tokens\":7,\"max_completion_tokens\":7.0")).Options.TokensMax);
    }

    [Fact]
    public void A_fixed_seed_differs_from_choice_to_choice()
    {
        GenerationOptions options = Parse(Body("\"seed\":9223372036854775807,\"n\":2")).Options;
        Assert.Equal(long.MaxValue, options.SamplingOf(0).Seed);
        Assert.Equal(long.MinValue, options.SamplingOf(1).Seed);
        Assert.False(Parse(Body("\"n\":2")).Options.SamplingOf(0).HasSeed);
    }

    private static string Body(string field) => $"{{\"model\":\"m\",\"prompt\":\"a\",{field}}}";

    private static CompletionCall Parse(string body) => CompletionCall.Parse(Encoding.UTF8.GetBytes(body), ChoicesMax);

    private static ApiError Refusal(string body) => Assert.Throws<ApiException>(() => Parse(body)).Error;
}
