using System.Diagnostics;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing;

/// <summary>Norms and biases of a source, with padded heads as the slot graph wants them.</summary>
internal static class WeightVectors
{
    /// <summary>The numbers of a vector.</summary>
    /// <param name="source">Holds every tensor of its architecture.</param>
    /// <param name="name">Name in the weight catalogue.</param>
    /// <exception cref="ModelImportException">The numbers are not there, or not finite.</exception>
    internal static float[] Read(IModelSourceReader source, string name)
    {
        if (name == "final_norm")
        {
            return Plain(source, ExpectedTensors.FinalNorm);
        }

        ModelArchitecture model = source.Model.Architecture;
        LayerWeight at = LayerWeight.Parse(name);
        return at.Name switch
        {
            "attention_norm" => Plain(source, at.Source("input_layernorm.weight")),
            "feed_forward_norm" => Plain(source, at.Source("post_attention_layernorm.weight")),
            "attention_out_bias" => Plain(source, at.Source("self_attn.o_proj.bias")),
            "query_norm" => HeadNorm(source, at.Source("self_attn.q_norm.weight")),
            "key_norm" => HeadNorm(source, at.Source("self_attn.k_norm.weight")),
            "qkv_bias" => [
                .. Padded(Plain(source, at.Source("self_attn.q_proj.bias")), model),
                .. Padded(Plain(source, at.Source("self_attn.k_proj.bias")), model),
                .. Padded(Plain(source, at.Source("self_attn.v_proj.bias")), model)],
            _ => throw new UnreachableException($"the catalogue has a vector {name} that no source has"),
        };
    }

    /// <summary>
    /// A norm over the padded head divides by its padded length, so the weight makes up for it; the graph's epsilon
    /// does so too.
    /// </summary>
    private static float[] HeadNorm(IModelSourceReader source, string tensor)
    {
        ModelArchitecture model = source.Model.Architecture;
        float[] weight = Plain(source, tensor);
        if (model.HeadSize != model.PaddedHeadSize)
        {
            float factor = MathF.Sqrt((float)model.HeadSize / model.PaddedHeadSize);
            for (int i = 0; i < weight.Length; i++)
            {
                weight[i] *= factor;
            }
        }

        return Padded(weight, model);
    }

    private static float[] Padded(float[] values, ModelArchitecture model)
    {
        if (model.HeadSize == model.PaddedHeadSize)
        {
            return values;
        }

        float[] padded = new float[values.Length / model.HeadSize * model.PaddedHeadSize];
        for (int i = 0; i < values.Length; i++)
        {
            padded[(i / model.HeadSize * model.PaddedHeadSize) + model.PaddedIndex(i % model.HeadSize)] = values[i];
        }

        return padded;
    }

    private static float[] Plain(IModelSourceReader source, string name)
    {
        SourceTensor tensor = source.Find(name)!;
        float[] values = new float[tensor.Columns];
        source.ReadRows(tensor, 0, 1, values);
        return SourceNumbers.FirstNotFinite(values) < 0 ? values : throw new ModelImportException(
            $"{tensor.File}: tensor {name} holds an infinite number, or none; download the file again");
    }
}
