namespace Camelid.Protocol.Peers.Addresses;

/// <summary>
/// Rule P-20: nobody loses a place in the tried table before it was tested. An attacker who reaches us from many
/// addresses replaces only nodes that are gone.
/// </summary>
internal sealed class TriedContest(BookState state)
{
    /// <summary>The most addresses that wait for a place; more are left in the new table and come again.</summary>
    internal const int WaitingMax = 10;

    /// <summary>A holder that was reached so lately keeps its place untested.</summary>
    private const uint FreshSeconds = 4 * 3_600;

    /// <summary>How long a dial may take before its holder counts as gone.</summary>
    private const uint DialSeconds = 60;

    /// <summary>
    /// How long an address waits at most for its holder to be tested; then it goes without. (Bitcoin Core replaces the
    /// holder untested; here time alone takes nobody's place.)
    /// </summary>
    private const uint WaitSecondsMax = 40 * 60;

    private readonly List<PeerAddress> waiting = [];

    /// <summary>An address that was reached gets its place, if it is free, or waits.</summary>
    internal void Enter(KnownAddress known)
    {
        if (state.HolderOf(known.Address) is null)
        {
            state.MakeTried(known);
        }
        else if (waiting.Count < WaitingMax && !waiting.Contains(known.Address))
        {
            waiting.Add(known.Address);
        }
    }

    /// <summary>A holder to be tested, or null.</summary>
    internal PeerAddress? Draw(Random random)
    {
        if (waiting.Count == 0)
        {
            return null;
        }

        PeerAddress challenger = waiting[random.Next(waiting.Count)];
        return state.Find(challenger) is { IsTried: false } ? state.HolderOf(challenger)?.Address : null;
    }

    /// <summary>Decides what can be decided.</summary>
    internal void Settle(uint now)
    {
        for (int i = waiting.Count - 1; i >= 0; i--)
        {
            if (IsSettled(waiting[i], now))
            {
                waiting.RemoveAt(i);
            }
        }
    }

    private bool IsSettled(PeerAddress address, uint now)
    {
        if (state.Find(address) is not { IsTried: false } challenger)
        {
            return true;
        }

        if (state.HolderOf(address) is not { } holder)
        {
            state.MakeTried(challenger);
            return true;
        }

        if (KnownAddress.Age(holder.ReachedAt, now) < FreshSeconds)
        {
            return true;
        }

        bool wasTested = KnownAddress.Age(holder.TriedAt, now) < FreshSeconds;
        bool isGone = wasTested && KnownAddress.Age(holder.TriedAt, now) > DialSeconds;
        if (isGone || holder.IsTerrible(now))
        {
            state.MakeTried(challenger);
            return true;
        }

        return KnownAddress.Age(challenger.ReachedAt, now) > WaitSecondsMax;
    }
}
