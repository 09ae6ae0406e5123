using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Camelid.Client;
using Camelid.Client.Jobs;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid jobs ls|show|submit|wait|cancel</c>: where a job and its money are.</summary>
internal static class JobsCommand
{
    private const int LimitDefault = 20;

    public static readonly Argument<string> JobId = new("JOB") { Description = "the job, 64 hexadecimal digits" };

    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "how many, newest first", DefaultValueFactory = _ => LimitDefault,
    };

    public static Command Build(Terminal terminal)
    {
        Command list = new("ls", "The newest jobs.") { Limit };
        list.SetAction(async (parse, cancellation) =>
        {
            using CamelidClient client = Gateway.Open(parse);
            JobListDocument jobs = await client.ListJobsAsync(parse.GetValue(Limit), cancellation);
            WriteList(terminal, jobs, parse.GetValue(Gateway.Json));
        });
        Command show = new("show", "One job: states, times, transactions.") { JobId };
        show.SetAction(async (parse, cancellation) =>
        {
            using CamelidClient client = Gateway.Open(parse);
            Write(terminal, await client.GetJobAsync(parse.GetRequiredValue(JobId), cancellation), parse);
        });
        Command cancel = new("cancel", "Stop a job; what was run until then is still paid.") { JobId };
        cancel.SetAction(async (parse, cancellation) =>
        {
            using CamelidClient client = Gateway.Open(parse);
            string jobId = parse.GetRequiredValue(JobId);
            await client.CancelJobAsync(jobId, cancellation);
            Write(terminal, await client.GetJobAsync(jobId, cancellation), parse);
        });
        return new Command("jobs", "Jobs and their states.")
        {
            list, show, JobsSubmitCommand.Build(terminal), JobsWaitCommand.Build(terminal), cancel,
        };
    }

    private static void WriteList(Terminal terminal, JobListDocument jobs, bool json)
    {
        if (json)
        {
            JsonNode? data = JsonSerializer.SerializeToNode(jobs, CamelidJson.Default.JobListDocument)?["data"];
            terminal.WriteJson(data ?? new JsonArray());
            return;
        }

        terminal.WriteRows(
            ["JOB", "CREATED", "PAYMENT", "VERIFICATION", "TOKENS", "CML"],
            [.. jobs.Data.Select(job => (IReadOnlyList<string>)[
                job.JobId,
                DateTimeOffset.FromUnixTimeMilliseconds(job.CreatedUnixMs)
                    .ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                job.Payment.State,
                job.Verification.Verdict,
                job.OutputTokens.ToString(CultureInfo.InvariantCulture),
                Amounts.Coins(job.Payment.Grains)])]);
    }

    /// <summary>Writes a job as a page, or as JSON where that was asked for.</summary>
    public static void Write(Terminal terminal, JobDocument job, ParseResult parse)
    {
        if (parse.GetValue(Gateway.Json))
        {
            terminal.WriteJson(JsonSerializer.SerializeToNode(job, CamelidJson.Default.JobDocument));
        }
        else
        {
            JobPage.Write(terminal, job);
        }
    }
}
