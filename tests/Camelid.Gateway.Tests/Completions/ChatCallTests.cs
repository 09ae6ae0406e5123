using System.Text;
using Camelid.Gateway.Completions;
using Camelid.Gateway.Errors;

namespace Camelid.Gateway.Tests.Completions;

public sealed class ChatCallTests
{
    private const string User = "{\"role\":\"user\",\"content\":\"hi\"}";

    [Theory]
    [InlineData("null", "messages")]
    [InlineData("[]", "messages")]
    [InlineData("{}", "messages")]
    [InlineData("[1]", "messages[0]")]
    [InlineData("[{\"content\":\"a\"}]", "messages[0].role")]
    [InlineData("[{\"role\":\"pope\",\"content\":\"a\"}]", "messages[0].role")]
    [InlineData("[{\"role\":\"tool\",\"content\":\"a\"}]", "messages[0].role")]
    [InlineData("[{\"role\":\"user\"}]", "messages[0].content")]
    [InlineData("[{\"role\":\"user\",\"content\":5}]", "messages[0].content")]
    [InlineData("[" + User + ",{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]", "messages[1].content[0].text")]
    [InlineData("[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]", "messages[0].content[0]")]
    [InlineData("[{\"role\":\"user\",\"name\":\"Bob\",\"content\":\"a\"}]", "messages[0].name")]
    [InlineData("[{\"role\":\"assistant\",\"content\":\"a\",\"tool_calls\":[{}]}]", "messages[0].tool_calls")]
    public void A_message_that_cannot_be_honoured_is_refused_by_its_place(string messages, string param)
    {
        ApiError error = Refusal($"{{\"model\":\"m\",\"messages\":{messages}}}");
        Assert.Equal((400, param), (error.Status, error.Param));
    }

    [Fact]
    public void Parts_of_text_are_joined_and_developer_is_system()
    {
        ChatCall call = Parse(
            """
            {"model":"m","messages":[
                {"role":"developer","content":"Be brief."},
                {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
                {"role":"assistant","content":"","tool_calls":[],"refusal":null}]}
            """);
        Assert.Equal(
            [("system", "Be brief."), ("user", "ab"), ("assistant", "")],
            call.Messages.Select(message => (message.Role, message.Content)));
    }

    [Theory]
    [InlineData("\"top_logprobs\":1", "top_logprobs")]
    [InlineData("\"logprobs\":true,\"top_logprobs\":21", "top_logprobs")]
    [InlineData("\"logprobs\":3", "logprobs")]
    public void Log_probabilities_have_limits(string field, string param) =>
        Assert.Equal(param, Refusal($"{{\"model\":\"m\",\"messages\":[{User}],{field}}}").Param);

    [Fact]
    public void Twenty_rivals_may_be_asked_for()
    {
        string body = $"{{\"model\":\"m\",\"messages\":[{User}],\"logprobs\":true,\"top_logprobs\":20}}";
        Assert.Equal(20, Parse(body).Options.TopLogprobs);
    }

    private static ChatCall Parse(string body) => ChatCall.Parse(Encoding.UTF8.GetBytes(body), 32);

    private static ApiError Refusal(string body) => Assert.Throws<ApiException>(() => Parse(body)).Error;
}
