using Camelid.ModelRuntime;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Verification;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Verification;

namespace Camelid.Verifier.Verdicts;

/// <summary>An output to judge, decoded.</summary>
internal sealed record JudgedOutput
{
    /// <summary>The job.</summary>
    public required JobParameters Parameters { get; init; }

    /// <summary>The job's sampling seed.</summary>
    public required Hash256 Seed { get; init; }

    /// <summary>What the worker committed to.</summary>
    public required JobOutput Output { get; init; }

    /// <summary>Hash of the testament.</summary>
    public required Hash256 TestamentHash { get; init; }

    /// <summary>The worker's numerics class.</summary>
    public required Hash256 NumericsClass { get; init; }

    /// <summary>True where the client signed a cancellation at the output's length.</summary>
    public bool IsCancelled { get; init; }
}

/// <summary>Recomputes an output in one teacher-forced pass and judges it at the job's level.</summary>
/// <remarks>
/// In the worker's numerics class logits are equal bit for bit, so every difference counts. Across classes
/// <see cref="RoundingMargin"/> judges, which may refuse or escalate, never slash.
/// </remarks>
internal static class OutputJudge
{
    /// <summary>The verdict.</summary>
    /// <param name="model">The job's model.</param>
    /// <param name="judged">What is judged.</param>
    /// <param name="drawSecret">Randomness that the worker could not know when it committed.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    public static async Task<RasticVerdict> JudgeAsync(
        LanguageModel model, JudgedOutput judged, Hash256 drawSecret, CancellationToken cancellationToken)
    {
        ModelManifest manifest = model.Package.Manifest;
        JobParameters parameters = judged.Parameters;
        if (ImpossibleAt(manifest, parameters, judged.Output) is { } impossible)
        {
            return impossible;
        }

        bool sameClass = judged.NumericsClass == model.NumericsClass;
        RecomputedOutput recomputed = await model.Verifier.RecomputeAsync(
            new VerificationRequest
            {
                PromptTokens = [.. parameters.PromptTokens],
                OutputTokens = judged.Output.Tokens,
                Sampling = parameters.Sampling,
                SeedKey = JobSeed.PhiloxKey(judged.Seed),
                MaxTokens = (int)parameters.MaxTokens,
                StopTokens = parameters.StopTokens,
                StopStrings = parameters.StopStrings,
                WantsMargins = !sameClass,
            },
            cancellationToken);
        RasticEvidence evidence = new()
        {
            Served = judged.Output.Tokens,
            Choices = recomputed.Choices,
            EndTokens = [.. manifest.EndTokens.Union(parameters.StopTokens)],
            MaxTokens = parameters.MaxTokens,
            FinishReason = judged.Output.FinishReason,
            StopStringPosition = recomputed.StopStringPosition,
            CancelSigned = judged.IsCancelled,
            ServedFingerprints = judged.Output.Fingerprints,
            Fingerprints = recomputed.Fingerprints,
            Positions = PositionDraw.Draw(
                parameters.Verification, parameters.SampledPositions, judged.Output.Tokens.Length, drawSecret,
                judged.TestamentHash),
        };
        return sameClass
            ? Rastic.Judge(evidence)
            : RoundingMargin.Judge(evidence, recomputed, manifest.Precision);
    }

    /// <summary>Outputs that no run of the model gives, whatever its arithmetic; null where it may be one.</summary>
    private static RasticVerdict? ImpossibleAt(ModelManifest manifest, JobParameters parameters, JobOutput output)
    {
        long roomTokens = Math.Min(
            parameters.MaxTokens, (long)manifest.ContextTokensMax - parameters.PromptTokens.Count);
        if (output.Tokens.Length > roomTokens)
        {
            return new RasticVerdict(
                VerificationState.Failed, RasticFinding.Truncation, (int)Math.Max(0, roomTokens), null);
        }

        int stranger = Array.FindIndex(output.Tokens, token => token >= manifest.VocabularySize);
        return stranger < 0
            ? null
            : new RasticVerdict(
                VerificationState.Failed,
                stranger == 0 ? RasticFinding.Continuity : RasticFinding.Integrity,
                stranger,
                null);
    }
}
