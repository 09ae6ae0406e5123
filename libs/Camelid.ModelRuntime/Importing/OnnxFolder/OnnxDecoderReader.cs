using Onnx;

namespace Camelid.ModelRuntime.Importing.OnnxFolder;

/// <summary>
/// Recognises a Llama-like decoder in a graph: from the logits back to the embedding, every node on the way is one that
/// the slot graph computes too. Names do not matter; what a node is computed from does.
/// </summary>
internal sealed class OnnxDecoderReader
{
    private const int HeadStepsMax = 8;
    private readonly OnnxDecoderGraph graph;
    private readonly OnnxPartReader parts;
    private readonly GenAiConfig config;

    private OnnxDecoderReader(OnnxDecoderGraph graph, GenAiConfig config) =>
        (this.graph, this.config, parts) = (graph, config, new OnnxPartReader(graph));

    /// <summary>The decoder.</summary>
    /// <exception cref="ModelImportException">The graph computes something else; names the node.</exception>
    internal static OnnxDecoder Read(OnnxDecoderGraph graph, GenAiConfig config) =>
        new OnnxDecoderReader(graph, config).Read();

    private OnnxDecoder Read()
    {
        OnnxLinear head = parts.Linear(config.Logits, "the output projection");
        if (head.Bias is not null)
        {
            throw graph.Refusal(
                $"tensor {JsonFields.Printable(head.Bias.Name)} is a bias of the output projection: not supported");
        }

        OnnxNorm finalNorm = parts.Norm(head.Input, "the final norm");
        OnnxNorm norm = finalNorm;
        List<OnnxLayer> layers = [];
        while (norm.Terms.Count > 0)
        {
            if (layers.Count == config.Layers)
            {
                throw graph.Refusal($"has more layers than {GenAiConfig.FileName} says ({config.Layers})");
            }

            OnnxLayer layer = Layer(norm);
            layers.Add(layer);
            norm = layer.InputNorm;
        }

        if (layers.Count != config.Layers)
        {
            throw layers.Count == 0
                ? graph.Unexpected(norm.Sum, "a layer")
                : graph.Refusal($"has {layers.Count} layers before {JsonFields.Printable(norm.Sum)}, "
                    + $"{GenAiConfig.FileName} says {config.Layers}");
        }

        layers.Reverse();
        return new OnnxDecoder(parts.Embedding(norm.Sum), layers, finalNorm, head);
    }

    /// <summary>The layer before a norm: both blocks, each added to what came in.</summary>
    private OnnxLayer Layer(OnnxNorm next)
    {
        OnnxLinear down = Branch(next, "the feed-forward block", out string residual);
        (string gateValue, string upValue) = parts.GatedUnit(down.Input);
        OnnxLinear gate = parts.Linear(gateValue, "the gate"), up = parts.Linear(upValue, "the up projection");
        OnnxNorm feedForwardNorm = parts.Norm(gate.Input, "the norm before the feed-forward block");
        CheckSame(gate.Input, up.Input, "the up projection of the normalised value");
        CheckSame(feedForwardNorm.Sum, residual, "the sum before the feed-forward block");
        OnnxLinear output = Branch(feedForwardNorm, "attention", out residual);
        (OnnxAttention attention, string input) = Attention(output.Input);
        OnnxNorm inputNorm = parts.Norm(input, "the norm before attention");
        CheckSame(inputNorm.Sum, residual, "the sum before attention");
        foreach (OnnxLinear linear in (OnnxLinear[])[gate, up, down])
        {
            if (linear.Bias is not null)
            {
                throw graph.Refusal(
                    $"tensor {JsonFields.Printable(linear.Bias.Name)} is a bias of the feed-forward block: not "
                    + "supported");
            }
        }

        return new OnnxLayer
        {
            InputNorm = inputNorm,
            Attention = attention,
            Output = output,
            FeedForwardNorm = feedForwardNorm,
            Gate = gate,
            Up = up,
            Down = down,
        };
    }

    /// <summary>Of the two terms before a norm, the one that a matrix gives; the other is the residual.</summary>
    private OnnxLinear Branch(OnnxNorm norm, string what, out string residual)
    {
        if (norm.Terms.Count != 2)
        {
            throw graph.Unexpected(norm.Sum, $"the sum of a residual and {what}");
        }

        int at = IsLinear(norm.Terms[1]) ? 1 : 0;
        residual = norm.Terms[1 - at];
        return parts.Linear(norm.Terms[at], what);
    }

    private bool IsLinear(string value)
    {
        NodeProto? node = graph.Producer(value);
        if (node is { OpType: "Add", Input.Count: 2 } && node.Input.Any(graph.IsWeight))
        {
            node = graph.Producer(node.Input.First(input => !graph.IsWeight(input)));
        }

        return node is { OpType: "MatMul" or "MatMulNBits" };
    }

