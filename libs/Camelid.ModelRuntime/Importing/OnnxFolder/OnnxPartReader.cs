using Onnx;

namespace Camelid.ModelRuntime.Importing.OnnxFolder;

/// <summary>Reads matrix products, norms and activations out of a graph, each from the value that it gives.</summary>
/// <param name="graph">The graph.</param>
internal sealed class OnnxPartReader(OnnxDecoderGraph graph)
{
    private const string MatMulNBits = "MatMulNBits";

    /// <summary>A product with a matrix, with or without a bias.</summary>
    internal OnnxLinear Linear(string value, string what)
    {
        NodeProto node = graph.Producer(value) ?? throw graph.Unexpected(value, what);
        OnnxData? bias = null;
        if (node.OpType == "Add" && node.Input.Count == 2)
        {
            int at = graph.IsWeight(node.Input[1]) ? 1 : 0;
            if (graph.IsWeight(node.Input[at]))
            {
                bias = graph.Weight(node.Input[at]);
                node = graph.Producer(node.Input[1 - at]) ?? throw graph.Unexpected(value, what);
            }
        }

        OnnxMatrix matrix = node.OpType switch
        {
            "MatMul" when node.Input.Count == 2 => Dense(node, what),
            MatMulNBits when node.Input.Count is >= 3 and <= 6 => Blocks(node),
            _ => throw graph.Unexpected(value, what),
        };
        string inner = node.OpType == MatMulNBits ? OnnxDecoderGraph.Input(node, 5) : "";
        if (inner.Length > 0)
        {
            bias = bias is null ? graph.Weight(inner) : throw graph.Unexpected(value, what + " with one bias");
        }

        if (bias is not null && (bias.Format.Length == 0 || bias.Count != matrix.Rows))
        {
            throw graph.Refusal(
                $"tensor {JsonFields.Printable(bias.Name)} has {bias.Count} numbers, not {matrix.Rows}");
        }

        return new OnnxLinear(graph.Resolve(node.Input[0]), matrix, bias);
    }

    /// <summary>An RMS norm, of a sum or of a value.</summary>
    internal OnnxNorm Norm(string value, string what)
    {
        NodeProto node = graph.Producer(value) ?? throw graph.Unexpected(value, what);
        bool sums = node.OpType == "SkipSimplifiedLayerNormalization";
        int weightAt = sums ? 2 : 1;
        bool plain = node.OpType is "SimplifiedLayerNormalization" or "RMSNormalization"
            && OnnxDecoderGraph.Whole(node, "axis", -1) is -1 or 2;
        if (!(sums || plain) || node.Input.Count <= weightAt || graph.Resolve(value) != node.Output[0]
            || OnnxDecoderGraph.Input(node, weightAt + 1).Length > 0)
        {
            throw graph.Unexpected(value, what);
        }

        OnnxData weight = graph.Weight(node.Input[weightAt]);
        float epsilon = OnnxDecoderGraph.Number(node, "epsilon", float.NaN);
        if (weight.Format.Length == 0 || epsilon is not (> 0 and < 1))
        {
            throw graph.Refusal(
                $"norm {JsonFields.Printable(node.Name)} has no epsilon between 0 and 1, or weights of no known type");
        }

        if (sums)
        {
            string sum = node.Output.Count > 3 ? node.Output[3] : "";
            return new OnnxNorm(
                weight, epsilon, sum, [graph.Resolve(node.Input[0]), graph.Resolve(node.Input[1])]);
        }

        string input = graph.Resolve(node.Input[0]);
        NodeProto? add = graph.Producer(input);
        bool ofSum = add is { OpType: "Add", Input.Count: 2 } && !add.Input.Any(graph.IsWeight);
        return new OnnxNorm(weight, epsilon, input, ofSum ? [.. add!.Input.Select(graph.Resolve)] : []);
    }

    /// <summary>Gate and up: silu(gate) · up.</summary>
    internal (string Gate, string Up) GatedUnit(string value)
    {
        const string what = "silu(gate) · up";
        if (graph.Producer(value) is not { OpType: "Mul", Input.Count: 2 } product)
        {
            throw graph.Unexpected(value, what);
        }

        foreach ((string activated, string up) in ((string, string)[])
            [(product.Input[0], product.Input[1]), (product.Input[1], product.Input[0])])
        {
            if (SiluOf(activated) is { } gate)
            {
                return (gate, up);
            }
        }

        throw graph.Unexpected(product.Input[0], what);
    }

