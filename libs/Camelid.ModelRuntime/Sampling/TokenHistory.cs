using System.Runtime.InteropServices;

namespace Camelid.ModelRuntime.Sampling;

/// <summary>Which tokens stand before the one to choose, and how often each stands in the output.</summary>
public sealed class TokenHistory
{
    /// <summary>Starts with a prompt.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="outputTokensMax">Room made for the output; up to so many, <see cref="Add"/> allocates
    /// nothing.</param>
    public TokenHistory(ReadOnlySpan<uint> prompt, int outputTokensMax = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(outputTokensMax);
        Counts = new Dictionary<uint, int>(checked(prompt.Length + outputTokensMax));
        foreach (uint token in prompt)
        {
            Counts[token] = 0;
        }
    }

    /// <summary>Every token seen, with its count in the output; 0 where only the prompt holds it.</summary>
    internal Dictionary<uint, int> Counts { get; }

    /// <summary>Adds a token of the output.</summary>
    public void Add(uint token) => CollectionsMarshal.GetValueRefOrAddDefault(Counts, token, out _)++;
}
