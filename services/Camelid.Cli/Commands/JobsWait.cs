using System.CommandLine;
using Camelid.Client;
using Camelid.Client.Completions;
using Camelid.Client.Jobs;

namespace Camelid.Cli.Commands;

/// <summary>
/// Follows one job: its states on standard error as they change, its answer on standard output once it is there.
/// </summary>
internal sealed class JobsWait(CamelidClient client, Terminal terminal, ParseResult parse)
{
    /// <summary>Seconds in which the gateway answers a question for an answer that has not come.</summary>
    private const int AskSeconds = 1;

    /// <summary>Payment states in which nothing more happens.</summary>
    private static readonly string[] Ended = ["settled", "expired", "refunded", "slashed", "dismissed"];

    /// <summary>Codes of the gateway for a job that ended without an answer.</summary>
    private static readonly string[] WithoutAnswer = ["job_lapsed", "worker_lost", "job_failed", "cancelled"];

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly DateTimeOffset end =
        DateTimeOffset.UtcNow.AddSeconds(parse.GetValue(JobsWaitCommand.TimeoutSeconds));

    private readonly bool json = parse.GetValue(Gateway.Json);
    private string seen = "";

    /// <summary>Waits for the answer, and for the settlement where it is wanted.</summary>
    /// <exception cref="CommandFailure">The time is over.</exception>
    public async Task<int> RunAsync(string jobId, bool untilSettled, CancellationToken cancellationToken)
    {
        JobDocument job = await client.GetJobAsync(jobId, cancellationToken);
        await SayAsync(job);
        string failure = job.Side == "sold" ? "" : await AnswerAsync(jobId, cancellationToken);
        job = await client.GetJobAsync(jobId, cancellationToken);
        using PeriodicTimer timer = new(Pause);
        while (failure.Length == 0 && (untilSettled || job.Side == "sold") && !Ended.Contains(job.Payment.State))
        {
            CheckTime(job);
            await timer.WaitForNextTickAsync(cancellationToken);
            job = await client.GetJobAsync(jobId, cancellationToken);
            await SayAsync(job);
        }

        await SayAsync(job);
        if (json)
        {
            JobsCommand.Write(terminal, job, parse);
        }

        if (failure.Length > 0)
        {
            await terminal.Error.WriteLineAsync($"camelid: {failure}");
        }

        return (int)CodeOf(job, failure.Length > 0, untilSettled);
    }

    /// <summary>The exit code that tells a script how the job stands.</summary>
    internal static ExitCode CodeOf(JobDocument job, bool hasFailed, bool untilSettled) => job switch
    {
        { Verification.Verdict: "failed" } => ExitCode.VerificationFailed,
        _ when hasFailed => ExitCode.Failure,
        _ when untilSettled && job.Payment.State != "settled" => ExitCode.Failure,
        _ => ExitCode.Ok,
    };

    /// <summary>Writes the answer once it is there.</summary>
    /// <returns>Why there is none; empty where there is one.</returns>
    private async Task<string> AnswerAsync(string jobId, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                JobAnswerDocument found = await client.GetAnswerAsync(jobId, AskSeconds, cancellationToken);
                if (found.Answer is { } answer)
                {
                    await WriteAsync(answer);
                    return "";
                }

                await SayAsync(found.State!);
                CheckTime(found.State!);
            }
        }
        catch (CamelidRequestException refusal) when (WithoutAnswer.Contains(refusal.Error.Code))
        {
            return refusal.Message;
        }
    }

    private Task WriteAsync(CompletionDocument answer) =>
        json ? Task.CompletedTask : terminal.Out.WriteLineAsync(answer.Choices[0].Text);

    private async Task SayAsync(JobDocument job)
    {
        string line = $"{job.Payment.State}, verification {job.Verification.Verdict}"
            + (job.WaitingFor is { } waiting ? $", waiting for {waiting}" : "");
        if (line != seen)
        {
            seen = line;
            await terminal.Error.WriteLineAsync(line + (job.Money is { } money ? $". {money}" : ""));
        }
    }

    private void CheckTime(JobDocument job)
    {
        if (DateTimeOffset.UtcNow >= end)
        {
            throw new CommandFailure(ExitCode.Failure,
                $"job {job.JobId} is still {job.Payment.State} after "
                + $"{parse.GetValue(JobsWaitCommand.TimeoutSeconds)} s; wait longer with --timeout");
        }
    }
}