    /// <summary>The embedding behind the first layer.</summary>
    internal OnnxMatrix Embedding(string value)
    {
        NodeProto? node = graph.Producer(value);
        if (node is { OpType: "Gather", Input.Count: 2 } && OnnxDecoderGraph.Whole(node, "axis", 0) == 0)
        {
            // A tied graph keeps one of both, and turns it for the other.
            bool isTurned = graph.Producer(node.Input[0]) is { OpType: "Transpose", Input.Count: 1 };
            OnnxData data = graph.Weight(isTurned ? graph.Producer(node.Input[0])!.Input[0] : node.Input[0]);
            return data.Dimensions.Count == 2 && data.Format.Length > 0
                ? new OnnxDenseMatrix(data, isTransposed: !isTurned)
                : throw graph.Unexpected(value, "an embedding [vocabulary, hidden]");
        }

        if (node is { OpType: "GatherBlockQuantized", Input.Count: 3 or 4 })
        {
            OnnxData data = graph.Weight(ReshapedFrom(node.Input[0]));
            OnnxData scales = graph.Weight(ReshapedFrom(node.Input[2]));
            int bits = (int)OnnxDecoderGraph.Whole(node, "bits", 4);
            int block = (int)OnnxDecoderGraph.Whole(node, "block_size", 128);
            long rows = data.Dimensions[0];
            long columns = bits is 4 or 8 ? data.Count / rows * 8 / bits : 0;
            return Checked(node, new OnnxBlockLayout(rows, (int)Math.Min(columns, 1 << 20), bits, block), data, scales);
        }

        throw graph.Unexpected(value, "the embedding");
    }

    private string? SiluOf(string value)
    {
        NodeProto? node = graph.Producer(value);
        if (node is { OpType: "QuickGelu", Input.Count: 1 })
        {
            return OnnxDecoderGraph.Number(node, "alpha", 1.702f) == 1 ? graph.Resolve(node.Input[0]) : null;
        }

        if (node is not { OpType: "Mul", Input.Count: 2 })
        {
            return null;
        }

        string[] inputs = [.. node.Input.Select(graph.Resolve)];
        foreach ((string gate, string sigmoid) in ((string, string)[])
            [(inputs[0], inputs[1]), (inputs[1], inputs[0])])
        {
            if (graph.Producer(sigmoid) is { OpType: "Sigmoid", Input.Count: 1 } found
                && graph.Resolve(found.Input[0]) == gate)
            {
                return gate;
            }
        }

        return null;
    }

    private OnnxDenseMatrix Dense(NodeProto node, string what)
    {
        string name = node.Input[1];
        bool isTransposed = false;
        if (graph.Producer(name) is { OpType: "Transpose", Input.Count: 1 } turned)
        {
            (name, isTransposed) = (turned.Input[0], true);
        }

        if (!graph.IsWeight(name))
        {
            throw graph.Unexpected(name, $"the matrix of {what}");
        }

        OnnxData data = graph.Weight(name);
        return data.Dimensions.Count == 2 && data.Format.Length > 0
            ? new OnnxDenseMatrix(data, isTransposed)
            : throw graph.Refusal($"tensor {JsonFields.Printable(data.Name)} is no matrix of numbers");
    }

    private OnnxBlockMatrix Blocks(NodeProto node)
    {
        if (OnnxDecoderGraph.Input(node, 4).Length > 0)
        {
            throw graph.Refusal($"node {JsonFields.Printable(node.Name)} has group indices (g_idx), which are not "
                + "supported; take a model without act-order");
        }

        long rows = OnnxDecoderGraph.Whole(node, "N", 0), columns = OnnxDecoderGraph.Whole(node, "K", 0);
        if (rows is < 1 or > 1 << 22 || columns is < 1 or > 1 << 20)
        {
            throw graph.Refusal($"node {JsonFields.Printable(node.Name)} is [{rows}, {columns}]: no such matrix");
        }

        OnnxBlockLayout layout = new(
            rows, (int)columns, (int)Math.Clamp(OnnxDecoderGraph.Whole(node, "bits", 4), 0, 64),
            (int)Math.Clamp(OnnxDecoderGraph.Whole(node, "block_size", 0), 0, 1 << 20));
        return Checked(node, layout, graph.Weight(ReshapedFrom(node.Input[1])), graph.Weight(node.Input[2]));
    }

    private OnnxBlockMatrix Checked(NodeProto node, OnnxBlockLayout layout, OnnxData blocks, OnnxData scales)
    {
        string zeroPoints = OnnxDecoderGraph.Input(node, 3);
        OnnxData? zeros = zeroPoints.Length > 0 ? graph.Weight(ReshapedFrom(zeroPoints)) : null;
        string fault = layout.BlockElements < 1 ? "has no block size"
            : OnnxBlockMatrix.Fault(layout, blocks, scales, zeros);
        return fault.Length == 0
            ? new OnnxBlockMatrix(layout, blocks, scales, zeros)
            : throw graph.Refusal($"tensor {JsonFields.Printable(blocks.Name)} {fault}");
    }

    /// <summary>What a reshaping is of: embedding and output projection may share one tensor.</summary>
    private string ReshapedFrom(string value) =>
        graph.Producer(value) is { OpType: "Reshape", Input.Count: 2 } reshape && graph.IsWeight(reshape.Input[0])
            ? reshape.Input[0]
            : value;
}
