using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Camelid.Client;

namespace Camelid.Cli.Commands;

/// <summary>
/// <c>camelid models publish|pull|pulls|announced|rm</c>: what other operators have, and what they may have from here.
/// </summary>
internal static class ModelsNetworkCommands
{
    private const string Route = "/api/models";

    /// <summary>Below so many settled jobs a model is pulled only after a question.</summary>
    private const int SettledJobsMin = 10;

    private static readonly TimeSpan WatchPause = TimeSpan.FromMilliseconds(250);

    private static readonly Argument<string> Model = new("MODEL") { Description = "name or root" };

    private static readonly Option<bool> Yes = new("--yes")
    {
        Description = $"pull without a question a model of which less than {SettledJobsMin} jobs were settled here",
    };

    private static readonly Option<bool> NoWait = new("--no-wait")
    {
        Description = "return at once; the node goes on (models pulls shows it)",
    };

    public static IEnumerable<Command> Build(Terminal terminal)
    {
        Command publish = new("publish", "Let other nodes have a model, and tell them.") { Model };
        publish.SetAction((parse, cancellation) => OperatorDocument.PostAsync(
            terminal, parse, ($"{Route}/{Word(parse)}/publish", []), ModelPages.Published, cancellation));
        yield return publish;
        Command pull = new("pull", "Fetch a model from the nodes that have it.") { Model, Yes, NoWait };
        pull.SetAction((parse, cancellation) => PullAsync(terminal, parse, cancellation));
        yield return pull;
        Command pulls = new("pulls", "Models that are being fetched, or were.");
        pulls.SetAction((parse, cancellation) =>
            OperatorDocument.ShowAsync(terminal, parse, Route + "/pulls", ModelPages.Pulls, cancellation));
        yield return pulls;
        Command announced = new("announced", "Models that other nodes have.");
        announced.SetAction((parse, cancellation) =>
            OperatorDocument.ShowAsync(terminal, parse, Route + "/announced", ModelPages.Announced, cancellation));
        yield return announced;
        Command remove = new("rm", "Remove a model, its announcement, or what came of it.") { Model };
        remove.SetAction((parse, cancellation) => RemoveAsync(terminal, parse, cancellation));
        yield return remove;
    }

    /// <summary>What the operator's node knows beside the gateway; null where this key may not ask.</summary>
    public static async Task<JsonNode?> TryGetAsync(
        CamelidClient client, string model, CancellationToken cancellationToken)
    {
        try
        {
            string path = $"{Route}/{Uri.EscapeDataString(model)}";
            return JsonNode.Parse((await client.GetOperatorAsync(path, cancellationToken)).GetRawText());
        }
        catch (CamelidRequestException refusal) when ((int)refusal.Status is 401 or 403 or 404 or 503)
        {
            return null;
        }
    }

    private static string Word(ParseResult parse) => Uri.EscapeDataString(parse.GetRequiredValue(Model));

    private static async Task<int> RemoveAsync(
        Terminal terminal, ParseResult parse, CancellationToken cancellationToken)
    {
        using CamelidClient client = Gateway.Open(parse);
        JsonNode? answer = JsonNode.Parse((await client.DeleteOperatorAsync(
            $"{Route}/{Word(parse)}", cancellationToken)).GetRawText());
        if (parse.GetValue(Gateway.Json))
        {
            terminal.WriteJson(answer);
        }
        else
        {
            terminal.Out.WriteLine($"removed {OperatorPages.Text(answer?["root"])}");
        }

        return (int)ExitCode.Ok;
    }

