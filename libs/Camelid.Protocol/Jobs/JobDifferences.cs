namespace Camelid.Protocol.Jobs;

/// <summary>
/// Names the fields in which two jobs differ, so that <c>camelid verify</c> can say what was changed.
/// </summary>
internal static class JobDifferences
{
    internal static IReadOnlyList<string> Between(JobParameters left, JobParameters right)
    {
        SamplingParameters ours = left.Sampling;
        SamplingParameters theirs = right.Sampling;
        (string Name, bool Same)[] fields =
        [
            ("modelRoot", left.ModelRoot == right.ModelRoot),
            ("promptTokens", left.PromptTokens.SequenceEqual(right.PromptTokens)),
            ("temperature", ours.TemperatureMillionths == theirs.TemperatureMillionths),
            ("topP", ours.TopPMillionths == theirs.TopPMillionths),
            ("topK", ours.TopK == theirs.TopK),
            ("minP", ours.MinPMillionths == theirs.MinPMillionths),
            ("repetitionPenalty", ours.RepetitionPenaltyMillionths == theirs.RepetitionPenaltyMillionths),
            ("presencePenalty", ours.PresencePenaltyMillionths == theirs.PresencePenaltyMillionths),
            ("frequencyPenalty", ours.FrequencyPenaltyMillionths == theirs.FrequencyPenaltyMillionths),
            ("logitBiases", ours.LogitBiases.SequenceEqual(theirs.LogitBiases)),
            ("seed", ours.ClientSeed == theirs.ClientSeed),
            ("maxTokens", left.MaxTokens == right.MaxTokens),
            ("stopTokens", left.StopTokens.SequenceEqual(right.StopTokens)),
            ("stopStrings", left.StopStrings.SequenceEqual(right.StopStrings, StringComparer.Ordinal)),
            ("priceGrainsPerToken", left.PriceGrainsPerToken == right.PriceGrainsPerToken),
            ("feeGrains", left.FeeGrains == right.FeeGrains),
            ("created", left.Created == right.Created),
            ("deadline", left.Deadline == right.Deadline),
            ("clientKey", left.ClientKey == right.ClientKey),
            ("returnAddress", string.Equals(left.ReturnAddress, right.ReturnAddress, StringComparison.Ordinal)),
            ("verification", left.Verification == right.Verification),
            ("sampledPositions", left.SampledPositions == right.SampledPositions),
            ("numericsClasses", left.NumericsClasses.SequenceEqual(right.NumericsClasses)),
            ("nonceHash", left.NonceHash == right.NonceHash),
        ];
        return [.. fields.Where(field => !field.Same).Select(field => field.Name)];
    }
}
