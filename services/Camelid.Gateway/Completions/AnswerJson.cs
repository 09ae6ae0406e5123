using System.Text.Encodings.Web;
using System.Text.Json;
using Camelid.Client;

namespace Camelid.Gateway.Completions;

/// <summary>OpenAI's documents as this gateway writes them: text of any language stays readable.</summary>
internal static class AnswerJson
{
    /// <summary>The writer. Answers are JSON, never part of a page, so that HTML's characters need no escape.</summary>
    public static OpenAiJson Documents { get; } = new(new JsonSerializerOptions(OpenAiJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
