using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Training;
using Microsoft.ML.OnnxRuntime;

namespace Camelid.ModelRuntime.Tests.Graphs;

/// <summary>
/// Why every slot is padded: the attention of camelid-nano's shape gives a token the same bits in a prefill and in a
/// call of two rows, and other bits in a call of one row. The last is the negative control of the needle test.
/// </summary>
public sealed class AttentionRowsTests
{
    private const int Heads = 4, Shared = 2, Head = 32, Capacity = 128, Tokens = 77;
    private const int Packed = (Heads + 2 * Shared) * Head, Width = Heads * Head;

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(5, true)]
    public void Only_a_call_of_more_than_one_row_repeats_the_bits_of_a_prefill(int rows, bool same)
    {
        using InferenceSession session = new(Graph());
        SplitMix64 random = new(1);
        float[] packed = [.. Enumerable.Range(0, Packed * (Tokens + 8)).Select(_ => random.Normal())];
        float[] whole = Run(session, packed, Cache.Empty(), new Span(0, Tokens));
        Cache cache = Cache.Empty();
        Run(session, packed, cache, new Span(0, Tokens - 1));
        float[] last = Run(session, packed, cache, new Span(Tokens - 1, rows));
        Assert.Equal(same, whole.AsSpan((Tokens - 1) * Width).SequenceEqual(last.AsSpan(0, Width)));
    }

    private static byte[] Graph()
    {
        OnnxGraph graph = new("attention");
        RotaryTables tables = RotaryTables.Of(NanoModel.Architecture with { HeadSize = Head }, Capacity);
        graph.Input("packed", OnnxGraph.Float, 1, "rows", Packed);
        graph.Input("length", OnnxGraph.Int32, 1);
        graph.Input("total", OnnxGraph.Int32);
        graph.Output("mixed", OnnxGraph.Float, 1, "rows", Width);
        foreach (string cache in new[] { "keys", "values" })
        {
            graph.Input(cache, OnnxGraph.Float, 1, Shared, Capacity, Head);
            graph.Output(cache + "_next", OnnxGraph.Float, 1, Shared, Capacity, Head);
        }

        graph.AddNode(
            "com.microsoft:GroupQueryAttention",
            ["packed", "", "", "keys", "values", "length", "total",
                graph.Floats(tables.Cos, Capacity, Head / 2), graph.Floats(tables.Sin, Capacity, Head / 2)],
            ["mixed", "keys_next", "values_next"],
            OnnxGraph.Of("num_heads", Heads), OnnxGraph.Of("kv_num_heads", Shared),
            OnnxGraph.Of("do_rotary", 1), OnnxGraph.Of("rotary_interleaved", 0));
        return graph.ToBytes();
    }

    private static float[] Run(InferenceSession session, float[] packed, Cache cache, Span span)
    {
        float[] mixed = new float[span.Rows * Width];
        float[] input = packed[(span.Past * Packed)..((span.Past + span.Rows) * Packed)];
        long[] shape = [1, Shared, Capacity, Head];
        using RunOptions options = new();
        using OrtValue packedValue = OrtValue.CreateTensorValueFromMemory(input, [1, span.Rows, Packed]);
        using OrtValue length = OrtValue.CreateTensorValueFromMemory(new[] { span.Past + span.Rows - 1 }, [1]);
        using OrtValue total = OrtValue.CreateTensorValueFromMemory(new[] { span.Past + span.Rows }, []);
        using OrtValue keys = OrtValue.CreateTensorValueFromMemory(cache.Keys, shape);
        using OrtValue values = OrtValue.CreateTensorValueFromMemory(cache.Values, shape);
        using OrtValue mixedValue = OrtValue.CreateTensorValueFromMemory(mixed, [1, span.Rows, Width]);
        session.Run(
            options, ["packed", "length", "total", "keys", "values"], [packedValue, length, total, keys, values],
            ["mixed", "keys_next", "values_next"], [mixedValue, keys, values]);
        return mixed;
    }

    private readonly record struct Span(int Past, int Rows);

    private sealed record Cache(float[] Keys, float[] Values)
    {
        internal static Cache Empty() => new(new float[Shared * Capacity * Head], new float[Shared * Capacity * Head]);
    }
}
