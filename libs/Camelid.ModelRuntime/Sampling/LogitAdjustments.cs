using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Sampling;

/// <summary>What history and biases do to logits. Only the tokens that they name are touched.</summary>
internal static class LogitAdjustments
{
    /// <summary>Penalties, then biases, in place. Ids beyond the vocabulary are passed over.</summary>
    /// <param name="values">[vocabulary] the logits.</param>
    /// <param name="parameters">How.</param>
    /// <param name="history">What stands before.</param>
    internal static void Apply(Span<float> values, SamplingParameters parameters, TokenHistory history)
    {
        ApplyPenalties(values, parameters, history);
        IReadOnlyList<LogitBias> biases = parameters.LogitBiases;
        for (int i = 0; i < biases.Count; i++)
        {
            LogitBias bias = biases[i];
            if (bias.TokenId < values.Length)
            {
                values[(int)bias.TokenId] = Biased(values[(int)bias.TokenId], bias.BiasMillionths);
            }
        }
    }

    /// <summary>
    /// Rule S-03: a token of prompt or output has z = z / r where z > 0, else z·r. Rule S-04: one that stands c > 0
    /// times in the output then has z = z − f·c, then z = z − p. Rounded to binary32 at the end.
    /// </summary>
    /// <remarks>Neutral penalties leave each z as it is, so that nothing need be done.</remarks>
    private static void ApplyPenalties(Span<float> values, SamplingParameters parameters, TokenHistory history)
    {
        if (parameters.RepetitionPenaltyMillionths == SamplingParameters.One
            && parameters is { FrequencyPenaltyMillionths: 0, PresencePenaltyMillionths: 0 })
        {
            return;
        }

        double repetition = Sampler.Decimal(parameters.RepetitionPenaltyMillionths);
        double frequency = Sampler.Decimal(parameters.FrequencyPenaltyMillionths);
        double presence = Sampler.Decimal(parameters.PresencePenaltyMillionths);
        foreach ((uint id, int count) in history.Counts)
        {
            if (id >= values.Length)
            {
                continue;
            }

            double z = values[(int)id];
            z = z > 0 ? z / repetition : z * repetition;
            if (count > 0)
            {
                double share = frequency * count;
                z -= share;
                z -= presence;
            }

            values[(int)id] = (float)z;
        }
    }

    /// <summary>Rule S-05: z + b, rounded to binary32.</summary>
    private static float Biased(float z, int millionths) => (float)(z + Sampler.Decimal(millionths));
}
