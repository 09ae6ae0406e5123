using Camelid.Chain.Blocks;
using Camelid.Chain.Peers.Limits;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Peers.Sync;

/// <summary>What one peer knows of blocks, and what it was asked for.</summary>
/// <param name="sideHeaders">Headers that it may send and that lead to no more work than we know.</param>
internal sealed class PeerChain(TokenBucket sideHeaders)
{
    /// <summary>The entry with the most work that it is known to have; null before the first.</summary>
    public BlockEntry? Best { get; private set; }

    /// <summary>The last header that we told it of.</summary>
    public BlockEntry? LastTold { get; set; }

    /// <summary>A block that it announced and whose header we lack.</summary>
    public BlockHash? Unknown { get; set; }

    /// <summary>When headers were asked for; null where no answer is awaited.</summary>
    public TimeSpan? AskedAt { get; set; }

    /// <summary>The header behind which it was asked last, while it sent full messages.</summary>
    public BlockEntry? AskedFrom { get; set; }

    /// <summary>True where headers are to be asked for again once the answer is here.</summary>
    public bool AskAgain { get; set; }

    /// <summary>True once it has answered all that we asked about its chain at first.</summary>
    public bool IsSurveyed { get; set; }

    /// <summary>When to ask again: a header of it was too far ahead of the clock.</summary>
    public TimeSpan? RetryAt { get; set; }

    /// <summary>Headers messages in a row that did not link to anything known.</summary>
    public int Unlinked { get; set; }

    /// <summary>A chain of headers that is not kept before its work is known; null where none is.</summary>
    public HeaderPresync? Presync { get; set; }

    /// <summary>Headers that it may still send and that lead to no more work than we know.</summary>
    public TokenBucket SideHeaders => sideHeaders;

    /// <summary>Blocks that it was asked for, in order.</summary>
    public List<BlockHash> InFlight { get; } = [];

    /// <summary>Since when it holds up the window; null where it does not.</summary>
    public TimeSpan? StallingSince { get; set; }

    /// <summary>True where it wants new blocks told by their headers.</summary>
    public bool WantsHeaders { get; set; }

    /// <summary>True where it reads compact blocks.</summary>
    public bool ReadsCompact { get; set; }

    /// <summary>True where it wants new blocks pushed as compact blocks.</summary>
    public bool WantsPush { get; set; }

    /// <summary>True where we asked it to push compact blocks.</summary>
    public bool PushesToUs { get; set; }

    /// <summary>When it last gave a block that was new and good; zero for never.</summary>
    public TimeSpan LastNewAt { get; set; }

    /// <summary>Since when it has less work than we; null where it has as much.</summary>
    public TimeSpan? BehindSince { get; set; }

    /// <summary>True once it was asked for headers because it is behind.</summary>
    public bool BehindAsked { get; set; }

    /// <summary>It has an entry, and all before it.</summary>
    public void Knows(BlockEntry entry)
    {
        if (Best is null || Best.IsRefused || entry.Work > Best.Work)
        {
            Best = entry;
        }
    }

    /// <summary>Forgets a chain that broke a rule.</summary>
    public void ForgetBest() => Best = null;

    /// <summary>True where it is known to have an entry.</summary>
    public bool Has(BlockEntry entry) =>
        IsOn(Best, entry) || IsOn(LastTold, entry);

    private static bool IsOn(BlockEntry? best, BlockEntry entry) =>
        best is not null && best.Height >= entry.Height && best.Ancestor(entry.Height) == entry;
}
