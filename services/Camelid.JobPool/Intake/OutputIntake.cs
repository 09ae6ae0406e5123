using System.Security.Cryptography;
using Camelid.Contracts.Inference.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Submission;
using Camelid.JobPool.Tokens;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Google.Protobuf;
using MassTransit;

namespace Camelid.JobPool.Intake;

/// <summary>Takes what a worker computed.</summary>
internal sealed partial class OutputIntake(
    JobSteps steps, TokenBoards boards, ISecp256k1 curve, ILogger<OutputIntake> logger)
{
    /// <summary>
    /// Stores the output together with k and the envelope's key, both random, before anything is signed or sent; the
    /// testament follows. A second message of the job finds k there and changes nothing.
    /// </summary>
    public Task AcceptAsync(JobComputed message, CancellationToken cancellationToken) =>
        steps.ApplyAsync(message.JobId, (row, now) => Accept(row, message, now), cancellationToken);

    /// <summary>Another attempt may run the job, or none can.</summary>
    public Task AcceptFailureAsync(JobComputeFailed message, CancellationToken cancellationToken) =>
        steps.ApplyAsync(message.JobId, (row, now) => Fail(row, message, now), cancellationToken);

    private JobChange? Accept(JobRow row, JobComputed message, long now)
    {
        PaymentState state = JobFacets.PaymentOf(row);
        if (state is not (PaymentState.Created or PaymentState.Accepted) || row.OutputKey is not null
            || message.Attempt != row.Attempt)
        {
            LogStale(row.JobId, message.Attempt, message.Worker);
            return null;
        }

        if (!JobOutput.TryDecode(message.Output, out JobOutput? output) || output is null
            || WhyNot(row, message, output) is not null)
        {
            LogNotFitting(row.JobId, message.Worker, output is null ? "not canonical" : WhyNot(row, message, output)!);
            return null;
        }

        JobChange change = JobChange.Of(row with { Worker = message.Worker });
        if (state == PaymentState.Created)
        {
            // The worker's first report was lost with a crash; its result says the same.
            change = JobFacets.Move(change, PaymentCause.AssignmentSigned, now);
        }

        if (output.Tokens.Length == 0)
        {
            return EndSteps.Withdraw(change, now, "the client cancelled the job before its first token").Change;
        }

        return change with
        {
            Row = change.Row with
            {
                OutputKey = RandomNumberGenerator.GetBytes(OutputCommitment.KeyBytes),
                EnvelopeKey = RandomKey.Draw(curve).Span.ToArray(),
                Output = message.Output,
                OutputText = message.Text,
                OutputTokenCount = output.Tokens.Length,
                TokenReport = boards.Complete(row.JobId, output.Tokens.Length)?.ToByteArray(),
                FinishReason = JobFacets.NameOf(output.FinishReason),
                NumericsClass = message.NumericsClass,
            },
        };
    }

    private JobChange? Fail(JobRow row, JobComputeFailed message, long now)
    {
        PaymentState state = JobFacets.PaymentOf(row);
        if (state is not (PaymentState.Created or PaymentState.Accepted) || row.OutputKey is not null
            || message.Attempt != row.Attempt)
        {
            LogStale(row.JobId, message.Attempt, message.Worker);
            return null;
        }

        LogComputeFailed(row.JobId, message.Attempt, message.Worker, message.Reason);
        return message.Final
            ? EndSteps.Withdraw(JobChange.Of(row), now, $"no worker can run the job: {message.Reason}").Change
            : JobChange.Of(row with { LeaseUntil = now });
    }

    /// <summary>What no honest worker sends: refused here, and the lease lapses.</summary>
    private static string? WhyNot(JobRow row, JobComputed message, JobOutput output)
    {
        JobParameters parameters = OfferSteps.ParametersOf(row);
        return output switch
        {
            _ when message.NumericsClass.Length != Hash256.Bytes => "the numerics class has not 32 bytes",
            _ when output.Tokens.Length > parameters.MaxTokens => "more tokens than the job allows",
            { FinishReason: FinishReason.Length } when output.Tokens.Length != parameters.MaxTokens
                => "it ends by length before the job's length",
            { FinishReason: FinishReason.Cancelled } when row.IsCancelled == 0 => "nobody cancelled the job",
            _ => null,
        };
    }

    [LoggerMessage(2020, LogLevel.Information,
        "Job {JobId}: a result of attempt {Attempt} by {Worker} is stale and ignored")]
    private partial void LogStale(string jobId, uint attempt, string worker);

    [LoggerMessage(2021, LogLevel.Warning, "Job {JobId}: the result of {Worker} is refused: {Reason}")]
    private partial void LogNotFitting(string jobId, string worker, string reason);

    [LoggerMessage(2022, LogLevel.Warning, "Job {JobId}: attempt {Attempt} by {Worker} failed: {Reason}")]
    private partial void LogComputeFailed(string jobId, uint attempt, string worker, string reason);
}

/// <summary>[J6] Commits to a worker's output. Safe to run twice: k is drawn once, in the row.</summary>
internal sealed class JobComputedConsumer(OutputIntake intake) : IConsumer<JobComputed>
{
    public Task Consume(ConsumeContext<JobComputed> context) =>
        intake.AcceptAsync(context.Message, context.CancellationToken);
}

/// <summary>Gives a job to another worker, or up. Safe to run twice: the attempt decides.</summary>
internal sealed class JobComputeFailedConsumer(OutputIntake intake) : IConsumer<JobComputeFailed>
{
    public Task Consume(ConsumeContext<JobComputeFailed> context) =>
        intake.AcceptFailureAsync(context.Message, context.CancellationToken);
}
