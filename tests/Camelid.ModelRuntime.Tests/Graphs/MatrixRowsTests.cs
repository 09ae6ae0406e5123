using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Training;
using Microsoft.ML.OnnxRuntime;

namespace Camelid.ModelRuntime.Tests.Graphs;

/// <summary>What the slot graph rests on: a row's product does not depend on the rows beside it.</summary>
public sealed class MatrixRowsTests
{
    private const int Rows = 9;
    private const string TiedOutput = "tied output";

    [Theory]
    [InlineData(Precision.Single)]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Int4)]
    [InlineData(TiedOutput)]
    public void A_row_of_a_product_of_two_rows_or_more_has_the_same_bits(string kind)
    {
        foreach ((int inputs, int outputs) in new[] { (768, 96), (768, 4_000), (2048, 768), (172, 64) })
        {
            using InferenceSession session = new(Graph(kind, inputs, outputs));
            SplitMix64 random = new(3);
            float[] x = [.. Enumerable.Range(0, Rows * inputs).Select(_ => random.Normal())];
            float[] whole = Run(session, x, inputs);
            foreach (int rows in new[] { 2, 3, 5, 8 })
            {
                float[] some = Run(session, x[..(rows * inputs)], inputs);
                Assert.True(whole.AsSpan(0, some.Length).SequenceEqual(some), $"{rows} rows of {inputs} x {outputs}");
            }
        }
    }

    private static float[] Run(InferenceSession session, float[] x, int inputs)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(x, [x.Length / inputs, inputs]);
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> result = session.Run(options, ["x"], [input], ["y"]);
        return result[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static byte[] Graph(string kind, int inputs, int outputs)
    {
        OnnxGraph graph = new("product");
        graph.Input("x", OnnxGraph.Float, "rows", inputs);
        graph.Output("y", OnnxGraph.Float, "rows", outputs);
        SplitMix64 random = new(7);
        if (!Precision.IsQuantised(kind))
        {
            float[] w = [.. Enumerable.Range(0, inputs * outputs).Select(_ => random.Normal())];
            if (kind == TiedOutput)
            {
                graph.AddNode("Gemm", ["x", graph.Floats(w, outputs, inputs)], ["y"], OnnxGraph.Of("transB", 1));
            }
            else
            {
                graph.AddNode("MatMul", ["x", graph.Floats(w, inputs, outputs)], ["y"]);
            }

            return graph.ToBytes();
        }

        int blocks = (inputs + 31) / 32;
        byte[] b = new byte[outputs * blocks * Precision.BlockBytes(kind)];
        for (int i = 0; i < b.Length; i++)
        {
            b[i] = (byte)random.Below(256);
        }

        float[] scales = [.. Enumerable.Range(0, outputs * blocks).Select(_ => 0.01f * random.Normal())];
        graph.AddNode(
            "com.microsoft:MatMulNBits",
            ["x", graph.Bytes(b, outputs, blocks, b.Length / outputs / blocks), graph.Floats(scales, scales.Length)],
            ["y"],
            OnnxGraph.Of("K", inputs), OnnxGraph.Of("N", outputs), OnnxGraph.Of("bits", kind == Precision.Int8 ? 8 : 4),
            OnnxGraph.Of("block_size", 32), OnnxGraph.Of("accuracy_level", 4));
        return graph.ToBytes();
    }
}
