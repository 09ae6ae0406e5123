using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Camelid.Client;
using Camelid.Client.Jobs;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid jobs ls|show|wait</c>: where a job and its money are.</summary>
internal static class JobsCommand
{
    private const int LimitDefault = 20;

    /// <summary>Payment states in which nothing more happens.</summary>
    private static readonly string[] Ended = ["settled", "expired", "refunded", "slashed", "dismissed"];

    private static readonly Argument<string> JobId = new("JOB") { Description = "the job, 64 hexadecimal digits" };
    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "how many, newest first", DefaultValueFactory = _ => LimitDefault,
    };

    private static readonly Option<int> TimeoutSeconds = new("--timeout")
    {
        Description = "seconds to wait", DefaultValueFactory = _ => 180,
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
        Command wait = new("wait", "Wait until a job is settled, or ended otherwise.") { JobId, TimeoutSeconds };
        wait.SetAction((parse, cancellation) => WaitAsync(terminal, parse, cancellation));
        return new Command("jobs", "Jobs and their states.") { list, show, wait };
    }

    private static async Task<int> WaitAsync(Terminal terminal, ParseResult parse, CancellationToken cancellationToken)
    {
        using CamelidClient client = Gateway.Open(parse);
        string jobId = parse.GetRequiredValue(JobId);
        DateTimeOffset end = DateTimeOffset.UtcNow.AddSeconds(parse.GetValue(TimeoutSeconds));
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(500));
        string seen = "";
        while (true)
        {
            JobDocument job = await client.GetJobAsync(jobId, cancellationToken);
            if (job.Payment.State != seen)
            {
                seen = job.Payment.State;
                await terminal.Error.WriteLineAsync($"{seen}, verification {job.Verification.Verdict}");
            }

            if (Ended.Contains(seen))
            {
                Write(terminal, job, parse);
                return (int)(seen == "settled" ? ExitCode.Ok : ExitCode.Failure);
            }

            if (DateTimeOffset.UtcNow >= end)
            {
                throw new CommandFailure(ExitCode.Failure,
                    $"job {jobId} is still {seen} after {parse.GetValue(TimeoutSeconds)} s; "
                    + "wait longer with --timeout");
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
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

    private static void Write(Terminal terminal, JobDocument job, ParseResult parse)
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
