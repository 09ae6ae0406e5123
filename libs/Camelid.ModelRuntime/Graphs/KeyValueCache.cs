using System.Runtime.InteropServices;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Camelid.ModelRuntime.Graphs;

/// <summary>
/// Keys and values of one sequence, for all layers: [1, kv heads, capacity, padded head size] each. On a GPU they lie
/// there.
/// </summary>
internal sealed unsafe class KeyValueCache : IDisposable
{
    private const int AlignmentBytes = 64;
    private readonly OrtValue[] values;
    private readonly long headBytes;
    private readonly long rowBytes;
    private readonly int heads;
    private byte* data;

    /// <summary>Takes the memory.</summary>
    /// <param name="model">The shapes.</param>
    /// <param name="elementType">ONNX element type of keys and values.</param>
    /// <param name="tokensMax">Tokens that it is to hold.</param>
    /// <param name="device">The GPU's memory; null takes the machine's.</param>
    /// <exception cref="OutOfMemoryException">There is not that much memory.</exception>
    internal KeyValueCache(ModelArchitecture model, int elementType, int tokensMax, OrtAllocator? device)
    {
        TokensMax = tokensMax;
        Bytes = BytesFor(model, elementType, tokensMax);
        heads = model.KeyValueHeads;
        rowBytes = (long)model.PaddedHeadSize * OnnxGraph.ElementBytes(elementType);
        headBytes = rowBytes * (tokensMax + SlotGraph.PadPositions);
        TensorElementType type = elementType == OnnxGraph.Float16
            ? TensorElementType.Float16 : TensorElementType.Float;
        long[] shape = [1, heads, tokensMax + SlotGraph.PadPositions, model.PaddedHeadSize];
        values = new OrtValue[2 * model.Layers];
        if (device is null)
        {
            data = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes, AlignmentBytes);
            NativeMemory.Clear(data, (nuint)Bytes);
        }

        long each = heads * headBytes;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = device is null
                ? OrtValue.CreateTensorValueWithData(
                    OrtMemoryInfo.DefaultInstance, type, shape, (nint)(data + i * each), each)
                : OrtValue.CreateAllocatedTensorValue(device, type, shape);
        }
    }

    /// <summary>Tokens that fit.</summary>
    internal int TokensMax { get; }

    /// <summary>Bytes of memory.</summary>
    internal long Bytes { get; }

    /// <summary>True where <see cref="CopyPrefix"/> works: the memory is the machine's own.</summary>
    internal bool CanCopy => data is not null;

    /// <summary>Bytes that a cache of so many tokens takes.</summary>
    internal static long BytesFor(ModelArchitecture model, int elementType, int tokensMax) =>
        2L * model.Layers * model.KeyValueHeads * model.PaddedHeadSize * OnnxGraph.ElementBytes(elementType)
        * (tokensMax + SlotGraph.PadPositions);

    /// <summary>The keys or values of a layer.</summary>
    internal OrtValue Of(int layer, bool isValues) => values[2 * layer + (isValues ? 1 : 0)];

    /// <summary>Takes over the first tokens of another cache of the same model.</summary>
    internal void CopyPrefix(KeyValueCache source, int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, Math.Min(TokensMax, source.TokensMax));
        long bytes = tokens * rowBytes;
        for (int i = 0; i < values.Length * heads; i++)
        {
            Buffer.MemoryCopy(source.data + i * source.headBytes, data + i * headBytes, headBytes, bytes);
        }
    }

    public void Dispose()
    {
        foreach (OrtValue value in values)
        {
            value.Dispose();
        }

        if (data is not null)
        {
            NativeMemory.AlignedFree(data);
            data = null;
        }
    }
}
