using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Training;

/// <summary>The shape of one training step.</summary>
/// <param name="Windows">Token windows in a batch.</param>
/// <param name="Tokens">Tokens in a window.</param>
internal readonly record struct BatchShape(int Windows, int Tokens)
{
    /// <summary>Tokens in the batch.</summary>
    internal int Rows => Windows * Tokens;
}

/// <summary>
/// One training step as one ONNX graph: forward, loss, backward, clipped AdamW. Inputs: <c>ids</c> and <c>targets</c>
/// [rows], <c>weights</c>, <c>mean</c>, <c>square</c> (flat), <c>rate</c>, <c>mean_scale</c>, <c>square_scale</c>.
/// Outputs: <c>loss</c>, <c>gradient</c> (before clipping), and the three vectors with <c>_next</c>.
/// </summary>
internal sealed class TrainingGraph
{
    private const float Beta1 = 0.9f, Beta2 = 0.99f, Epsilon = 1e-8f, GradientNormMax = 1f, WeightDecay = 0.05f;
    private readonly OnnxGraph graph = new("train");
    private readonly GradientTape tape;
    private readonly ModelArchitecture model;
    private readonly BatchShape batch;
    private readonly IReadOnlyList<ParameterSlice> slices;
    private readonly Dictionary<string, string> weights = [];

    private TrainingGraph(ModelArchitecture model, BatchShape batch)
    {
        (this.model, this.batch) = (model, batch);
        tape = new GradientTape(graph);
        slices = ParameterLayout.Of(model);
    }

    /// <summary>Bias corrections of step <paramref name="step"/>, counted from one, as the graph wants them.</summary>
    internal static (float MeanScale, float SquareScale) Corrections(int step) =>
        ((float)(1 / (1 - Math.Pow(Beta1, step))), (float)(1 / (1 - Math.Pow(Beta2, step))));

    /// <summary>Writes the graph for one batch shape.</summary>
    internal static byte[] Build(ModelArchitecture model, BatchShape batch)
    {
        TrainingGraph training = new(model, batch);
        training.DeclareInputs();
        string logits = training.Forward();
        training.Loss(logits);
        training.Optimise();
        return training.graph.ToBytes();
    }

    private int Count => slices[^1].Offset + slices[^1].Count;

    private void DeclareInputs()
    {
        graph.Input("ids", OnnxGraph.Int64, batch.Rows);
        graph.Input("targets", OnnxGraph.Int64, batch.Rows);
        foreach (string state in new[] { "weights", "mean", "square" })
        {
            graph.Input(state, OnnxGraph.Float, Count);
            graph.Output(state + "_next", OnnxGraph.Float, Count);
        }

        graph.Input("rate", OnnxGraph.Float);
        graph.Input("mean_scale", OnnxGraph.Float);
        graph.Input("square_scale", OnnxGraph.Float);
        graph.Output("loss", OnnxGraph.Float);
        graph.Output("gradient", OnnxGraph.Float, Count);
        string[] parts = graph.AddMany(
            "Split", ["weights", graph.Int64s([.. slices.Select(slice => (long)slice.Count)])], slices.Count,
            OnnxGraph.Of("axis", 0));
        for (int i = 0; i < slices.Count; i++)
        {
            weights[slices[i].Name] = graph.Add("Reshape", [parts[i], graph.Int64s(slices[i].Dimensions)]);
        }
    }

    private string Forward()
    {
        long width = model.HiddenSize;
        string zeros = graph.Floats(new float[model.VocabularySize * width], model.VocabularySize, width);
        string x = tape.Gather(weights["embedding"], "ids", zeros);
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string attention = Attention(Norm(x, $"layer.{layer}.attention_norm"), layer);
            x = tape.Add(x, attention);
            string h = Norm(x, $"layer.{layer}.feed_forward_norm");
            string gate = tape.Silu(tape.Linear(h, weights[$"layer.{layer}.gate"]));
            string inner = tape.Multiply(gate, tape.Linear(h, weights[$"layer.{layer}.up"]));
            x = tape.Add(x, tape.Linear(inner, weights[$"layer.{layer}.down"]));
        }

