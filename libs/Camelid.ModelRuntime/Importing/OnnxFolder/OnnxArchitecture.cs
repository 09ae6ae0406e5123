using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing.OnnxFolder;

/// <summary>The shapes of a decoder, from its graph and its configuration, compared with each other.</summary>
internal static class OnnxArchitecture
{
    private const int ContextTokensMax = 1 << 20;

    /// <summary>The shapes, rotary base and scaling included.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="config">What the folder says of it.</param>
    /// <param name="decoder">What was recognised in it.</param>
    /// <param name="notes">Gets what is to be said aloud.</param>
    /// <exception cref="ModelImportException">Sizes differ, or layers are not alike.</exception>
    internal static ModelArchitecture Of(
        OnnxDecoderGraph graph, GenAiConfig config, OnnxDecoder decoder, List<string> notes)
    {
        OnnxAttention first = decoder.Layers[0].Attention;
        OnnxNorm[] norms = [.. decoder.Layers.SelectMany(Norms).Append(decoder.FinalNorm)];
        if (norms.FirstOrDefault(norm => norm.Epsilon != norms[0].Epsilon) is { } other)
        {
            throw graph.Refusal(
                $"norm {JsonFields.Printable(other.Weight.Name)} has epsilon {other.Epsilon}, another "
                + $"{norms[0].Epsilon}; one for all is supported");
        }

        CheckAlike(graph, decoder);
        CheckSizes(graph, config, decoder);
        int window = first.SlidingWindow < config.ContextTokens ? first.SlidingWindow : 0;
        bool bias = first.Query.Bias is not null;
        if (window > 0)
        {
            notes.Add($"attention sees a sliding window of {window} tokens, as the graph does");
        }

        if (config.ContextTokens > ContextTokensMax)
        {
            notes.Add($"the context is cut from {config.ContextTokens} to {ContextTokensMax} tokens");
        }

        ModelArchitecture model = new()
        {
            Family = ModelArchitecture.Families.Contains(config.Type) ? config.Type
                : first.QueryNorm is not null ? "qwen3" : bias ? "qwen2" : window > 0 ? "mistral" : "llama",
            HiddenSize = config.HiddenSize,
            Layers = config.Layers,
            Heads = config.Heads,
            KeyValueHeads = config.KeyValueHeads,
            HeadSize = config.HeadSize,
            FeedForwardSize = (int)decoder.Layers[0].Gate.Matrix.Rows,
            VocabularySize = (int)decoder.Embedding.Rows,
            ContextTokensMax = Math.Min(config.ContextTokens, ContextTokensMax),
            NormEpsilon = norms[0].Epsilon,
            RotaryBase = 10_000,
            TiedEmbedding = decoder.IsTied,
            AttentionBias = bias,
            AttentionOutputBias = decoder.Layers[0].Output.Bias is not null,
            QueryKeyNorm = first.QueryNorm is not null,
            SlidingWindow = window,
        };
        return model.IsSound()
            ? OnnxRotary.Recover(model, first.Cos, first.Sin, graph.Refusal)
            : throw graph.Refusal(
                $"{GenAiConfig.FileName} and the graph have sizes that no supported model has (hidden "
                + $"{model.HiddenSize}, layers {model.Layers}, heads {model.Heads}/{model.KeyValueHeads} of "
                + $"{model.HeadSize}, feed-forward {model.FeedForwardSize}, vocabulary {model.VocabularySize})");
    }

    private static IEnumerable<OnnxNorm> Norms(OnnxLayer layer)
    {
        OnnxNorm?[] norms =
            [layer.InputNorm, layer.FeedForwardNorm, layer.Attention.QueryNorm, layer.Attention.KeyNorm];
        return norms.OfType<OnnxNorm>();
    }

    /// <summary>All layers have the same biases, norms, window and tables.</summary>
    private static void CheckAlike(OnnxDecoderGraph graph, OnnxDecoder decoder)
    {
        OnnxLayer first = decoder.Layers[0];
        foreach ((int number, OnnxLayer layer) in decoder.Layers.Index())
        {
            OnnxAttention attention = layer.Attention;
            bool bias = attention.Query.Bias is not null;
            bool alike = bias == (first.Attention.Query.Bias is not null)
                && (attention.Key is null || attention.Key.Bias is not null == bias)
                && (attention.Value is null || attention.Value.Bias is not null == bias)
                && layer.Output.Bias is not null == first.Output.Bias is not null
                && attention.QueryNorm is not null == attention.KeyNorm is not null
                && attention.QueryNorm is not null == first.Attention.QueryNorm is not null
                && attention.SlidingWindow == first.Attention.SlidingWindow
                && ReferenceEquals(attention.Cos, first.Attention.Cos)
                && ReferenceEquals(attention.Sin, first.Attention.Sin);
            if (!alike)
            {
                throw graph.Refusal(
                    $"attention of layer {number} has other biases, norms, rotary tables or another window than the "
                    + "rest; layers must be alike");
            }
        }
    }

    private static void CheckSizes(OnnxDecoderGraph graph, GenAiConfig config, OnnxDecoder decoder)
    {
        long queries = (long)config.Heads * config.HeadSize, keys = (long)config.KeyValueHeads * config.HeadSize;
        long inner = decoder.Layers[0].Gate.Matrix.Rows;
        check(decoder.Embedding, config.VocabularySize, config.HiddenSize);
        check(decoder.Head.Matrix, config.VocabularySize, config.HiddenSize);
        vector(decoder.FinalNorm.Weight, config.HiddenSize);
        foreach (OnnxLayer layer in decoder.Layers)
        {
            OnnxAttention attention = layer.Attention;
            check(attention.Query.Matrix, attention.Key is null ? queries + 2 * keys : queries, config.HiddenSize);
            foreach (OnnxLinear? linear in (OnnxLinear?[])[attention.Key, attention.Value])
            {
                if (linear is not null)
                {
                    check(linear.Matrix, keys, config.HiddenSize);
                }
            }

            check(layer.Output.Matrix, config.HiddenSize, queries);
            check(layer.Gate.Matrix, inner, config.HiddenSize);
            check(layer.Up.Matrix, inner, config.HiddenSize);
            check(layer.Down.Matrix, config.HiddenSize, inner);
            vector(layer.InputNorm.Weight, config.HiddenSize);
            vector(layer.FeedForwardNorm.Weight, config.HiddenSize);
            vector(attention.QueryNorm?.Weight, config.HeadSize);
            vector(attention.KeyNorm?.Weight, config.HeadSize);
        }

        void vector(OnnxData? data, long length)
        {
            if (data is not null && data.Count != length)
            {
                throw graph.Refusal($"tensor {JsonFields.Printable(data.Name)} has {data.Count} numbers; "
                    + $"{GenAiConfig.FileName} wants {length}");
            }
        }

        void check(OnnxMatrix matrix, long rows, long columns)
        {
            if (matrix.Rows != rows || matrix.Columns != columns)
            {
                throw graph.Refusal($"tensor {JsonFields.Printable(matrix.Data.Name)} takes {matrix.Columns} inputs to "
                    + $"{matrix.Rows} outputs; {GenAiConfig.FileName} wants {columns} to {rows}");
            }
        }
    }
}
