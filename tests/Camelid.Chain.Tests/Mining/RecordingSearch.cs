using Camelid.Chain.Mining.Hashing;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Tests.Mining;

/// <summary>Finds nothing at once, and remembers what it was asked.</summary>
internal sealed class RecordingSearch : NonceSearch
{
    public List<(BlockHeader Header, uint First, uint Last)> Asked { get; } = [];

    protected override uint? FindIn(HeaderWork work, uint first, uint last)
    {
        Asked.Add((work.Header, first, last));
        return null;
    }
}
