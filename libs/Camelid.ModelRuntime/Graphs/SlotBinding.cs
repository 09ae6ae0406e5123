using Camelid.ModelRuntime.Packages;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Camelid.ModelRuntime.Graphs;

/// <summary>Native memory that a session writes before each call.</summary>
internal sealed unsafe class SlotBuffers
{
    /// <summary>Token ids of all slots, side by side.</summary>
    internal required long* Ids { get; init; }

    /// <summary>Indices of the tokens whose logits are wanted.</summary>
    internal required long* Rows { get; init; }

    /// <summary>Which token stands in each row of attention: those of each slot, and any one behind them.</summary>
    internal required long* Padded { get; init; }

    /// <summary>The row of attention in which each token stands.</summary>
    internal required long* Kept { get; init; }

    /// <summary>Index of the last position of each slot.</summary>
    internal required int* Lengths { get; init; }

    /// <summary>Positions of each slot, new ones included.</summary>
    internal required int* Totals { get; init; }

    /// <summary>Rows of each slot in attention: its new tokens, and one more where slots are padded.</summary>
    internal required long* Splits { get; init; }
}

/// <summary>The shape of a call.</summary>
/// <param name="Slots">Slots of the graph.</param>
/// <param name="Tokens">Tokens of all slots.</param>
/// <param name="Rows">Rows of logits.</param>
/// <param name="Provider">What computes.</param>
internal readonly record struct SlotShape(int Slots, int Tokens, int Rows, ExecutionProvider Provider)
{
    /// <summary>True where a row stands behind each slot in attention.</summary>
    internal required bool IsPadded { get; init; }
}

/// <summary>The memory of one shape of calls, as ONNX Runtime knows it; caches are bound anew only where they
/// change.</summary>
internal sealed unsafe class SlotBinding : IDisposable
{
    private readonly List<(string Name, OrtValue Value)> inputs = [];
    private readonly OrtValue logits;
    private readonly KeyValueCache?[] bound;
    private readonly ModelArchitecture model;
    private readonly bool copiesInputs;

    internal SlotBinding(
        InferenceSession session, ModelArchitecture model, SlotShape shape, SlotBuffers buffers, nint logitsData)
    {
        this.model = model;
        Native = session.CreateIoBinding();
        bound = new KeyValueCache?[shape.Slots];
        copiesInputs = shape.Provider != ExecutionProvider.Cpu;
        Add("input_ids", TensorElementType.Int64, [1, shape.Tokens], buffers.Ids);
        Add("rows", TensorElementType.Int64, [shape.Rows], buffers.Rows);
        if (shape.IsPadded)
        {
            Add("padded", TensorElementType.Int64, [shape.Tokens + shape.Slots], buffers.Padded);
            Add("kept", TensorElementType.Int64, [shape.Tokens], buffers.Kept);
        }

        if (shape.Slots > 1)
        {
            Add("split", TensorElementType.Int64, [shape.Slots], buffers.Splits);
        }

        for (int slot = 0; slot < shape.Slots; slot++)
        {
            Add($"seqlens_k.{slot}", TensorElementType.Int32, [1], buffers.Lengths + slot);
            Add($"total_sequence_length.{slot}", TensorElementType.Int32, [], buffers.Totals + slot);
        }

        logits = Value(TensorElementType.Float, [shape.Rows, model.VocabularySize], (void*)logitsData);
        Native.BindOutput("logits", logits);
        BindInputs();
    }

    /// <summary>The binding.</summary>
    internal OrtIoBinding Native { get; }

    /// <summary>The number of the last call that used it.</summary>
    internal long LastCall { get; set; }

    /// <summary>Makes it ready for a call with these caches, by slot.</summary>
    internal void Bind(ReadOnlySpan<KeyValueCache> caches)
    {
        if (copiesInputs)
        {
            // Binding is what copies inputs to a GPU.
            BindInputs();
        }

        for (int slot = 0; slot < bound.Length; slot++)
        {
            if (bound[slot] != caches[slot])
            {
                BindCache(slot, caches[slot]);
                bound[slot] = caches[slot];
            }
        }
    }

    /// <summary>Forgets a cache that is about to be freed.</summary>
    public void Dispose()
    {
        Native.Dispose();
        logits.Dispose();
        inputs.ForEach(item => item.Value.Dispose());
    }

    private void BindCache(int slot, KeyValueCache cache)
    {
        for (int layer = 0; layer < model.Layers; layer++)
        {
            for (int i = 0; i < 2; i++)
            {
                OrtValue value = cache.Of(layer, i == 1);
                Native.BindInput(SlotGraph.Past(layer, slot, i == 1), value);
                Native.BindOutput(SlotGraph.Present(layer, slot, i == 1), value);
            }
        }
    }

    private void BindInputs()
    {
        foreach ((string name, OrtValue value) in inputs)
        {
            Native.BindInput(name, value);
        }
    }

    private void Add(string name, TensorElementType type, long[] shape, void* data) =>
        inputs.Add((name, Value(type, shape, data)));

    private static OrtValue Value(TensorElementType type, long[] shape, void* data)
    {
        long elements = shape.Aggregate(1L, (product, size) => product * size);
        long bytes = elements * (type == TensorElementType.Int64 ? sizeof(long) : sizeof(int));
        return OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type, shape, (nint)data, bytes);
    }
}
