using System.Diagnostics;
using System.Security.Cryptography;
using Camelid.Contracts.JobPool.V1;
using Camelid.ModelRuntime;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Verification;
using Camelid.ServiceDefaults.Telemetry;
using Camelid.Verifier.Models;
using Camelid.Verifier.Storage;
using Grpc.Core;
using MassTransit;

namespace Camelid.Verifier.Verdicts;

/// <summary>
/// [J7] Recomputes all positions of a committed output in one pass, judges it, has the verdict signed, and writes it
/// with its
/// event in one transaction. Safe to run twice: the testament's hash is the primary key, and the row that stands is
/// told again.
/// </summary>
internal sealed partial class VerifyJobConsumer(
    VerdictsDatabase database, ModelHost host, VerdictSigner signer, VerifierMetrics metrics, TimeProvider time,
    ILogger<VerifyJobConsumer> logger) : IConsumer<VerifyJob>
{
    /// <summary>
    /// How long a job waits for the model. Then it is dropped: JobPool sends again what has no verdict.
    /// </summary>
    private static readonly TimeSpan ModelWaitMax = TimeSpan.FromSeconds(20);

    public async Task Consume(ConsumeContext<VerifyJob> context)
    {
        VerifyJob message = context.Message;
        using Activity? activity = ServiceTracing.StartJob("job verify", message.JobId);
        if (Decode(message) is not { } judged)
        {
            LogMalformed(message.JobId);
            return;
        }

        metrics.Begin();
        try
        {
            VerdictRow? row = await database.RepeatAsync(judged.TestamentHash.ToString(), context.CancellationToken)
                ?? await DecideAsync(judged, context.CancellationToken);
            activity?.SetTag("camelid.verdict", row?.Verdict);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.FailedPrecondition)
        {
            LogNotJudged(message.JobId, exception.Status.Detail);
        }
        finally
        {
            metrics.End();
        }
    }

    /// <summary>Typed values of a message; null where JobPool sent what it never writes.</summary>
    private static JudgedOutput? Decode(VerifyJob message) =>
        JobParameters.TryDecode(message.Parameters, out JobParameters? parameters)
        && parameters!.Id.ToString() == message.JobId
        && JobOutput.TryDecode(message.Output, out JobOutput? output)
        && message.Seed.Length == Hash256.Bytes && message.TestamentHash.Length == Hash256.Bytes
        && message.NumericsClass.Length == Hash256.Bytes
            ? new JudgedOutput
            {
                Parameters = parameters,
                Seed = Hash256.FromBytes(message.Seed),
                Output = output!,
                TestamentHash = Hash256.FromBytes(message.TestamentHash),
                NumericsClass = Hash256.FromBytes(message.NumericsClass),
                IsCancelled = message.Cancelled,
            }
            : null;

    private async Task<VerdictRow?> DecideAsync(JudgedOutput judged, CancellationToken cancellationToken)
    {
        long begun = time.GetTimestamp();
        string jobId = judged.Parameters.Id.ToString();
        LanguageModel? model = await WaitForModelAsync(cancellationToken);
        if (model is null || model.Package.Root != judged.Parameters.ModelRoot)
        {
            LogNotJudged(jobId, model is null ? host.NotReadyReason : $"this verifier has model {model.Package.Root}");
            return null;
        }

        Hash256 drawSecret = Hash256.FromBytes(RandomNumberGenerator.GetBytes(Hash256.Bytes));
        RasticVerdict verdict = await OutputJudge.JudgeAsync(model, judged, drawSecret, cancellationToken);
        SignedAttestation signed = await signer.SignAsync(judged, verdict, model.NumericsClass, cancellationToken);
        TimeSpan took = time.GetElapsedTime(begun);
        VerdictRow row = await database.DecideAsync(
            new VerdictRow
            {
                TestamentHash = judged.TestamentHash.ToString(),
                JobId = jobId,
                Level = VerdictNames.Of(judged.Parameters.Verification),
                Verdict = VerdictNames.Of(verdict.State),
                Finding = VerdictNames.Of(verdict.Finding),
                Position = verdict.Position,
                ExpectedToken = verdict.Expected,
                Attestation = signed.Attestation,
                Signature = signed.Signature,
                VerifierKey = signed.VerifierKey,
                DrawSecret = drawSecret.ToBytes(),
                At = time.GetUtcNow().ToUnixTimeMilliseconds(),
                Milliseconds = (long)took.TotalMilliseconds,
            },
            cancellationToken);
        metrics.Verdict(row.Verdict, took);
        LogJudged(jobId, row.Verdict, row.Finding, row.Position, row.Milliseconds);
        return row;
    }

    private async Task<LanguageModel?> WaitForModelAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await host.WaitAsync(cancellationToken).WaitAsync(ModelWaitMax, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    [LoggerMessage(4005, LogLevel.Information,
        "Job {JobId}: {Verdict} {Finding} at position {Position}, {Milliseconds} ms")]
    private partial void LogJudged(string jobId, string verdict, string finding, long position, long milliseconds);

    [LoggerMessage(4006, LogLevel.Warning, "Job {JobId} is not judged here and will be sent again: {Reason}")]
    private partial void LogNotJudged(string jobId, string reason);

    [LoggerMessage(4007, LogLevel.Error, "The command to verify job {JobId} is not in canonical form and is dropped")]
    private partial void LogMalformed(string jobId);
}
