using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Training;

/// <summary>The shape of a LoRA: which projections get an adapter, and of what rank.</summary>
/// <param name="Rank">Width between the two factors, 1 … 256.</param>
/// <param name="Alpha">The product of the factors counts alpha / rank times.</param>
/// <param name="FeedForward">True where gate, up and down are adapted too, beside q, k, v and the attention's
/// output.</param>
internal sealed record LoraShape(int Rank, float Alpha, bool FeedForward)
{
    /// <summary>Greatest rank.</summary>
    internal const int RankMax = 256;

    /// <summary>What the product of the factors is multiplied with.</summary>
    internal float Scale => Alpha / Rank;
}

/// <summary>An adapted projection: y = x·W + scale · (x·A)·B.</summary>
/// <param name="Projection">Name of the projection in a layer: q, k, v, or a matrix of the catalogue.</param>
/// <param name="Matrix">The matrix of the catalogue that the product is merged into.</param>
/// <param name="Inputs">Length of x.</param>
/// <param name="Outputs">Length of y.</param>
/// <param name="FirstColumn">Column of the matrix at which y begins.</param>
internal sealed record LoraTarget(string Projection, string Matrix, int Inputs, int Outputs, int FirstColumn)
{
    /// <summary>Name of the factor [inputs, rank].</summary>
    internal string A => Projection + ".lora_a";

    /// <summary>Name of the factor [rank, outputs].</summary>
    internal string B => Projection + ".lora_b";
}

/// <summary>The order of a LoRA's factors in one flat vector.</summary>
internal static class LoraLayout
{
    /// <summary>Every adapted projection, in order.</summary>
    internal static IReadOnlyList<LoraTarget> Targets(ModelArchitecture model, LoraShape shape)
    {
        List<LoraTarget> targets = [];
        int hidden = model.HiddenSize, q = model.AttentionSize, kv = model.KeyValueHeads * model.PaddedHeadSize;
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string at = $"layer.{layer}.";
            targets.Add(new LoraTarget(at + "q", at + "qkv", hidden, q, 0));
            targets.Add(new LoraTarget(at + "k", at + "qkv", hidden, kv, q));
            targets.Add(new LoraTarget(at + "v", at + "qkv", hidden, kv, q + kv));
            targets.Add(new LoraTarget(at + "attention_out", at + "attention_out", q, hidden, 0));
            if (shape.FeedForward)
            {
                targets.Add(new LoraTarget(at + "gate", at + "gate", hidden, model.FeedForwardSize, 0));
                targets.Add(new LoraTarget(at + "up", at + "up", hidden, model.FeedForwardSize, 0));
                targets.Add(new LoraTarget(at + "down", at + "down", model.FeedForwardSize, hidden, 0));
            }
        }

        return targets;
    }

    /// <summary>Where each factor lies.</summary>
    internal static IReadOnlyList<ParameterSlice> Of(ModelArchitecture model, LoraShape shape)
    {
        List<ParameterSlice> slices = [];
        int offset = 0;
        void add(string name, params long[] dimensions)
        {
            ParameterSlice slice = new(name, dimensions, offset);
            offset = checked(offset + slice.Count);
            slices.Add(slice);
        }

        foreach (LoraTarget target in Targets(model, shape))
        {
            add(target.A, target.Inputs, shape.Rank);
            add(target.B, shape.Rank, target.Outputs);
        }

        return slices;
    }

    /// <summary>
    /// Starting factors: A normal, B zero, so that training starts at the model itself. Rows of A that belong to the
    /// padding of a head are zero, and stay so: nothing comes from there.
    /// </summary>
    internal static float[] Initialise(ModelArchitecture model, LoraShape shape, SplitMix64 random)
    {
        IReadOnlyList<ParameterSlice> slices = Of(model, shape);
        float[] factors = new float[slices[^1].Offset + slices[^1].Count];
        HashSet<int> truePlaces = [.. Enumerable.Range(0, model.HeadSize).Select(model.PaddedIndex)];
        foreach (ParameterSlice slice in slices.Where(
            slice => slice.Name.EndsWith(".lora_a", StringComparison.Ordinal)))
        {
            bool fromHeads = slice.Name.EndsWith("attention_out.lora_a", StringComparison.Ordinal);
            float deviation = 1 / MathF.Sqrt(slice.Dimensions[0]);
            for (int i = 0; i < slice.Count; i++)
            {
                float value = deviation * random.Normal();
                bool padding = fromHeads && !truePlaces.Contains(i / shape.Rank % model.PaddedHeadSize);
                factors[slice.Offset + i] = padding ? 0 : value;
            }
        }

        return factors;
    }
}