    private static async Task<int> PullAsync(
        Terminal terminal, ParseResult parse, CancellationToken cancellationToken)
    {
        using CamelidClient client = Gateway.Open(parse);
        string model = parse.GetRequiredValue(Model);
        if (await TryGetAsync(client, model, cancellationToken) is { } here
            && here["state"]?.GetValue<string>() == "present")
        {
            await terminal.Error.WriteLineAsync($"model '{model}' is here already");
            Write(terminal, parse, here, ModelPages.Published);
            return (int)ExitCode.Ok;
        }

        await ConfirmAsync(terminal, parse, client, cancellationToken);
        JsonObject body = new() { ["model"] = model };
        JsonNode? pull = JsonNode.Parse((await client.PostOperatorAsync(
            Route + "/pull", body.ToJsonString(), cancellationToken)).GetRawText());
        if (!parse.GetValue(NoWait))
        {
            pull = await WatchAsync(terminal, client, OperatorPages.Text(pull?["root"]), cancellationToken);
        }

        if (OperatorPages.Text(pull?["state"]) == "failed")
        {
            string reason = OperatorPages.Text(pull?["reason"]);
            throw new CommandFailure(
                reason switch
                {
                    "no-holder" => ExitCode.NotFound,
                    "quota" or "disk-full" => ExitCode.Refused,
                    _ => ExitCode.Failure,
                },
                $"{OperatorPages.Text(pull?["message"])} ({reason})");
        }

        Write(terminal, parse, pull, ModelPages.Pull);
        return (int)ExitCode.Ok;
    }

    private static void Write(
        Terminal terminal, ParseResult parse, JsonNode? document, Action<Terminal, JsonNode?> page)
    {
        if (parse.GetValue(Gateway.Json))
        {
            terminal.WriteJson(document);
        }
        else
        {
            page(terminal, document);
        }
    }

    /// <summary>A model that nobody here has used yet is pulled only where somebody says so.</summary>
    private static async Task ConfirmAsync(
        Terminal terminal, ParseResult parse, CamelidClient client, CancellationToken cancellationToken)
    {
        string model = parse.GetRequiredValue(Model);
        JsonNode? known = JsonNode.Parse((await client.GetOperatorAsync(Route + "/announced", cancellationToken))
            .GetRawText())?.AsArray().FirstOrDefault(entry =>
                model == OperatorPages.Text(entry?["root"]) || model == OperatorPages.Text(entry?["name"]));
        long settled = OperatorPages.Number(known?["settledJobs"]);
        if (settled >= SettledJobsMin || parse.GetValue(Yes))
        {
            return;
        }

        string facts = known is null
            ? $"no node announces '{model}' at present"
            : string.Create(CultureInfo.InvariantCulture,
                $"'{OperatorPages.Text(known["name"])}' ({OperatorPages.Text(known["root"])}, "
                + $"{OperatorPages.Number(known["bytesCount"]) / 1e6:F1} MB, "
                + $"{OperatorPages.Text(known["holdersCount"])} nodes have it) has {settled} settled jobs here");
        if (terminal.ReadHidden is null)
        {
            throw new CommandFailure(ExitCode.Refused, $"{facts}; say --yes to pull it all the same");
        }

        await terminal.Error.WriteAsync($"{facts}. Pull it? [y/N] ");
        string answer = await terminal.In.ReadLineAsync(cancellationToken) ?? "";
        if (!answer.Trim().StartsWith("y", StringComparison.OrdinalIgnoreCase))
        {
            throw new CommandFailure(ExitCode.Refused, "not pulled");
        }
    }

    private static async Task<JsonNode?> WatchAsync(
        Terminal terminal, CamelidClient client, string root, CancellationToken cancellationToken)
    {
        PullProgressLine progress = new(terminal, TimeProvider.System);
        using PeriodicTimer timer = new(WatchPause);
        try
        {
            while (true)
            {
                JsonNode? pull = JsonNode.Parse((await client.GetOperatorAsync(
                    $"{Route}/pulls/{root}", cancellationToken)).GetRawText());
                progress.Show(pull);
                if (OperatorPages.Text(pull?["state"]) is "done" or "failed")
                {
                    return pull;
                }

                await timer.WaitForNextTickAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            throw new CommandFailure(
                ExitCode.Failure, "watched no longer; the node goes on (camelid models pulls shows it)");
        }
        finally
        {
            progress.End();
        }
    }
}