        return tape.Linear(Norm(x, "final_norm"), weights["embedding"], transposed: true);
    }

    private string Attention(string h, int layer)
    {
        long head = model.HeadSize, heads = model.Heads, shared = model.KeyValueHeads;
        long windows = batch.Windows, tokens = batch.Tokens;
        string packed = tape.Linear(h, weights[$"layer.{layer}.qkv"]);
        string[] parts = tape.Split(packed, heads * head, shared * head, shared * head);
        string byHead(string part, long count, bool rotated)
        {
            string split = tape.Reshape(part, [batch.Rows, count * head], [windows, tokens, count, head]);
            string turned = tape.Transpose(split, 0, 2, 1, 3);
            string placed = rotated ? Rotate(turned) : turned;
            return tape.Reshape(
                placed, [windows, count, tokens, head], [windows * shared, count / shared * tokens, head]);
        }

        string q = byHead(parts[0], heads, true);
        string k = byHead(parts[1], shared, true);
        string v = byHead(parts[2], shared, false);
        long[] grouped = [windows * shared, heads / shared * tokens, tokens];
        long[] square = [windows * heads, tokens, tokens];
        string scores = tape.Reshape(tape.BatchMatMul(q, k, transposed: true), grouped, square);
        string chosen = tape.MaskedSoftmax(scores, CausalMask(), (float)(1 / Math.Sqrt(head)));
        string mixed = tape.BatchMatMul(tape.Reshape(chosen, square, grouped), v, transposed: false);
        string apart = tape.Reshape(
            mixed, [windows * shared, heads / shared * tokens, head], [windows, heads, tokens, head]);
        string turnedBack = tape.Transpose(apart, 0, 2, 1, 3);
        string flat = tape.Reshape(turnedBack, [windows, tokens, heads, head], [batch.Rows, heads * head]);
        return tape.Linear(flat, weights[$"layer.{layer}.attention_out"]);
    }

    private string Norm(string x, string name) => tape.RmsNorm(x, weights[name], model.NormEpsilon);

    private string Rotate(string x)
    {
        int half = model.HeadSize / 2;
        RotaryTables tables = RotaryTables.Of(model, batch.Tokens);
        float[] swap = new float[model.HeadSize * model.HeadSize];
        for (int i = 0; i < half; i++)
        {
            swap[(i + half) * model.HeadSize + i] = -1;
            swap[i * model.HeadSize + i + half] = 1;
        }

        return tape.Rotate(
            x, graph.Floats(Twice(tables.Cos, half), batch.Tokens, model.HeadSize),
            graph.Floats(Twice(tables.Sin, half), batch.Tokens, model.HeadSize),
            graph.Floats(swap, model.HeadSize, model.HeadSize));
    }

    /// <summary>[tokens, half] to [tokens, 2·half]: both halves of a head turn by the same angles.</summary>
    private static float[] Twice(float[] table, int half) =>
        [.. table.Chunk(half).SelectMany(row => row.Concat(row))];

    private string CausalMask()
    {
        float[] mask = new float[batch.Tokens * batch.Tokens];
        for (int i = 0; i < mask.Length; i++)
        {
            mask[i] = i % batch.Tokens > i / batch.Tokens ? -1e9f : 0;
        }

        return graph.Floats(mask, batch.Tokens, batch.Tokens);
    }

    private void Loss(string logits)
    {
        string logProbabilities = graph.Add("LogSoftmax", [logits], OnnxGraph.Of("axis", -1));
        string depth = graph.Int64s(model.VocabularySize);
        string hot = graph.Add("OneHot", ["targets", depth, graph.Floats([0, 1], 2)]);
        string rows = graph.Scalar(batch.Rows);
        string sum = graph.Add(
            "ReduceSum", [graph.Add("Mul", [logProbabilities, hot])], OnnxGraph.Of("keepdims", 0));
        graph.AddNode("Neg", [graph.Add("Div", [sum, rows])], ["loss"]);
        string difference = graph.Add("Sub", [graph.Add("Exp", [logProbabilities]), hot]);
        tape.Backward(logits, graph.Add("Div", [difference, rows]));
    }

    private void Optimise()
    {
        string[] flat = [.. slices.Select(slice =>
            graph.Add("Reshape", [tape.Gradient(weights[slice.Name]), graph.Int64s(-1)]))];
        graph.AddNode("Concat", flat, ["gradient"], OnnxGraph.Of("axis", 0));
        string norm = graph.Add("Sqrt", [graph.Add("ReduceSumSquare", ["gradient"], OnnxGraph.Of("keepdims", 0))]);
        string share = graph.Add("Div", [
            graph.Scalar(GradientNormMax), graph.Add("Add", [norm, graph.Scalar(1e-6f)])]);
        string clip = graph.Add("Min", [graph.Scalar(1), share]);
        string g = graph.Add("Mul", ["gradient", clip]);
        Blend("mean", g, Beta1);
        Blend("square", graph.Add("Mul", [g, g]), Beta2);
        string spread = graph.Add("Sqrt", [graph.Add("Mul", ["square_next", "square_scale"])]);
        string step = graph.Add("Div", [
            graph.Add("Mul", ["mean_next", "mean_scale"]), graph.Add("Add", [spread, graph.Scalar(Epsilon)])]);
        float[] decay = [.. slices.SelectMany(slice => Enumerable.Repeat(slice.IsNorm ? 0 : WeightDecay, slice.Count))];
        string shrink = graph.Add("Mul", ["weights", graph.Floats(decay, Count)]);
        string change = graph.Add("Mul", [graph.Add("Add", [step, shrink]), "rate"]);
        graph.AddNode("Sub", ["weights", change], ["weights_next"]);
    }

    private void Blend(string state, string value, float beta) => graph.AddNode(
        "Add",
        [graph.Add("Mul", [state, graph.Scalar(beta)]), graph.Add("Mul", [value, graph.Scalar(1 - beta)])],
        [state + "_next"]);
}
