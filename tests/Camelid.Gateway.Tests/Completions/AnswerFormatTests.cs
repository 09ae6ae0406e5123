using System.Text.Json;
using Camelid.Client.Completions;
using Camelid.Gateway.Completions;
using Camelid.TestKit;

namespace Camelid.Gateway.Tests.Completions;

public sealed class AnswerFormatTests
{
    private const string JobId = "7777777777777777777777777777777777777777777777777777777777777777";
    private static readonly UsageDocument Usage = new() { PromptTokens = 4, CompletionTokens = 3, TotalTokens = 7 };

    [Fact]
    public void A_whole_completion_has_the_shape_of_OpenAIs_schema()
    {
        JsonElement answer = Read(Completion(",\"logprobs\":1").Whole([Whole()], Usage));
        OpenApiShape.Check("CreateCompletionResponse", answer);
        Assert.Equal("text_completion", answer.GetProperty("object").GetString());
        Assert.Equal("cmpl-" + JobId, answer.GetProperty("id").GetString());
        JsonElement verification = answer.GetProperty("camelid").GetProperty("verification");
        Assert.Equal("passed", verification.GetProperty("verdict").GetString());
        JsonElement logprobs = answer.GetProperty("choices")[0].GetProperty("logprobs");
        Assert.Equal("bytes:\\xf0\\x9f", logprobs.GetProperty("top_logprobs")[0].EnumerateObject().Single().Name);
        Assert.Equal([0, 4], logprobs.GetProperty("text_offset").EnumerateArray().Select(item => item.GetInt32()));
    }

    [Fact]
    public void A_whole_chat_answer_has_the_shape_of_OpenAIs_schema()
    {
        JsonElement answer = Read(Chat(",\"logprobs\":1").Whole([Whole()], Usage));
        OpenApiShape.Check("CreateChatCompletionResponse", answer);
        JsonElement token = answer.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content")[0];
        Assert.Equal([79, 110, 99, 101], token.GetProperty("bytes").EnumerateArray().Select(item => item.GetInt32()));
    }

