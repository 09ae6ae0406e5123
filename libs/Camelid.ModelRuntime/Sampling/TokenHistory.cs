namespace Camelid.ModelRuntime.Sampling;

/// <summary>Which tokens stand before the one to choose, and how often each stands in the output.</summary>
public sealed class TokenHistory
{
    private readonly Dictionary<uint, int> counts;

    /// <summary>Starts with a prompt, and room for an output of so many tokens.</summary>
    public TokenHistory(ReadOnlySpan<uint> prompt, int outputTokensMax = 0)
    {
        counts = new Dictionary<uint, int>(prompt.Length + outputTokensMax);
        foreach (uint token in prompt)
        {
            counts[token] = 0;
        }
    }

    /// <summary>Every token seen, with its count in the output; 0 where only the prompt holds it.</summary>
    internal IReadOnlyDictionary<uint, int> Counts => counts;

    /// <summary>Adds a token of the output.</summary>
    public void Add(uint token) => counts[token] = counts.GetValueOrDefault(token) + 1;
}
