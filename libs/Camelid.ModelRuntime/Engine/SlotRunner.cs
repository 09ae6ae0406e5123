using Camelid.ModelRuntime.Graphs;

namespace Camelid.ModelRuntime.Engine;

/// <summary>
/// The engine's two graphs over one set of weights: that of one slot, which has no padding, and that of all slots. Both
/// compute the same bits. One caller at a time.
/// </summary>
internal sealed class SlotRunner : IDisposable
{
    private readonly SlotSession single;
    private readonly SlotSession? several;
    private readonly SlotWork[] padded;
    private SlotSession last;

    /// <summary>Takes shares of the graphs.</summary>
    /// <param name="single">The graph of one slot.</param>
    /// <param name="several">The graph of all slots; null where there is only one.</param>
    internal SlotRunner(LoadedGraph single, LoadedGraph? several)
    {
        this.single = last = new SlotSession(single);
        this.several = several is null ? null : new SlotSession(several);
        padded = new SlotWork[Slots];
    }

    /// <summary>Sequences that one call may hold.</summary>
    internal int Slots => several?.Slots ?? 1;

    /// <summary>True where a second token of a single sequence takes no row of its own.</summary>
    internal bool SecondTokenIsFree => single.SecondTokenIsFree;

    /// <summary>Most rows of logits of one call.</summary>
    internal int RowsMax => single.RowsMax;

    /// <summary>A cache for so many tokens.</summary>
    internal KeyValueCache CreateCache(int tokensMax) => single.CreateCache(tokensMax);

    /// <summary>Runs one call.</summary>
    /// <param name="work">What each sequence does, at most <see cref="Slots"/>.</param>
    internal void Run(ReadOnlySpan<SlotWork> work)
    {
        last = work.Length == 1 || several is null ? single : several;
        if (last == single)
        {
            single.Run(work);
            return;
        }

        work.CopyTo(padded);
        padded.AsSpan(work.Length).Clear();
        last.Run(padded);
    }

    /// <summary>The logits [vocabulary] of one row of the last call, ordered by sequence, then token.</summary>
    internal ReadOnlySpan<float> Logits(int row) => last.Logits(row);

    public void Dispose()
    {
        single.Dispose();
        several?.Dispose();
    }
}
