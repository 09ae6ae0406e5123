using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Training;
using Microsoft.ML.OnnxRuntime;

namespace Camelid.ModelRuntime.Tests.Graphs;

/// <summary>Rows of one call of attention: those that went before, and the new ones.</summary>
internal readonly record struct AttentionRows(int Past, int Count);

/// <summary>Attention alone, in the shape of camelid-nano: queries, keys and values in, mixed values out.</summary>
internal sealed class AttentionGraph : IDisposable
{
    /// <summary>Numbers of one row going in and coming out.</summary>
    internal const int Packed = (Heads + 2 * Shared) * Head, Width = Heads * Head;

    private const int Heads = 4, Shared = 2, Head = 32;
    private readonly int capacity;
    private readonly InferenceSession session;

    /// <summary>Makes the session, with room for so many rows.</summary>
    internal AttentionGraph(int capacity)
    {
        this.capacity = capacity;
        session = new InferenceSession(Build(capacity));
    }

    /// <summary>Keys and values of no rows yet.</summary>
    internal float[][] EmptyCache() => [new float[Shared * capacity * Head], new float[Shared * capacity * Head]];

    /// <summary>Runs some rows of the input; the cache takes their keys and values in.</summary>
    internal float[] Run(float[] packed, float[][] cache, AttentionRows rows)
    {
        float[] mixed = new float[rows.Count * Width];
        int end = rows.Past + rows.Count;
        float[] input = packed[(rows.Past * Packed)..(end * Packed)];
        long[] shape = [1, Shared, capacity, Head];
        using RunOptions options = new();
        using OrtValue packedValue = OrtValue.CreateTensorValueFromMemory(input, [1, rows.Count, Packed]);
        using OrtValue length = OrtValue.CreateTensorValueFromMemory(new[] { end - 1 }, [1]);
        using OrtValue total = OrtValue.CreateTensorValueFromMemory(new[] { end }, []);
        using OrtValue keys = OrtValue.CreateTensorValueFromMemory(cache[0], shape);
        using OrtValue values = OrtValue.CreateTensorValueFromMemory(cache[1], shape);
        using OrtValue mixedValue = OrtValue.CreateTensorValueFromMemory(mixed, [1, rows.Count, Width]);
        session.Run(
            options, ["packed", "length", "total", "keys", "values"], [packedValue, length, total, keys, values],
            ["mixed", "keys_next", "values_next"], [mixedValue, keys, values]);
        return mixed;
    }

    public void Dispose() => session.Dispose();

    private static byte[] Build(int capacity)
    {
        OnnxGraph graph = new("attention");
        RotaryTables tables = RotaryTables.Of(NanoModel.Architecture with { HeadSize = Head }, capacity);
        graph.Input("packed", OnnxGraph.Float, 1, "rows", Packed);
        graph.Input("length", OnnxGraph.Int32, 1);
        graph.Input("total", OnnxGraph.Int32);
        graph.Output("mixed", OnnxGraph.Float, 1, "rows", Width);
        foreach (string cache in new[] { "keys", "values" })
        {
            graph.Input(cache, OnnxGraph.Float, 1, Shared, capacity, Head);
            graph.Output(cache + "_next", OnnxGraph.Float, 1, Shared, capacity, Head);
        }

        graph.AddNode(
            "com.microsoft:GroupQueryAttention",
            ["packed", "", "", "keys", "values", "length", "total",
                graph.Floats(tables.Cos, capacity, Head / 2), graph.Floats(tables.Sin, capacity, Head / 2)],
            ["mixed", "keys_next", "values_next"],
            OnnxGraph.Of("num_heads", Heads), OnnxGraph.Of("kv_num_heads", Shared),
            OnnxGraph.Of("do_rotary", 1), OnnxGraph.Of("rotary_interleaved", 0));
        return graph.ToBytes();
    }
}
