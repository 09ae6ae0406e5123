using Google.Protobuf;

namespace Camelid.Chain.Api;

/// <summary>Messages of the contracts as JSON documents, fields of default values included.</summary>
internal static class MessageJson
{
    private static readonly JsonFormatter Json = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    /// <summary>Answers with a document.</summary>
    public static IResult Answer(IMessage message) => Results.Text(Json.Format(message), "application/json");
}
