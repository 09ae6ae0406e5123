using Camelid.ModelRuntime;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Verification;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Verification;

namespace Camelid.Cli.Verification;

/// <summary>The receipt's tokens recomputed with the model, by the same arithmetic as a verifier's.</summary>
internal sealed record ReceiptRecomputation
{
    /// <summary>What stands for bytes that are no whole character.</summary>
    private const char Replacement = '\uFFFD';

    /// <summary>Nothing was recomputed, since the job could not be read.</summary>
    public static ReceiptRecomputation None { get; } = new();

    /// <summary>What is wrong with the tokens.</summary>
    public IReadOnlyList<ReceiptFinding> Findings { get; init; } = [];

    /// <summary>The root of the model that is not on this machine, or null.</summary>
    public Hash256? MissingModel { get; init; }

    /// <summary>Where it was looked for.</summary>
    public string Folder { get; init; } = "";

    /// <summary>Recomputes every position of the readable tokens.</summary>
    public static async Task<ReceiptRecomputation> RunAsync(
        ReceiptCheck check, string dataFolder, CancellationToken cancellationToken)
    {
        JobParameters parameters = check.Parameters!;
        string folder = Path.Combine(dataFolder, check.Receipt.Network, "models", parameters.ModelRoot.ToString());
        ModelPackage? package = await FindAsync(parameters.ModelRoot, folder, cancellationToken);
        if (package is null)
        {
            return new ReceiptRecomputation { MissingModel = parameters.ModelRoot, Folder = folder };
        }

        uint[] tokens = [.. check.Receipt.Output.Tokens];
        if (tokens.Length == 0 && check.CancelSigned)
        {
            return None;
        }

        int context = package.Manifest.ContextTokensMax;
        int outside = Array.FindIndex(tokens, token => token >= package.Manifest.VocabularySize);
        if (outside >= 0 || tokens.Length == 0 || parameters.PromptTokens.Count + tokens.Length > context)
        {
            return Found(outside < 0 ? null : outside, outside < 0
                ? $"{tokens.Length} tokens after a prompt of {parameters.PromptTokens.Count} do not fit "
                    + $"the model's context of {context}"
                : $"token {tokens[outside]} at position {outside} is not in the model's vocabulary");
        }

        LanguageModelOptions options = new() { Threads = Environment.ProcessorCount, Slots = 1 };
        await using LanguageModel model = await LanguageModel.LoadAsync(package, options, cancellationToken);
        bool isOtherClass = check.Testament is { } testament && testament.NumericsClass != model.NumericsClass;
        RecomputedOutput recomputed = await model.Verifier.RecomputeAsync(
            new VerificationRequest
            {
                PromptTokens = [.. parameters.PromptTokens],
                OutputTokens = tokens,
                Sampling = parameters.Sampling,
                SeedKey = JobSeed.PhiloxKey(check.Seed),
                StopTokens = [.. parameters.StopTokens],
                StopStrings = [.. parameters.StopStrings],
                MaxTokens = (int)parameters.MaxTokens,
                WantsMargins = isOtherClass,
            },
            cancellationToken);
        RasticEvidence evidence = Evidence(check, model, recomputed, tokens);
        RasticVerdict verdict = isOtherClass
            ? RoundingMargin.Judge(evidence, recomputed, package.Manifest.Precision)
            : Rastic.Judge(evidence);
        if (verdict.State != VerificationState.Passed)
        {
            return Found(verdict.Position, Describe(verdict, tokens));
        }

        string text = TextOf(model, parameters, tokens);
        return text == check.Receipt.Output.Text.TrimEnd(Replacement) ? None : new ReceiptRecomputation
        {
            Findings = [new ReceiptFinding("output.text", null, "is not the text of the tokens")],
        };
    }

    /// <summary>
    /// The text as it was delivered: end tokens and stop strings left out, as well as half a last character.
    /// </summary>
    private static string TextOf(LanguageModel model, JobParameters parameters, uint[] tokens)
    {
        uint[] shown = [.. tokens.TakeWhile(token =>
            !model.Package.Manifest.EndTokens.Contains(token) && !parameters.StopTokens.Contains(token))];
        string text = model.Tokenizer.DecodeAnswer(shown);
        foreach (string stop in parameters.StopStrings)
        {
            int end = text.IndexOf(stop, StringComparison.Ordinal);
            text = end < 0 ? text : text[..end];
        }

        return text.TrimEnd(Replacement);
    }

    private static RasticEvidence Evidence(
        ReceiptCheck check, LanguageModel model, RecomputedOutput recomputed, uint[] tokens)
    {
        JobParameters parameters = check.Parameters!;
        bool comparesBits = check.Testament is not null && check.Receipt.Output.Fingerprints.Count == tokens.Length;
        _ = Enum.TryParse(check.Receipt.Output.FinishReason, ignoreCase: true, out FinishReason reason);
        return new RasticEvidence
        {
            Served = tokens,
            Choices = recomputed.Choices,
            EndTokens = [.. model.Package.Manifest.EndTokens, .. parameters.StopTokens],
            MaxTokens = parameters.MaxTokens,
            FinishReason = reason,
            StopStringPosition = recomputed.StopStringPosition,
            CancelSigned = check.CancelSigned,
            ServedFingerprints = comparesBits ? [.. check.Receipt.Output.Fingerprints] : [],
            Fingerprints = comparesBits ? recomputed.Fingerprints : [],
        };
    }

    private static string Describe(RasticVerdict verdict, uint[] tokens)
    {
        string place = $"position {verdict.Position}";
        return verdict switch
        {
            { Finding: RasticFinding.Rounding } =>
                $"{place} is not this machine's choice; it was computed on another kind of machine, and rounding "
                + "explains it (inconclusive)",
            { Expected: { } expected, State: VerificationState.Inconclusive } =>
                $"{place} holds token {tokens[verdict.Position]}, but the model and the seed give {expected} here; it "
                + "was computed on another kind of machine (inconclusive)",
            { Expected: { } expected } =>
                $"{place} holds token {tokens[verdict.Position]}, but the model and the seed give {expected}",
            { Finding: RasticFinding.Fingerprint } => $"{place} has lawful tokens, but other logits (inconclusive)",
            { Finding: RasticFinding.FinishReason } => $"{place} does not end for the reason named",
            _ => $"the output may not end or go on as it does: {place}",
        };
    }

    private static ReceiptRecomputation Found(int? position, string message) =>
        new() { Findings = [new ReceiptFinding("output.tokens", position, message)] };

    private static async Task<ModelPackage?> FindAsync(Hash256 root, string folder, CancellationToken cancellationToken)
    {
        foreach (string candidate in new[] { folder, ModelPackage.EmbeddedFolder }.Where(Directory.Exists))
        {
            try
            {
                ModelPackage package = await ModelPackage.OpenAsync(candidate, cancellationToken);
                if (package.Root == root)
                {
                    return package;
                }
            }
            catch (ModelPackageException exception) when (candidate == folder)
            {
                throw new CommandFailure(ExitCode.Failure, exception.Message);
            }
            catch (ModelPackageException)
            {
                // The embedded package is only a second place to look: a damaged one is as good as none.
            }
        }

        return null;
    }
}
