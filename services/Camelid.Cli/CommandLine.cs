using System.CommandLine;
using System.Net;
using Camelid.Cli.Commands;
using Camelid.Client;

namespace Camelid.Cli;

/// <summary>
/// The tool <c>camelid</c>: parses, runs one command, turns each failure into one line and an exit code.
/// </summary>
internal static class CommandLine
{
    /// <summary>Runs one command line.</summary>
    public static async Task<int> RunAsync(string[] args, Terminal terminal)
    {
        RootCommand root = Build(terminal);
        ParseResult parse = root.Parse(args);
        if (parse.Errors.Count > 0)
        {
            string fault = parse.UnmatchedTokens.Count > 0
                ? $"'{parse.UnmatchedTokens[0]}' is no word of this command."
                : parse.Errors[0].Message;
            await terminal.Error.WriteLineAsync($"camelid: {fault} Try: camelid {PathOf(parse)}--help");
            return (int)ExitCode.Usage;
        }

        try
        {
            return await parse.InvokeAsync(new InvocationConfiguration
            {
                Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromSeconds(60),
            });
        }
        catch (CommandFailure failure)
        {
            return await FailAsync(terminal, failure.Code, failure.Message);
        }
        catch (CamelidRequestException refusal)
        {
            string job = refusal.JobId is null ? "" : $" (job {refusal.JobId})";
            return await FailAsync(terminal, CodeOf(refusal.Status), refusal.Message + job);
        }
        catch (HttpRequestException exception)
        {
            return await FailAsync(terminal, ExitCode.Unreachable, $"{Gateway.AddressOf(parse)}: {exception.Message}. "
                + "Is the node up? Start it with ./camelid up, or name another by --url or CAMELID_URL.");
        }
        catch (OperationCanceledException)
        {
            return await FailAsync(terminal, ExitCode.Failure, "stopped");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return await FailAsync(terminal, ExitCode.Failure, exception.Message);
        }
    }

    internal static RootCommand Build(Terminal terminal)
    {
        RootCommand root = new("Verifiable, paid, distributed inference: talk to a Camelid node, check its receipts.")
        {
            RunCommand.Build(terminal),
            VerifyCommand.Build(terminal),
            JobsCommand.Build(terminal),
            WalletCommand.Build(terminal),
            ModelsCommand.Build(terminal),
            ChainCommand.Build(terminal),
            NodeCommand.Build(terminal),
            DoctorCommand.Build(terminal),
            ClusterCommand.Build(terminal),
            NodesCommand.Build(terminal),
            DemoCommand.Build(terminal),
        };
        root.Add(CompletionCommand.Build(terminal, root));
        root.Add(Gateway.Url);
        root.Add(Gateway.ApiKeyFile);
        root.Add(Gateway.DataDir);
        root.Add(Gateway.Json);
        return root;
    }

    /// <summary>The exit code for a refusal.</summary>
    internal static ExitCode CodeOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity or HttpStatusCode.RequestEntityTooLarge
            => ExitCode.Usage,
        HttpStatusCode.NotFound => ExitCode.NotFound,
        HttpStatusCode.PaymentRequired => ExitCode.NoMoney,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.Conflict
            or HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable => ExitCode.Refused,
        _ => ExitCode.Failure,
    };

    private static string PathOf(ParseResult parse)
    {
        Command command = parse.CommandResult.Command;
        return command is RootCommand ? "" : command.Name + " ";
    }

    private static async Task<int> FailAsync(Terminal terminal, ExitCode code, string message)
    {
        await terminal.Error.WriteLineAsync($"camelid: {message.ReplaceLineEndings(" ")}");
        return (int)code;
    }
}
