namespace Camelid.Protocol.Models.Chunks;

/// <summary>
/// Rules J-35, J-36 and J-37: whom a download asks for which chunk. It sees answers and a clock, and says what to ask:
/// the same inputs give the same asks.
/// </summary>
/// <remarks>
/// A chunk has one open ask, so it comes once; a second one is made where the first ended without it (its holder
/// lied or left), or at the very end, where a holder without work is much faster than the one that is asked. So a chunk
/// comes at most once from each holder that lied, and otherwise at most twice. Not for several threads at once.
/// </remarks>
public sealed class DownloadPlan
{
    /// <summary>Most holders of one download.</summary>
    public const int HoldersMax = 64;

    /// <summary>Rule J-35: chunks that a new holder is asked for at once.</summary>
    public const int WindowFirst = 2;

    /// <summary>Rule J-36: how often a holder may leave and come back.</summary>
    public const int DeparturesMax = 3;

    /// <summary>Rule J-35: of so many chunks that a holder has and nobody was asked for, the rarest is taken.</summary>
    public const int LookAhead = 256;

    /// <summary>Rule J-37: most asks for a chunk before the end's second ask is not made any more.</summary>
    public const int EndAsksMax = 2;

    /// <summary>Rule J-35: an answer within this widens a window.</summary>
    public static readonly TimeSpan QuickAnswer = TimeSpan.FromSeconds(1);

    /// <summary>Rule J-35: an answer after this halves a window.</summary>
    public static readonly TimeSpan SlowAnswer = TimeSpan.FromSeconds(4);

    /// <summary>Rule J-36: so long nothing comes from a holder that was asked.</summary>
    public static readonly TimeSpan StallAfter = TimeSpan.FromSeconds(30);

    /// <summary>Rule J-37: what a second ask must save besides its own time.</summary>
    public static readonly TimeSpan EndMargin = TimeSpan.FromMilliseconds(500);

    private readonly ChunkBits have;
    private readonly byte[] claims;
    private readonly byte[] asks;
    private readonly byte[] fetches;
    private readonly SortedDictionary<int, HolderState> holders = [];
    private int firstFree;

    /// <summary>A download of the chunks that are not there yet.</summary>
    public DownloadPlan(ChunkBits have)
    {
        this.have = have.Copy();
        (claims, asks, fetches) = (new byte[have.Count], new byte[have.Count], new byte[have.Count]);
    }

    /// <summary>True once every chunk is there.</summary>
    public bool IsComplete => have.IsFull;

    /// <summary>Chunks that are there.</summary>
    public int HaveCount => have.SetCount;

    /// <summary>True while anybody can be asked.</summary>
    public bool HasHolders => holders.Values.Any(holder => holder.IsHere);

    /// <summary>All holders that ever joined.</summary>
    public IReadOnlyList<HolderView> Holders => [.. holders.Values.Select(ViewOf)];

    /// <summary>A copy of which chunks are there.</summary>
    public ChunkBits Have() => have.Copy();

    /// <summary>How often a chunk was asked for.</summary>
    public int AsksOf(int chunk) => asks[chunk];

    /// <summary>How often a chunk came, right or wrong.</summary>
    public int FetchesOf(int chunk) => fetches[chunk];

    /// <summary>What is known of a holder.</summary>
    public HolderView Of(int holder) => ViewOf(Known(holder));

    /// <summary>Rule J-36: a holder is here. False for one that was dropped for good, or one too many.</summary>
    /// <param name="holder">Its number, the caller's choice.</param>
    /// <param name="has">Which chunks it has; null for all.</param>
    /// <param name="windowMax">Most chunks that it takes asks for at once.</param>
    /// <param name="now">The present.</param>
    public bool Join(int holder, ChunkBits? has, int windowMax, TimeSpan now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(windowMax, 1);
        if (!holders.TryGetValue(holder, out HolderState? state))
        {
            if (holders.Count == HoldersMax)
            {
                return false;
            }

            holders.Add(holder, state = new HolderState(holder));
        }

        if (state.IsHere || state.Fault.IsForGood() || state.Departures > DeparturesMax
            || (has is not null && has.Count != have.Count))
        {
            return false;
        }

        state.Begin(has, windowMax, now);
        return true;
    }

    /// <summary>
    /// Rule J-35: what to ask for at this time: each holder's window is filled, one chunk in turn, fastest first.
    /// </summary>
    public IReadOnlyList<ChunkAsk> Next(TimeSpan now)
    {
        List<ChunkAsk> made = [];
        List<HolderState> open =
            [.. holders.Values.Where(holder => holder.HasRoom).OrderBy(holder => holder.ChunkTime)];
        while (open.Count > 0)
        {
            open.RemoveAll(holder =>
            {
                if (!holder.HasRoom || Pick(holder) is not { } chunk)
                {
                    return true;
                }

                made.Add(Ask(holder, chunk, now));
                return false;
            });
        }

        foreach (HolderState idle in holders.Values.Where(holder => holder.IsHere && holder.Asked.Count == 0))
        {
            if (PickAtEnd(idle, now) is { } chunk)
            {
                made.Add(Ask(idle, chunk, now));
            }
        }

        return made;
    }

