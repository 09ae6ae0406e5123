namespace Camelid.Protocol.Jobs;

/// <summary>
/// Rule J-04: reward promised = price × (prompt + max tokens); payment = price × tokens actually run.
/// </summary>
/// <remarks>Formed in 128 bits: no product can wrap, and a wrapped price would be a free answer.</remarks>
public static class Pricing
{
    /// <summary>The reward that the offer promises, without the fee.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is more coin than can exist.</exception>
    public static Amount RewardGrains(JobParameters parameters) =>
        ToAmount((Int128)parameters.PriceGrainsPerToken * RewardTokens(parameters), nameof(parameters));

    /// <summary>The payment for the tokens actually run.</summary>
    /// <param name="parameters">The job.</param>
    /// <param name="tokensRun">Prompt tokens + output tokens, see <see cref="TokensRun"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// Fewer tokens than the prompt has or more than prompt + max tokens, or more coin than can exist.
    /// </exception>
    public static Amount PaymentGrains(JobParameters parameters, uint tokensRun)
    {
        if (tokensRun < parameters.PromptTokens.Count || tokensRun > RewardTokens(parameters))
        {
            throw new ArgumentOutOfRangeException(
                nameof(tokensRun), tokensRun, $"outside {parameters.PromptTokens.Count} … {RewardTokens(parameters)}");
        }

        return ToAmount((Int128)parameters.PriceGrainsPerToken * tokensRun, nameof(parameters));
    }

    /// <summary>Prompt tokens + output tokens.</summary>
    public static uint TokensRun(JobParameters parameters, uint outputTokens) =>
        checked((uint)parameters.PromptTokens.Count + outputTokens);

    /// <summary>Reward and fee together.</summary>
    internal static Int128 CostGrains(JobParameters parameters) =>
        ((Int128)parameters.PriceGrainsPerToken * RewardTokens(parameters)) + parameters.FeeGrains;

    private static Int128 RewardTokens(JobParameters parameters) =>
        (Int128)parameters.PromptTokens.Count + parameters.MaxTokens;

    private static Amount ToAmount(Int128 grains, string parameter) => grains <= Amount.GrainsMax
        ? Amount.Grain((long)grains)
        : throw new ArgumentOutOfRangeException(parameter, grains, "more coin than can exist");
}
