using System.Globalization;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing.Gguf;

/// <summary>A tensor that a model has: its names and its shape.</summary>
/// <param name="GgufName">Its name in the file.</param>
/// <param name="Name">Its Hugging Face name.</param>
/// <param name="Rows">Outputs of a matrix; 1 for a vector.</param>
/// <param name="Columns">Inputs of a matrix; the length of a vector.</param>
/// <param name="Interleaved">
/// True where the file keeps rotary pairs as neighbours within a head, not half a head apart.
/// </param>
internal sealed record GgufTensorName(string GgufName, string Name, long Rows, long Columns, bool Interleaved = false);

/// <summary>The names of tensors in GGUF files and in Hugging Face ones.</summary>
internal static class GgufNames
{
    /// <summary>The embedding.</summary>
    internal const string Embedding = "token_embd.weight";

    /// <summary>The output projection; absent where it is the embedding.</summary>
    internal const string Output = "output.weight";

    /// <summary>Every tensor that a model of this architecture has.</summary>
    internal static IEnumerable<GgufTensorName> Of(ModelArchitecture model)
    {
        int hidden = model.HiddenSize;
        yield return new GgufTensorName(Embedding, "model.embed_tokens.weight", model.VocabularySize, hidden);
        yield return new GgufTensorName("output_norm.weight", "model.norm.weight", 1, hidden);
        if (!model.TiedEmbedding)
        {
            yield return new GgufTensorName(Output, "lm_head.weight", model.VocabularySize, hidden);
        }

        for (int layer = 0; layer < model.Layers; layer++)
        {
            foreach (GgufTensorName tensor in OfLayer(model))
            {
                string number = layer.ToString(CultureInfo.InvariantCulture);
                yield return tensor with
                {
                    GgufName = $"blk.{number}.{tensor.GgufName}", Name = $"model.layers.{number}.{tensor.Name}",
                };
            }
        }
    }

    private static List<GgufTensorName> OfLayer(ModelArchitecture model)
    {
        int hidden = model.HiddenSize;
        long queries = (long)model.Heads * model.HeadSize;
        long keys = (long)model.KeyValueHeads * model.HeadSize;

        // The converters of the llama family reorder q and k; those of qwen keep the half-split order.
        bool interleaved = model.Family is "llama" or "mistral";
        List<GgufTensorName> all =
        [
            new("attn_norm.weight", "input_layernorm.weight", 1, hidden),
            new("attn_q.weight", "self_attn.q_proj.weight", queries, hidden, interleaved),
            new("attn_k.weight", "self_attn.k_proj.weight", keys, hidden, interleaved),
            new("attn_v.weight", "self_attn.v_proj.weight", keys, hidden),
            new("attn_output.weight", "self_attn.o_proj.weight", hidden, queries),
            new("ffn_norm.weight", "post_attention_layernorm.weight", 1, hidden),
            new("ffn_gate.weight", "mlp.gate_proj.weight", model.FeedForwardSize, hidden),
            new("ffn_up.weight", "mlp.up_proj.weight", model.FeedForwardSize, hidden),
            new("ffn_down.weight", "mlp.down_proj.weight", hidden, model.FeedForwardSize),
        ];
        if (model.AttentionBias)
        {
            all.Add(new("attn_q.bias", "self_attn.q_proj.bias", 1, queries, interleaved));
            all.Add(new("attn_k.bias", "self_attn.k_proj.bias", 1, keys, interleaved));
            all.Add(new("attn_v.bias", "self_attn.v_proj.bias", 1, keys));
        }

        if (model.AttentionOutputBias)
        {
            all.Add(new("attn_output.bias", "self_attn.o_proj.bias", 1, hidden));
        }

        if (model.QueryKeyNorm)
        {
            all.Add(new("attn_q_norm.weight", "self_attn.q_norm.weight", 1, model.HeadSize));
            all.Add(new("attn_k_norm.weight", "self_attn.k_norm.weight", 1, model.HeadSize));
        }

        return all;
    }
}