    private (OnnxAttention Attention, string Input) Attention(string value)
    {
        if (graph.Producer(value) is not { OpType: "GroupQueryAttention" } node
            || graph.Resolve(value) != node.Output[0])
        {
            throw graph.Unexpected(value, "GroupQueryAttention");
        }

        CheckAttributes(node);
        bool packed = OnnxDecoderGraph.Input(node, 1).Length == 0;
        HeadPath query = Path(node.Input[0], "the queries");
        HeadPath key = packed ? query : Path(node.Input[1], "the keys");
        OnnxLinear? values = packed ? null : parts.Linear(node.Input[2], "the values");
        CheckSame(query.Linear.Input, key.Linear.Input, "keys of the normalised value");
        CheckSame(query.Linear.Input, (values ?? query.Linear).Input, "values of the normalised value");
        bool rotates = OnnxDecoderGraph.Whole(node, "do_rotary", 0) == 1;
        (string cos, string sin) = rotates && query.Tables is null && key.Tables is null
            ? (OnnxDecoderGraph.Input(node, 7), OnnxDecoderGraph.Input(node, 8))
            : !rotates && query.Tables is { } tables && key.Tables == tables ? tables
            : throw graph.Refusal(
                $"node {JsonFields.Printable(node.Name)}: queries and keys are not turned once, by the same tables");
        long window = OnnxDecoderGraph.Whole(node, "local_window_size", -1);
        OnnxAttention attention = new(
            query.Linear, packed ? null : key.Linear, values, query.Norm, packed ? null : key.Norm)
        {
            Cos = graph.Weight(cos),
            Sin = graph.Weight(sin),
            SlidingWindow = window is > 0 and < int.MaxValue ? (int)window : 0,
        };
        return (attention, query.Linear.Input);
    }

    /// <summary>From queries or keys as attention takes them back to their projection.</summary>
    private HeadPath Path(string value, string what)
    {
        OnnxNorm? norm = null;
        (string, string)? tables = null;
        for (int i = 0; i < HeadStepsMax; i++)
        {
            switch (graph.Producer(value))
            {
                case { OpType: "Reshape", Input.Count: 2 } reshape:
                    value = reshape.Input[0];
                    break;
                case { OpType: "RotaryEmbedding", Input.Count: 4 } rotary when tables is null && norm is null:
                    CheckRotary(rotary);
                    tables = (graph.Resolve(rotary.Input[2]), graph.Resolve(rotary.Input[3]));
                    value = rotary.Input[0];
                    break;
                case { OpType: "SimplifiedLayerNormalization" or "RMSNormalization" } when norm is null:
                    norm = parts.Norm(value, $"the norm of {what}");
                    value = norm.Sum;
                    break;
                default:
                    return new HeadPath(parts.Linear(value, what), norm, tables);
            }
        }

        throw graph.Unexpected(value, what);
    }

    private void CheckRotary(NodeProto rotary)
    {
        if (OnnxDecoderGraph.Whole(rotary, "interleaved", 0) != 0
            || OnnxDecoderGraph.Whole(rotary, "rotary_embedding_dim", 0) is var width && width != 0
            && width != config.HeadSize || OnnxDecoderGraph.Number(rotary, "scale", 1) != 1)
        {
            throw graph.Refusal($"node {JsonFields.Printable(rotary.Name)} turns interleaved or partial heads: not "
                + "supported");
        }
    }

    private void CheckAttributes(NodeProto node)
    {
        float scale = OnnxDecoderGraph.Number(node, "scale", 0);
        double wanted = 1 / Math.Sqrt(config.HeadSize);
        string fault = 0 switch
        {
            _ when OnnxDecoderGraph.Whole(node, "num_heads", 0) != config.Heads => "num_heads",
            _ when OnnxDecoderGraph.Whole(node, "kv_num_heads", 0) != config.KeyValueHeads => "kv_num_heads",
            _ when OnnxDecoderGraph.Whole(node, "rotary_interleaved", 0) != 0 => "rotary_interleaved",
            _ when OnnxDecoderGraph.Whole(node, "smooth_softmax", 0) > 0 => "smooth_softmax",
            _ when OnnxDecoderGraph.Number(node, "softcap", 0) != 0 => "softcap",
            _ when scale != 0 && Math.Abs(scale - wanted) > 1e-3 * wanted => "scale",
            _ when OnnxDecoderGraph.Input(node, 10).Length > 0 => "attention_bias",
            _ when node.Input.Skip(11).Any(input => input.Length > 0) => "head_sink or a quantised cache",
            _ => "",
        };
        if (fault.Length > 0)
        {
            throw graph.Refusal(
                $"node {JsonFields.Printable(node.Name)}: {fault} is not what {GenAiConfig.FileName} or a Llama-like "
                + "decoder has");
        }
    }

    private void CheckSame(string value, string wanted, string what)
    {
        if (value.Length == 0 || graph.Resolve(value) != graph.Resolve(wanted))
        {
            throw graph.Unexpected(wanted, what);
        }
    }

    private sealed record HeadPath(OnnxLinear Linear, OnnxNorm? Norm, (string Cos, string Sin)? Tables);
}
