using Camelid.ModelRuntime.Onnx;

namespace Camelid.ModelRuntime.Training;

/// <summary>
/// Writes the forward operators of a network into an ONNX graph, remembers how each one's gradient is made, and then
/// writes the backward operators in reverse order. Fused operators have no gradients, so these are the plain ones.
/// </summary>
internal sealed class GradientTape(OnnxGraph graph)
{
    private readonly Stack<Action> backward = new();
    private readonly Dictionary<string, string> gradients = [];
    private readonly HashSet<string> frozen = new(StringComparer.Ordinal);

    /// <summary>The graph that is written.</summary>
    internal OnnxGraph Graph => graph;

    /// <summary>The gradient of a value, after <see cref="Backward"/>.</summary>
    internal string Gradient(string value) => gradients[value];

    /// <summary>Says that a weight is not trained: no gradient of it is written.</summary>
    internal string Freeze(string value)
    {
        frozen.Add(value);
        return value;
    }

    /// <summary>Starts from d loss / d <paramref name="value"/> and writes every gradient.</summary>
    internal void Backward(string value, string gradient)
    {
        gradients[value] = gradient;
        while (backward.TryPop(out Action? step))
        {
            step();
        }
    }

    /// <summary>x [n, k] · w [k, m]; or x · wᵀ with w [m, k] where <paramref name="transposed"/>.</summary>
    internal string Linear(string x, string w, bool transposed = false)
    {
        string y = Gemm(x, w, false, transposed);
        backward.Push(() =>
        {
            string dy = gradients[y];
            Accumulate(x, Gemm(dy, w, false, !transposed));
            if (!frozen.Contains(w))
            {
                Accumulate(w, transposed ? Gemm(dy, x, true, false) : Gemm(x, dy, true, false));
            }
        });
        return y;
    }

    /// <summary>Product of two stacks of matrices, the second transposed where asked.</summary>
    internal string BatchMatMul(string a, string b, bool transposed)
    {
        string y = Matrix(a, b, false, transposed);
        backward.Push(() =>
        {
            string dy = gradients[y];
            Accumulate(a, Matrix(dy, b, false, !transposed));
            Accumulate(b, transposed ? Matrix(dy, a, true, false) : Matrix(a, dy, true, false));
        });
        return y;
    }

    /// <summary>Sum of two values of one shape.</summary>
    internal string Add(string a, string b)
    {
        string y = graph.Add("Add", [a, b]);
        backward.Push(() =>
        {
            Accumulate(a, gradients[y]);
            Accumulate(b, gradients[y]);
        });
        return y;
    }

    /// <summary>The value plus a frozen row that broadcasts over it.</summary>
    internal string AddFrozen(string x, string row)
    {
        string y = graph.Add("Add", [x, row]);
        backward.Push(() => Accumulate(x, gradients[y]));
        return y;
    }

    /// <summary>The value times a constant.</summary>
    internal string Scale(string x, float factor)
    {
        string y = graph.Add("Mul", [x, graph.Scalar(factor)]);
        backward.Push(() => Accumulate(x, graph.Add("Mul", [gradients[y], graph.Scalar(factor)])));
        return y;
    }

    /// <summary>Product of two values of one shape.</summary>
    internal string Multiply(string a, string b)
    {
        string y = graph.Add("Mul", [a, b]);
        backward.Push(() =>
        {
            Accumulate(a, graph.Add("Mul", [gradients[y], b]));
            Accumulate(b, graph.Add("Mul", [gradients[y], a]));
        });
        return y;
    }

    /// <summary>x · sigmoid(x); its derivative is s + y·(1 − s).</summary>
    internal string Silu(string x)
    {
        string s = graph.Add("Sigmoid", [x]);
        string y = graph.Add("Mul", [x, s]);
        backward.Push(() =>
        {
            string rest = graph.Add("Sub", [graph.Scalar(1), s]);
            string slope = graph.Add("Add", [s, graph.Add("Mul", [y, rest])]);
            Accumulate(x, graph.Add("Mul", [gradients[y], slope]));
        });
        return y;
    }

    /// <summary>Rows of a table [v, d], chosen by ids [n]; equal ids add up in the gradient.</summary>
    internal string Gather(string table, string ids, string zeros)
    {
        string y = graph.Add("Gather", [table, ids]);
        backward.Push(() => Accumulate(table, graph.Add(
            "ScatterND",
            [zeros, graph.Add("Unsqueeze", [ids, graph.Int64s(1)]), gradients[y]],
            OnnxGraph.Of("reduction", "add"))));
        return y;
    }

    /// <summary>Rows of a frozen table, chosen by ids [n].</summary>
    internal string GatherFrozen(string table, string ids) => graph.Add("Gather", [table, ids]);

