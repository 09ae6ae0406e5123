namespace Camelid.Chain.Mining.Hashing;

/// <summary>Looks for nonces; owns the memory that it works in, so it is for one thread at a time.</summary>
internal abstract class NonceSearch
{
    /// <summary>The lowest nonce of a range whose hash is at most the target.</summary>
    /// <param name="work">The header.</param>
    /// <param name="first">The first nonce.</param>
    /// <param name="last">The last nonce, not below the first; the range never wraps.</param>
    /// <returns>The nonce, or null where none of them reaches the target.</returns>
    public uint? Find(HeaderWork work, uint first, uint last)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(last, first);
        return FindIn(work, first, last);
    }

    /// <summary><see cref="Find"/> for a range that is in order.</summary>
    protected abstract uint? FindIn(HeaderWork work, uint first, uint last);
}

/// <summary>The reference: the platform's SHA-256 twice for each nonce. Slow, and right by definition.</summary>
internal sealed class PlatformSearch : NonceSearch
{
    /// <inheritdoc/>
    protected override uint? FindIn(HeaderWork work, uint first, uint last)
    {
        for (ulong nonce = first; nonce <= last; nonce++)
        {
            if (work.Reaches((uint)nonce))
            {
                return (uint)nonce;
            }
        }

        return null;
    }
}
