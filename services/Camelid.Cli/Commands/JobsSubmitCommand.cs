using System.CommandLine;
using Camelid.Client;
using Camelid.Client.Completions;
using Camelid.Client.Jobs;

namespace Camelid.Cli.Commands;

/// <summary>
/// <c>camelid jobs submit MODEL "prompt"</c>: a job that any operator's worker may run, paid by escrow.
/// </summary>
internal static class JobsSubmitCommand
{
    private const int MaxTokensDefault = 64;

    private static readonly Argument<string> Model = new("MODEL") { Description = "name or root of the model" };
    private static readonly Argument<string> Prompt = new("PROMPT") { Description = "the text to go on from" };
    private static readonly Option<int> MaxTokens = new("--max-tokens")
    {
        Description = "most tokens to run", DefaultValueFactory = _ => MaxTokensDefault,
    };

    private static readonly Option<long?> MaxPrice = new("--max-price")
    {
        Description = "most grains that a token may cost (default: the lowest price that is announced)",
        HelpName = "GRAINS",
    };

    private static readonly Option<int?> Deadline = new("--deadline")
    {
        Description = "seconds until the offer lapses", HelpName = "SECONDS",
    };

    private static readonly Option<string?> Verification = new("--verification")
    {
        Description = "spot, sampled or full",
    };

    private static readonly Option<string?> VerifyBy = new("--verify-by") { Description = "any, own, third or none" };

    private static readonly Option<decimal?> Temperature = new("--temperature")
    {
        Description = "0 takes the likeliest token; up to 2",
    };

    private static readonly Option<long?> Seed = new("--seed") { Description = "fixes the randomness" };
    private static readonly Option<bool> Chat = new("--chat") { Description = "send the prompt as a chat message" };
    private static readonly Option<string?> Key = new("--key")
    {
        Description = "names the request: sent again with the same key, it opens no second job",
    };

    private static readonly Option<bool> Wait = new("--wait") { Description = "wait for the answer and write it" };

    public static Command Build(Terminal terminal)
    {
        Command submit = new("submit", "Open a job that any operator's worker may run; writes the job, or the answer.")
        {
            Model, Prompt, MaxTokens, MaxPrice, Deadline, Verification, VerifyBy, Temperature, Seed, Chat, Key, Wait,
            JobsWaitCommand.TimeoutSeconds,
        };
        submit.SetAction((parse, cancellation) => RunAsync(terminal, parse, cancellation));
        return submit;
    }

    private static async Task<int> RunAsync(Terminal terminal, ParseResult parse, CancellationToken cancellationToken)
    {
        using CamelidClient client = Gateway.Open(parse);
        JobDocument job = await client.SubmitJobAsync(RequestOf(parse), parse.GetValue(Key), cancellationToken);
        if (parse.GetValue(Wait))
        {
            await terminal.Error.WriteLineAsync($"job {job.JobId}");
            return await new JobsWait(client, terminal, parse).RunAsync(
                job.JobId, untilSettled: false, cancellationToken);
        }

        if (parse.GetValue(Gateway.Json))
        {
            JobsCommand.Write(terminal, job, parse);
        }
        else
        {
            await terminal.Out.WriteLineAsync(job.JobId);
        }

        return (int)ExitCode.Ok;
    }

    private static JobRequest RequestOf(ParseResult parse)
    {
        string prompt = parse.GetRequiredValue(Prompt);
        bool isChat = parse.GetValue(Chat);
        return new JobRequest
        {
            Model = parse.GetRequiredValue(Model),
            Prompt = isChat ? null : prompt,
            Messages = isChat ? [new ChatRequestMessage("user", prompt)] : null,
            MaxTokens = parse.GetValue(MaxTokens),
            MaxPriceGrains = parse.GetValue(MaxPrice),
            DeadlineSeconds = parse.GetValue(Deadline),
            Verification = parse.GetValue(Verification),
            VerifyBy = parse.GetValue(VerifyBy),
            Temperature = parse.GetValue(Temperature),
            Seed = parse.GetValue(Seed),
        };
    }
}