    [Fact]
    public void Log_probabilities_are_null_unless_asked_for()
    {
        JsonElement choice = Read(Completion("").Whole([Whole()], Usage)).GetProperty("choices")[0];
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("logprobs").ValueKind);
    }

    [Fact]
    public void A_chat_stream_opens_with_the_role_and_ends_with_one_finish_reason_and_the_proof()
    {
        AnswerFormat format = Chat("");
        OpenedJob job = SampleRequest.Job();
        JsonElement opening = Read(format.Opening(job)!);
        JsonElement piece = Read(format.Piece(job, new ChoicePiece("Once", null)));
        JsonElement ending = Read(format.Ending(job, SampleRequest.End));
        foreach (JsonElement chunk in new[] { opening, piece, ending })
        {
            OpenApiShape.Check("CreateChatCompletionStreamResponse", chunk);
        }

        Assert.Equal("assistant", Delta(opening).GetProperty("role").GetString());
        Assert.False(Delta(piece).TryGetProperty("role", out _));
        Assert.Equal(JsonValueKind.Null, piece.GetProperty("choices")[0].GetProperty("finish_reason").ValueKind);
        Assert.False(piece.TryGetProperty("camelid", out _));
        Assert.Equal("stop", ending.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(JobId, ending.GetProperty("camelid").GetProperty("job_id").GetString());
    }

    [Fact]
    public void Usage_comes_in_a_chunk_without_choices()
    {
        JsonElement chunk = Read(Chat("").Counting(Usage));
        Assert.Empty(chunk.GetProperty("choices").EnumerateArray());
        Assert.Equal(7, chunk.GetProperty("usage").GetProperty("total_tokens").GetInt32());
    }

    [Fact]
    public void An_echo_comes_before_the_answer()
    {
        AnswerFormat format = Completion("");
        Assert.Null(format.Opening(SampleRequest.Job()));
        JsonElement opening = Read(format.Opening(SampleRequest.Job(echo: "Once"))!);
        Assert.Equal("Once", opening.GetProperty("choices")[0].GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("stop", "stop")]
    [InlineData("length", "length")]
    [InlineData("cancelled", "length")]
    public void A_finish_reason_is_one_that_OpenAIs_clients_know(string ours, string theirs) =>
        Assert.Equal(theirs, ChoiceRunner.FinishReasonOf(ours));

    [Theory]
    [InlineData("Once upon", "Once", " upon")]
    [InlineData("Once", "Once", "")]
    [InlineData("Once", "", "Once")]
    public void What_was_held_back_is_shown_at_the_end(string whole, string shown, string rest) =>
        Assert.Equal(rest, ChoiceRunner.RestOf(whole, shown));

    [Fact]
    public void Each_of_several_choices_carries_its_own_proof()
    {
        JsonElement answer = Read(Completion(",\"n\":2").Whole([Whole(), Whole()], Usage));
        Assert.All(answer.GetProperty("choices").EnumerateArray(), choice => choice.GetProperty("camelid"));
        JsonElement single = Read(Completion("").Whole([Whole()], Usage));
        Assert.False(single.GetProperty("choices")[0].TryGetProperty("camelid", out _));
    }

    private static WholeChoice Whole() => new(
        "Once upon",
        [SampleRequest.Token("Once", -0.25f), SampleRequest.Token(" upon", -0.5f, 4)],
        SampleRequest.End);

    private static CompletionFormat Completion(string fields) => new(SampleRequest.Of(fields), JobId, 1_790_000_000);

    private static ChatFormat Chat(string fields) => new(SampleRequest.Of(fields), JobId, 1_790_000_000);

    private static JsonElement Delta(JsonElement chunk) => chunk.GetProperty("choices")[0].GetProperty("delta");

    private static JsonElement Read(string json)
    {
        Assert.DoesNotContain('\n', json);
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}

/// <summary>
/// Compares a document with a schema of OpenAI's published description: required fields, types, enumerations.
/// </summary>
internal static class OpenApiShape
{
    private static readonly Lazy<JsonElement> Schemas = new(() =>
        SharedFiles.Json("openapi", "openapi.json").GetProperty("components").GetProperty("schemas"));

    public static void Check(string schema, JsonElement document)
    {
        if (File.Exists(Path.Combine(SharedFiles.Root, "openapi", "openapi.json")))
        {
            string? fault = FaultOf(Schemas.Value.GetProperty(schema), document, schema);
            Assert.True(fault is null, fault);
        }
    }

    /// <summary>The first fault, or null.</summary>
    private static string? FaultOf(JsonElement schema, JsonElement value, string path)
    {
        if (schema.TryGetProperty("$ref", out JsonElement reference))
        {
            return FaultOf(Schemas.Value.GetProperty(reference.GetString()!.Split('/')[^1]), value, path);
        }

        if (schema.TryGetProperty("anyOf", out JsonElement any) || schema.TryGetProperty("oneOf", out any))
        {
            string?[] faults = [.. any.EnumerateArray().Select(option => FaultOf(option, value, path))];
            return faults.Contains(null) ? null : faults[0];
        }

        if (value.ValueKind == JsonValueKind.Null && schema.TryGetProperty("nullable", out JsonElement nullable)
            && nullable.GetBoolean())
        {
            return null;
        }

        return TypeFaultOf(schema, value, path)
            ?? (schema.TryGetProperty("enum", out JsonElement values)
                && !values.EnumerateArray().Any(item => item.ToString() == value.ToString())
                ? $"{path}: {value} is none of {values}" : null)
            ?? (value.ValueKind == JsonValueKind.Object ? ObjectFaultOf(schema, value, path) : null)
            ?? (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out JsonElement items)
                ? value.EnumerateArray().Select((item, index) => FaultOf(items, item, $"{path}[{index}]"))
                    .FirstOrDefault(fault => fault is not null)
                : null);
    }

    private static string? TypeFaultOf(JsonElement schema, JsonElement value, string path)
    {
        if (!schema.TryGetProperty("type", out JsonElement type))
        {
            return null;
        }

        JsonValueKind[] kinds = type.GetString() switch
        {
            "object" => [JsonValueKind.Object],
            "array" => [JsonValueKind.Array],
            "string" => [JsonValueKind.String],
            "integer" or "number" => [JsonValueKind.Number],
            "boolean" => [JsonValueKind.True, JsonValueKind.False],
            _ => [JsonValueKind.Null],
        };
        return kinds.Contains(value.ValueKind) ? null : $"{path}: {value.ValueKind} is no {type}";
    }

    private static string? ObjectFaultOf(JsonElement schema, JsonElement value, string path)
    {
        if (schema.TryGetProperty("required", out JsonElement required))
        {
            foreach (string name in required.EnumerateArray().Select(item => item.GetString()!))
            {
                if (!value.TryGetProperty(name, out _))
                {
                    return $"{path}: '{name}' is missing";
                }
            }
        }

        return !schema.TryGetProperty("properties", out JsonElement properties)
            ? null
            : value.EnumerateObject().Where(field => properties.TryGetProperty(field.Name, out _))
                .Select(field => FaultOf(properties.GetProperty(field.Name), field.Value, $"{path}.{field.Name}"))
                .FirstOrDefault(fault => fault is not null);
    }
}