    /// <summary>
    /// RMS norm over the last axis of x with weights [d]; x has two axes where the weights are trained.
    /// </summary>
    internal string RmsNorm(string x, string weight, float epsilon)
    {
        string[] outputs = graph.AddMany(
            "SimplifiedLayerNormalization", [x, weight], 2,
            OnnxGraph.Of("axis", -1), OnnxGraph.Of("epsilon", epsilon), OnnxGraph.Of("stash_type", 1));
        string y = outputs[0];
        string inverse = outputs[1];
        backward.Push(() =>
        {
            string normal = graph.Add("Mul", [x, inverse]);
            string dy = gradients[y];
            if (!frozen.Contains(weight))
            {
                Accumulate(weight, graph.Add(
                    "ReduceSum", [graph.Add("Mul", [dy, normal]), graph.Int64s(0)], OnnxGraph.Of("keepdims", 0)));
            }

            string scaled = graph.Add("Mul", [dy, weight]);
            string mean = graph.Add(
                "ReduceMean", [graph.Add("Mul", [scaled, normal])],
                OnnxGraph.Of("axes", [-1L]), OnnxGraph.Of("keepdims", 1));
            string inner = graph.Add("Sub", [scaled, graph.Add("Mul", [normal, mean])]);
            Accumulate(x, graph.Add("Mul", [inner, inverse]));
        });
        return y;
    }

    /// <summary>Softmax over the last axis of scale·x + mask.</summary>
    internal string MaskedSoftmax(string x, string mask, float scale)
    {
        string scores = graph.Add("Add", [graph.Add("Mul", [x, graph.Scalar(scale)]), mask]);
        string y = graph.Add("Softmax", [scores], OnnxGraph.Of("axis", -1));
        backward.Push(() =>
        {
            string weighted = graph.Add("Mul", [gradients[y], y]);
            string sum = graph.Add("ReduceSum", [weighted, graph.Int64s(-1)], OnnxGraph.Of("keepdims", 1));
            string inner = graph.Add("Sub", [weighted, graph.Add("Mul", [y, sum])]);
            Accumulate(x, graph.Add("Mul", [inner, graph.Scalar(scale)]));
        });
        return y;
    }

    /// <summary>
    /// Rotary positions, half-split: x·cos + (x·P)·sin, where P swaps and negates halves; tables broadcast over x.
    /// </summary>
    internal string Rotate(string x, string cos, string sin, string swap)
    {
        string y = graph.Add("Add", [
            graph.Add("Mul", [x, cos]),
            graph.Add("Mul", [graph.Add("MatMul", [x, swap]), sin])]);
        backward.Push(() =>
        {
            string dy = gradients[y];
            string back = Matrix(graph.Add("Mul", [dy, sin]), swap, false, true);
            Accumulate(x, graph.Add("Add", [graph.Add("Mul", [dy, cos]), back]));
        });
        return y;
    }

    /// <summary>x in another shape; <paramref name="before"/> is its present one.</summary>
    internal string Reshape(string x, long[] before, long[] after)
    {
        string y = graph.Add("Reshape", [x, graph.Int64s(after)]);
        backward.Push(() => Accumulate(x, graph.Add("Reshape", [gradients[y], graph.Int64s(before)])));
        return y;
    }

    /// <summary>x with its axes in another order.</summary>
    internal string Transpose(string x, params long[] order)
    {
        string y = graph.Add("Transpose", [x], OnnxGraph.Of("perm", order));
        long[] inverse = new long[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            inverse[order[i]] = i;
        }

        backward.Push(() => Accumulate(x, graph.Add("Transpose", [gradients[y]], OnnxGraph.Of("perm", inverse))));
        return y;
    }

    /// <summary>x cut along its last axis into parts of the given sizes.</summary>
    internal string[] Split(string x, params long[] sizes)
    {
        string[] parts = graph.AddMany("Split", [x, graph.Int64s(sizes)], sizes.Length, OnnxGraph.Of("axis", -1));
        backward.Push(() => Accumulate(x, graph.Add(
            "Concat", [.. parts.Select(part => gradients[part])], OnnxGraph.Of("axis", -1))));
        return parts;
    }

    private void Accumulate(string value, string gradient) => gradients[value] =
        gradients.TryGetValue(value, out string? known) ? graph.Add("Add", [known, gradient]) : gradient;

    private string Gemm(string a, string b, bool transposeA, bool transposeB) => graph.Add(
        "Gemm", [a, b], OnnxGraph.Of("transA", transposeA ? 1 : 0), OnnxGraph.Of("transB", transposeB ? 1 : 0));

    private string Matrix(string a, string b, bool transposeA, bool transposeB) => graph.Add(
        "com.microsoft:FusedMatMul", [a, b],
        OnnxGraph.Of("transA", transposeA ? 1 : 0), OnnxGraph.Of("transB", transposeB ? 1 : 0));
}