    /// <summary>
    /// Rule J-36: a chunk came and is yet to be judged. False where it was not asked for: its holder is dropped.
    /// </summary>
    public bool Receive(int holder, int chunk, TimeSpan now)
    {
        HolderState state = Known(holder);
        if (!state.Receive(chunk, now))
        {
            Leave(holder, HolderFault.Unasked);
            return false;
        }

        fetches[chunk] = (byte)Math.Min(byte.MaxValue, fetches[chunk] + 1);
        return true;
    }

    /// <summary>Rule J-36: a chunk that <see cref="Receive"/> took was judged; a proven one is on disk.</summary>
    /// <returns>True where the chunk is new; false where it was there already, or is not proven.</returns>
    public bool Judge(int holder, int chunk, bool isProven)
    {
        Release(chunk);
        if (!isProven)
        {
            Leave(holder, HolderFault.WrongChunk);
            return false;
        }

        Known(holder).ProvenCount++;
        bool isNew = !have[chunk];
        have.Set(chunk);
        return isNew;
    }

    /// <summary>A holder says that it has not what it was asked for: it is not asked for that again.</summary>
    public void Lack(int holder, int chunk)
    {
        HolderState state = Known(holder);
        if (!state.Forget(chunk))
        {
            Leave(holder, HolderFault.Unasked);
            return;
        }

        Release(chunk);
        state.Has ??= ChunkBits.Full(have.Count);
        state.Has.Clear(chunk);
    }

    /// <summary>Rule J-36: a holder is not asked any more; what it was asked for, others are.</summary>
    public void Leave(int holder, HolderFault fault)
    {
        HolderState state = Known(holder);
        state.Fault = state.Fault.IsForGood() ? state.Fault : fault;
        state.Departures += state.IsHere ? 1 : 0;
        state.IsHere = false;
        foreach (int chunk in state.Asked.Keys)
        {
            Release(chunk);
        }

        state.ForgetAll();
    }

    /// <summary>Rule J-36: the holders of which nothing came for too long; they have left with this.</summary>
    public IReadOnlyList<int> LeaveOverdue(TimeSpan now)
    {
        int[] overdue = [.. holders.Values.Where(holder => holder.IsOverdue(now)).Select(holder => holder.Number)];
        foreach (int holder in overdue)
        {
            Leave(holder, HolderFault.Stalled);
        }

        return overdue;
    }

    private static HolderView ViewOf(HolderState state) =>
        new(state.Number, state.IsHere, state.Fault, state.ProvenCount, state.Asked.Count);

    private HolderState Known(int holder) => holders.TryGetValue(holder, out HolderState? state)
        ? state
        : throw new ArgumentOutOfRangeException(nameof(holder), holder, "a holder that never joined");

    private void Release(int chunk)
    {
        claims[chunk]--;
        firstFree = Math.Min(firstFree, chunk);
    }

    private ChunkAsk Ask(HolderState holder, int chunk, TimeSpan now)
    {
        holder.Ask(chunk, now);
        claims[chunk]++;
        asks[chunk] = (byte)Math.Min(byte.MaxValue, asks[chunk] + 1);
        return new ChunkAsk(holder.Number, chunk);
    }

    /// <summary>Of the next chunks that the holder has and nobody is asked for: the rarest.</summary>
    private int? Pick(HolderState holder)
    {
        while (firstFree < have.Count && (have[firstFree] || claims[firstFree] > 0))
        {
            firstFree = have[firstFree] ? have.NextClear(firstFree) : firstFree + 1;
        }

        bool isAnyPartial = holders.Values.Any(other => other is { IsHere: true, Has: not null });
        (int? best, int bestCount, int seen) = (null, int.MaxValue, 0);
        for (int chunk = firstFree; chunk < have.Count && seen < LookAhead; chunk = have.NextClear(chunk + 1))
        {
            if (have[chunk] || claims[chunk] > 0 || !holder.MayHave(chunk))
            {
                continue;
            }

            if (!isAnyPartial)
            {
                return chunk;
            }

            seen++;
            int count = holders.Values.Count(other => other.IsHere && other.MayHave(chunk));
            (best, bestCount) = count < bestCount ? (chunk, count) : (best, bestCount);
        }

        return best;
    }

    /// <summary>
    /// Rule J-37: a chunk that another is asked for and that this one would bring much earlier: the other is far from
    /// its end, or far behind it.
    /// </summary>
    private int? PickAtEnd(HolderState idle, TimeSpan now)
    {
        TimeSpan gain = new TimeSpan(2 * idle.ChunkTime.Ticks) + EndMargin;
        foreach (HolderState slow in holders.Values.Where(other => other.IsHere && other.Asked.Count > 0))
        {
            (int Chunk, TimeSpan At)[] open = [.. slow.Asked
                .Where(ask => !have[ask.Key] && asks[ask.Key] < EndAsksMax && claims[ask.Key] == 1
                    && idle.MayHave(ask.Key))
                .Select(ask => (ask.Key, ask.Value))];
            if (open.Length == 0)
            {
                continue;
            }

            (int chunk, TimeSpan askedAt) = open.MaxBy(ask => (ask.At, ask.Chunk));
            TimeSpan late = slow.ExpectedEnd() is { } end ? (end - now).Duration() : now - askedAt;
            if (late > gain)
            {
                return chunk;
            }
        }

        return null;
    }
}

/// <summary>An ask to be made.</summary>
/// <param name="Holder">Of whom.</param>
/// <param name="Chunk">Which chunk, by its number in the model (J-34).</param>
public readonly record struct ChunkAsk(int Holder, int Chunk);
