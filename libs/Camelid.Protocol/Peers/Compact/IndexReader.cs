namespace Camelid.Protocol.Peers.Compact;

/// <summary>
/// Reads ascending places, each a CompactSize distance from the place after the one before (BIP152): no place twice,
/// and none from <paramref name="countMax"/> on.
/// </summary>
internal struct IndexReader(int countMax)
{
    private int next;

    /// <summary>The next place; a place out of range fails the reader.</summary>
    internal int Next(ref CanonicalReader reader)
    {
        int index = next + reader.CompactSize(countMax);
        if (index >= countMax)
        {
            reader.Fail();
            return 0;
        }

        next = index + 1;
        return index;
    }
}
