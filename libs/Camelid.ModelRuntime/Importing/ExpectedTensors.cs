using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing;

/// <summary>A tensor that a source must have.</summary>
/// <param name="Name">Its Hugging Face name.</param>
/// <param name="Rows">Outputs; 1 for a vector.</param>
/// <param name="Columns">Inputs; the length of a vector.</param>
internal readonly record struct ExpectedTensor(string Name, long Rows, long Columns);

/// <summary>The tensors of a model by their Hugging Face names, true head sizes.</summary>
internal static class ExpectedTensors
{
    /// <summary>The embedding.</summary>
    internal const string Embedding = "model.embed_tokens.weight";

    /// <summary>The output projection, where the model is not tied.</summary>
    internal const string Output = "lm_head.weight";

    /// <summary>The norm after the last layer.</summary>
    internal const string FinalNorm = "model.norm.weight";

    /// <summary>A tensor of a layer.</summary>
    internal static string At(int layer, string name) => $"model.layers.{layer}.{name}";

    /// <summary>All that an architecture needs.</summary>
    internal static IEnumerable<ExpectedTensor> Of(ModelArchitecture model)
    {
        yield return new ExpectedTensor(Embedding, model.VocabularySize, model.HiddenSize);
        for (int layer = 0; layer < model.Layers; layer++)
        {
            foreach (ExpectedTensor tensor in Layer(model))
            {
                yield return tensor with { Name = At(layer, tensor.Name) };
            }
        }

        yield return new ExpectedTensor(FinalNorm, 1, model.HiddenSize);
        if (!model.TiedEmbedding)
        {
            yield return new ExpectedTensor(Output, model.VocabularySize, model.HiddenSize);
        }
    }

    /// <summary>Finds every tensor and compares its shape.</summary>
    /// <exception cref="ModelImportException">One is missing or has another shape.</exception>
    internal static void Check(IModelSourceReader source)
    {
        foreach (ExpectedTensor expected in Of(source.Model.Architecture))
        {
            if (source.Find(expected.Name) is not { } found)
            {
                throw new ModelImportException(
                    $"{FileOf(source)}: tensor {expected.Name} is missing; the model's configuration wants it, so the "
                    + "download is not complete or the configuration belongs to another model");
            }

            if (found.Rows != expected.Rows || found.Columns != expected.Columns)
            {
                throw new ModelImportException(
                    $"{found.File}: tensor {expected.Name} has shape [{found.Rows}, {found.Columns}], the model's "
                    + $"configuration wants [{expected.Rows}, {expected.Columns}]; take files that belong together");
            }
        }
    }

    private static string FileOf(IModelSourceReader source) => source.Files.Count == 1
        ? Path.GetFileName(source.Files[0])
        : $"{source.Files.Count} files";

    private static IEnumerable<ExpectedTensor> Layer(ModelArchitecture model)
    {
        long hidden = model.HiddenSize, queries = (long)model.Heads * model.HeadSize;
        long keys = (long)model.KeyValueHeads * model.HeadSize, inner = model.FeedForwardSize;
        yield return new("input_layernorm.weight", 1, hidden);
        yield return new("self_attn.q_proj.weight", queries, hidden);
        yield return new("self_attn.k_proj.weight", keys, hidden);
        yield return new("self_attn.v_proj.weight", keys, hidden);
        if (model.AttentionBias)
        {
            yield return new("self_attn.q_proj.bias", 1, queries);
            yield return new("self_attn.k_proj.bias", 1, keys);
            yield return new("self_attn.v_proj.bias", 1, keys);
        }

        if (model.QueryKeyNorm)
        {
            yield return new("self_attn.q_norm.weight", 1, model.HeadSize);
            yield return new("self_attn.k_norm.weight", 1, model.HeadSize);
        }

        yield return new("self_attn.o_proj.weight", hidden, queries);
        if (model.AttentionOutputBias)
        {
            yield return new("self_attn.o_proj.bias", 1, hidden);
        }

        yield return new("post_attention_layernorm.weight", 1, hidden);
        yield return new("mlp.gate_proj.weight", inner, hidden);
        yield return new("mlp.up_proj.weight", inner, hidden);
        yield return new("mlp.down_proj.weight", hidden, inner);
    }
}
