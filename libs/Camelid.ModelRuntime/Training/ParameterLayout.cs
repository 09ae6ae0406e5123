using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Training;

/// <summary>One weight inside the flat vector of all weights.</summary>
/// <param name="Name">Its name in graph and package.</param>
/// <param name="Dimensions">Its shape, row-major.</param>
/// <param name="Offset">Index of its first number.</param>
internal sealed record ParameterSlice(string Name, long[] Dimensions, int Offset)
{
    /// <summary>Numbers in it.</summary>
    internal int Count => (int)Dimensions.Aggregate(1L, (product, size) => product * size);

    /// <summary>Norm weights are vectors; they start at one and do not decay.</summary>
    internal bool IsNorm => Dimensions.Length == 1;
}

/// <summary>The order of a Llama model's weights in one flat vector: the optimiser sees a single tensor.</summary>
internal static class ParameterLayout
{
    /// <summary>Every trained weight of the architecture, in order. Matrices are [inputs, outputs].</summary>
    internal static IReadOnlyList<ParameterSlice> Of(ModelArchitecture shape)
    {
        List<ParameterSlice> slices = [];
        int offset = 0;
        void add(string name, params long[] dimensions)
        {
            ParameterSlice slice = new(name, dimensions, offset);
            offset += slice.Count;
            slices.Add(slice);
        }

        long width = shape.HiddenSize;
        add("embedding", shape.VocabularySize, width);
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            add($"layer.{layer}.attention_norm", width);
            add($"layer.{layer}.qkv", width, shape.QueryKeyValueSize);
            add($"layer.{layer}.attention_out", (long)shape.Heads * shape.HeadSize, width);
            add($"layer.{layer}.feed_forward_norm", width);
            add($"layer.{layer}.gate", width, shape.FeedForwardSize);
            add($"layer.{layer}.up", width, shape.FeedForwardSize);
            add($"layer.{layer}.down", shape.FeedForwardSize, width);
        }

        add("final_norm", width);
        return slices;
    }

    /// <summary>
    /// Starting weights: norms one, the others normal; what writes to the residual stream starts smaller.
    /// </summary>
    internal static float[] Initialise(ModelArchitecture shape, SplitMix64 random)
    {
        IReadOnlyList<ParameterSlice> slices = Of(shape);
        float[] weights = new float[slices[^1].Offset + slices[^1].Count];
        foreach (ParameterSlice slice in slices)
        {
            bool residual = slice.Name.EndsWith("_out", StringComparison.Ordinal)
                || slice.Name.EndsWith("down", StringComparison.Ordinal);
            float deviation = slice.Name == "embedding" ? 0.05f : 1 / MathF.Sqrt(slice.Dimensions[0]);
            deviation *= residual ? 1 / MathF.Sqrt(2 * shape.Layers) : 1;
            for (int i = 0; i < slice.Count; i++)
            {
                weights[slice.Offset + i] = slice.IsNorm ? 1 : deviation * random.Normal();
            }
        }

        return weights;
    }
}
