using System.CommandLine;
using System.Text.Json.Nodes;
using Camelid.Client;

namespace Camelid.Cli.Commands;

/// <summary>Fetches a document of an operator route and writes it, as JSON or for people.</summary>
internal static class OperatorDocument
{
    public static async Task<int> ShowAsync(
        Terminal terminal,
        ParseResult parse,
        string path,
        Action<Terminal, JsonNode?> page,
        CancellationToken cancellationToken)
    {
        JsonNode? document = await GetAsync(parse, path, cancellationToken);
        if (parse.GetValue(Gateway.Json))
        {
            terminal.WriteJson(document);
        }
        else
        {
            page(terminal, document);
        }

        return (int)ExitCode.Ok;
    }

    public static async Task<JsonNode?> GetAsync(ParseResult parse, string path, CancellationToken cancellationToken)
    {
        using CamelidClient client = Gateway.Open(parse);
        return JsonNode.Parse((await client.GetOperatorAsync(path, cancellationToken)).GetRawText());
    }

    /// <summary>Posts a document, and writes the answer as JSON or for people.</summary>
    public static async Task<int> PostAsync(
        Terminal terminal,
        ParseResult parse,
        (string Path, JsonObject Body) request,
        Action<Terminal, JsonNode?> page,
        CancellationToken cancellationToken)
    {
        using CamelidClient client = Gateway.Open(parse);
        JsonNode? answer = JsonNode.Parse((await client.PostOperatorAsync(
            request.Path, request.Body.ToJsonString(), cancellationToken)).GetRawText());
        if (parse.GetValue(Gateway.Json))
        {
            terminal.WriteJson(answer);
        }
        else
        {
            page(terminal, answer);
        }

        return (int)ExitCode.Ok;
    }
}
