using System.CommandLine;
using System.Text.Json.Nodes;
using Camelid.Client;

namespace Camelid.Cli.Commands;

/// <summary>
/// <c>camelid wallet label|labels|sign|verify|watch</c>: names, signed messages, and addresses of others.
/// </summary>
internal static class WalletBookCommand
{
    private const string Route = "/api/wallet";

    private static readonly Argument<string> Subject = new("SUBJECT") { Description = "an address or a transaction" };

    private static readonly Argument<string> Text = new("TEXT")
    {
        Description = "its name; none takes it back", DefaultValueFactory = _ => "",
    };

    private static readonly Argument<string> Address = new("ADDRESS") { Description = "whose key signs" };
    private static readonly Argument<string> Message = new("MESSAGE") { Description = "the text" };
    private static readonly Argument<string> Signature = new("SIGNATURE") { Description = "88 characters of base64" };

    private static readonly Argument<string> Content = new("WHAT")
    {
        Description = "an address, or the extended public key of an account (xpub, tpub)",
    };

    public static IEnumerable<Command> Build(Terminal terminal)
    {
        Command label = new("label", "Name an address or a transaction.") { Subject, Text };
        label.SetAction((parse, cancellation) => OperatorDocument.PostAsync(
            terminal,
            parse,
            ($"{Route}/labels", new JsonObject
            {
                ["subject"] = parse.GetRequiredValue(Subject), ["text"] = parse.GetRequiredValue(Text),
            }),
            Labels,
            cancellation));
        yield return label;
        Command labels = new("labels", "All names.");
        labels.SetAction((parse, cancellation) =>
            OperatorDocument.ShowAsync(terminal, parse, Route + "/labels", Labels, cancellation));
        yield return labels;
        Command sign = new("sign", "Sign a message with the key of an address of the wallet.") { Address, Message };
        sign.SetAction((parse, cancellation) => OperatorDocument.PostAsync(
            terminal,
            parse,
            ($"{Route}/sign", MessageOf(parse)),
            (page, answer) => page.Out.WriteLine(OperatorPages.Text(answer?["signature"])),
            cancellation));
        yield return sign;
        Command verify = new("verify", "Whether the key of an address signed a message; exit code 6 where not.")
        {
            Address, Message, Signature,
        };
        verify.SetAction((parse, cancellation) => VerifyAsync(terminal, parse, cancellation));
        yield return verify;
        Command watch = new("watch", "Addresses whose coins are shown and never spent.")
        {
            Watching("add", "Watch an address or an account.", "watch"),
            Watching("rm", "Watch it no more.", "unwatch"),
        };
        Command list = new("ls", "What is watched.");
        list.SetAction((parse, cancellation) =>
            OperatorDocument.ShowAsync(terminal, parse, Route + "/watch", Watched, cancellation));
        watch.Add(list);
        yield return watch;

        Command Watching(string word, string what, string route)
        {
            Command command = new(word, what) { Content };
            command.SetAction((parse, cancellation) => OperatorDocument.PostAsync(
                terminal,
                parse,
                ($"{Route}/{route}", new JsonObject { ["content"] = parse.GetRequiredValue(Content) }),
                Watched,
                cancellation));
            return command;
        }
    }

    private static async Task<int> VerifyAsync(
        Terminal terminal, ParseResult parse, CancellationToken cancellationToken)
    {
        JsonObject question = MessageOf(parse);
        question["signature"] = parse.GetRequiredValue(Signature);
        using CamelidClient client = Gateway.Open(parse);
        JsonNode? answer = JsonNode.Parse((await client.PostOperatorAsync(
            Route + "/verify", question.ToJsonString(), cancellationToken)).GetRawText());
        bool isGood = answer?["valid"]?.GetValue<bool>() == true;
        if (parse.GetValue(Gateway.Json))
        {
            terminal.WriteJson(answer);
        }
        else
        {
            await terminal.Out.WriteLineAsync(isGood ? "signed by the key of this address" : "NOT signed by it");
        }

        return (int)(isGood ? ExitCode.Ok : ExitCode.VerificationFailed);
    }

    private static JsonObject MessageOf(ParseResult parse) => new()
    {
        ["address"] = parse.GetRequiredValue(Address), ["message"] = parse.GetRequiredValue(Message),
    };

    private static void Labels(Terminal terminal, JsonNode? list) => terminal.WriteRows(
        ["NAME", "OF"],
        [.. (list?["labels"] as JsonArray ?? []).Select(label => (IReadOnlyList<string>)[
            OperatorPages.Text(label?["text"]), OperatorPages.Text(label?["subject"])])]);

    private static void Watched(Terminal terminal, JsonNode? list)
    {
        foreach (JsonNode? content in list?["contents"] as JsonArray ?? [])
        {
            terminal.Out.WriteLine(OperatorPages.Text(content));
        }
    }
}
