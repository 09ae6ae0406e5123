using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tests.CacheSize;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Onnx;

namespace Camelid.ModelRuntime.Tests.Verification;

/// <summary>
/// A model as another machine might compute it: the same weights through other kernels, so that logits differ by
/// rounding and nothing else.
/// </summary>
internal static class OtherClass
{
    private const string NotPacked = "weights not packed", WholeInputs = "inputs of products not rounded to 8 bits";
    private const string Flash = "flash attention", OneRow = "attention of one row";

    /// <summary>Kernels that differ from ours in rounding.</summary>
    internal static readonly string[] Kinds = [NotPacked, WholeInputs, Flash, OneRow];

    /// <summary>Logits [tokens, vocabulary] at every position.</summary>
    internal static float[] Logits(ModelWeights weights, string kind, uint[] tokens)
    {
        if (kind == OneRow)
        {
            using LoadedGraph graph = new(weights, slots: 1, threads: 1) { TokensMin = 1, LogitRowsMin = 1 };
            return Logits(graph, tokens, chunk: 1);
        }

        byte[] bytes = weights.BuildGraph(slots: 1);
        using FlashAttention? flash = kind == Flash ? FlashAttention.Allow() : null;
        using SessionOptions options = new() { IntraOpNumThreads = 1 };
        if (kind == NotPacked)
        {
            options.AddSessionConfigEntry("session.disable_prepacking", "1");
        }

        using InferenceSession session = weights.Open(kind == WholeInputs ? WithWholeInputs(bytes) : bytes, options);
        return Logits(session, weights.Architecture, tokens);
    }

    /// <summary>Logits [tokens, vocabulary] from a slot graph, some tokens at a time.</summary>
    internal static float[] Logits(LoadedGraph graph, uint[] tokens, int chunk)
    {
        int vocabulary = graph.Weights.Architecture.VocabularySize;
        using SlotSession session = new(graph);
        using KeyValueCache cache = session.CreateCache(tokens.Length);
        float[] logits = new float[tokens.Length * vocabulary];
        for (int past = 0; past < tokens.Length; past += chunk)
        {
            int rows = session.Run([new SlotWork(cache, past, tokens.AsMemory(past, chunk), 0)]);
            for (int row = 0; row < rows; row++)
            {
                session.Logits(row).CopyTo(logits.AsSpan((past + row) * vocabulary));
            }
        }

        return logits;
    }

    private static float[] Logits(InferenceSession session, ModelArchitecture model, uint[] tokens)
    {
        int count = tokens.Length;
        long[] rows = [.. Enumerable.Range(0, count).Select(row => (long)row)];
        List<OrtValue> inputs =
        [
            OrtValue.CreateTensorValueFromMemory(tokens.Select(token => (long)token).ToArray(), [1, count]),
            OrtValue.CreateTensorValueFromMemory(rows, [count]),
            OrtValue.CreateTensorValueFromMemory(new[] { count - 1 }, [1]),
            OrtValue.CreateTensorValueFromMemory(new[] { count }, []),
        ];
        List<string> names = ["input_ids", "rows", "seqlens_k.0", "total_sequence_length.0"];
        for (int layer = 0; layer < model.Layers; layer++)
        {
            foreach (bool values in new[] { false, true })
            {
                names.Add(SlotGraph.Past(layer, 0, values));
                inputs.Add(OrtValue.CreateAllocatedTensorValue(
                    OrtAllocator.DefaultInstance, TensorElementType.Float,
                    [1, model.KeyValueHeads, count, model.PaddedHeadSize]));
                inputs[^1].GetTensorMutableDataAsSpan<float>().Clear();
            }
        }

        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> result = session.Run(options, names, inputs, ["logits"]);
        inputs.ForEach(input => input.Dispose());
        return result[0].GetTensorDataAsSpan<float>().ToArray();
    }

    /// <summary>Quantised products that do not round their inputs to 8 bits, as on a GPU.</summary>
    private static byte[] WithWholeInputs(byte[] graph)
    {
        ModelProto proto = ModelProto.Parser.ParseFrom(graph);
        foreach (AttributeProto attribute in proto.Graph.Node.SelectMany(node => node.Attribute))
        {
            if (attribute.Name == "accuracy_level")
            {
                attribute.I = 1;
            }
        }

        return proto.ToByteArray();
    }
}
