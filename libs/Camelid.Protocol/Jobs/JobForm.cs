using System.Text;

namespace Camelid.Protocol.Jobs;

/// <summary>Rule J-02: the bounds and the one order of a job's parameters.</summary>
internal static class JobForm
{
    private static readonly UTF8Encoding Utf8Strict = new(false, true);

    /// <summary>Ascending by UTF-8 bytes, which differs from UTF-16 order above U+FFFF.</summary>
    internal static IComparer<string> Utf8Order { get; } = Comparer<string>.Create(
        (a, b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)));

    internal static JobRefusal Check(JobParameters job) => job switch
    {
        { ModelRoot.IsZero: true } => JobRefusal.ModelRootMissing,
        { PromptTokens.Count: 0 or > JobParameters.PromptTokensMax } => JobRefusal.PromptTokenCount,
        _ when !SamplingInRange(job.Sampling) => JobRefusal.SamplingRange,
        _ when !BiasesInForm(job.Sampling.LogitBiases) => JobRefusal.LogitBiases,
        { MaxTokens: 0 or > JobParameters.TokensMax } => JobRefusal.MaxTokens,
        _ when job.StopTokens.Count > JobParameters.StopTokensMax || !Ascends(job.StopTokens) => JobRefusal.StopTokens,
        _ when !StopStringsInForm(job.StopStrings) => JobRefusal.StopStrings,
        _ when Pricing.CostGrains(job) > Amount.GrainsMax => JobRefusal.RewardTooLarge,
        _ when job.Created < JobParameters.TimeMin || job.Deadline <= job.Created
            || job.Deadline > JobParameters.TimeMax => JobRefusal.Times,
        { ClientKey.IsNone: true } => JobRefusal.ClientKeyMissing,
        _ when !IsReturnAddress(job.ReturnAddress) => JobRefusal.ReturnAddress,
        _ when !LevelInForm(job.Verification, job.SampledPositions) => JobRefusal.Verification,
        _ when job.NumericsClasses.Count > JobParameters.NumericsClassesMax
            || !Ascends(job.NumericsClasses) => JobRefusal.NumericsClasses,
        { NonceHash.IsZero: true } => JobRefusal.NonceHashMissing,
        _ => JobRefusal.Accepted,
    };

    /// <summary>
    /// Rule J-03: decimals are millionths inside the ranges that <see cref="SamplingParameters"/> states.
    /// </summary>
    private static bool SamplingInRange(SamplingParameters sampling) =>
        sampling.TemperatureMillionths <= 2 * SamplingParameters.One
        && sampling.TopPMillionths is >= 1 and <= SamplingParameters.One
        && sampling.MinPMillionths <= SamplingParameters.One
        && sampling.RepetitionPenaltyMillionths is >= SamplingParameters.One and <= 2 * SamplingParameters.One
        && sampling.PresencePenaltyMillionths is >= -2_000_000 and <= 2_000_000
        && sampling.FrequencyPenaltyMillionths is >= -2_000_000 and <= 2_000_000;

    private static bool BiasesInForm(IReadOnlyList<LogitBias> biases)
    {
        for (int i = 0; i < biases.Count; i++)
        {
            bool ascends = i == 0 || biases[i - 1].TokenId < biases[i].TokenId;
            if (!ascends || biases[i].BiasMillionths is < -100_000_000 or > 100_000_000)
            {
                return false;
            }
        }

        return biases.Count <= SamplingParameters.LogitBiasMax;
    }

    private static bool StopStringsInForm(IReadOnlyList<string> texts) =>
        texts.Count <= JobParameters.StopStringsMax && texts.All(IsStopString) && Ascends(texts, Utf8Order);

    private static bool IsStopString(string text)
    {
        try
        {
            return Utf8Strict.GetByteCount(text) is > 0 and <= JobParameters.StopStringBytesMax;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    private static bool LevelInForm(VerificationLevel level, uint positions) => level switch
    {
        VerificationLevel.Spot or VerificationLevel.Full => positions == 0,
        VerificationLevel.Sampled => positions is >= 1 and <= JobParameters.SampledPositionsMax,
        _ => false,
    };

    private static bool IsReturnAddress(string text)
    {
        int colon = text.LastIndexOf(':');
        return text.Length == 0
            || (text.Length <= JobParameters.ReturnAddressBytesMax && colon > 0 && text[..colon].All(IsHostCharacter)
                && ushort.TryParse(text.AsSpan(colon + 1), out ushort port) && port > 0
                && text[(colon + 1)..] == FormattableString.Invariant($"{port}"));
    }

    private static bool IsHostCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or ':' or '[' or ']';

    private static bool Ascends<T>(IReadOnlyList<T> list, IComparer<T>? order = null)
    {
        order ??= Comparer<T>.Default;
        for (int i = 1; i < list.Count; i++)
        {
            if (order.Compare(list[i - 1], list[i]) >= 0)
            {
                return false;
            }
        }

        return true;
    }
}
