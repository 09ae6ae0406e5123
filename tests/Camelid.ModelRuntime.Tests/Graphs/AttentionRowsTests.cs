using Camelid.ModelRuntime.Training;

namespace Camelid.ModelRuntime.Tests.Graphs;

/// <summary>
/// Why every slot is padded: the attention of camelid-nano's shape gives a token the same bits in a prefill and in a
/// call of two rows, and other bits in a call of one row. The last is the negative control of the needle test.
/// </summary>
public sealed class AttentionRowsTests
{
    private const int Tokens = 77, Width = AttentionGraph.Width;

    /// <summary>Rule S-20, its first sentence.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(5, true)]
    public void Only_a_call_of_more_than_one_row_repeats_the_bits_of_a_prefill(int rows, bool same)
    {
        using AttentionGraph graph = new(capacity: 128);
        SplitMix64 random = new(1);
        float[] packed = [.. Enumerable.Range(0, AttentionGraph.Packed * (Tokens + 8)).Select(_ => random.Normal())];
        float[] whole = graph.Run(packed, graph.EmptyCache(), new AttentionRows(0, Tokens));
        float[][] cache = graph.EmptyCache();
        graph.Run(packed, cache, new AttentionRows(0, Tokens - 1));
        float[] last = graph.Run(packed, cache, new AttentionRows(Tokens - 1, rows));
        Assert.Equal(same, whole.AsSpan((Tokens - 1) * Width).SequenceEqual(last.AsSpan(0, Width)));
    }
}
