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
    /// <summary>A target that counts for nothing; only graphs of a LoRA know it.</summary>
    internal const long NoTarget = -1;

    private const float Beta1 = 0.9f, Beta2 = 0.99f, Epsilon = 1e-8f, GradientNormMax = 1f, WeightDecay = 0.05f;
    private readonly OnnxGraph graph = new("train");
    private readonly GradientTape tape;
    private readonly ModelArchitecture model;
    private readonly BatchShape batch;
    private readonly IReadOnlyList<ParameterSlice> slices;
    private readonly Dictionary<string, string> weights = [];

    private TrainingGraph(ModelArchitecture model, BatchShape batch, IReadOnlyList<ParameterSlice> slices)
    {
        (this.model, this.batch, this.slices) = (model, batch, slices);
        tape = new GradientTape(graph);
    }

    /// <summary>Bias corrections of step <paramref name="step"/>, counted from one, as the graph wants them.</summary>
    internal static (float MeanScale, float SquareScale) Corrections(int step) =>
        ((float)(1 / (1 - Math.Pow(Beta1, step))), (float)(1 / (1 - Math.Pow(Beta2, step))));

    /// <summary>
    /// Writes the graph that trains every weight of a Llama with tied embedding for one batch shape.
    /// </summary>
    internal static byte[] Build(ModelArchitecture model, BatchShape batch)
    {
        TrainingGraph training = new(model, batch, ParameterLayout.Of(model));
        training.DeclareInputs();
        string logits = new DecoderTape(training.tape, model, batch, new TrainedWeights(training)).Logits("ids");
        training.Loss(logits);
        training.Optimise(WeightDecay);
        return training.graph.ToBytes();
    }

    /// <summary>
    /// Writes the graph that trains a LoRA over frozen weights, which lie in files of the package. Positions whose
    /// target is <see cref="NoTarget"/> do not count.
    /// </summary>
    internal static byte[] BuildLora(
        ModelArchitecture model, BatchShape batch, LoraShape shape, IReadOnlyDictionary<string, ExternalTensor> frozen)
    {
        TrainingGraph training = new(model, batch, LoraLayout.Of(model, shape));
        training.DeclareInputs();
        string logits = new DecoderTape(training.tape, model, batch, new AdaptedWeights(training, shape, frozen))
            .Logits("ids");
        training.MaskedLoss(logits);
        training.Optimise(0);
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

    private void Loss(string logits)
    {
        string logProbabilities = graph.Add("LogSoftmax", [logits], OnnxGraph.Of("axis", -1));
        string hot = Targets();
        string rows = graph.Scalar(batch.Rows);
        string sum = graph.Add(
            "ReduceSum", [graph.Add("Mul", [logProbabilities, hot])], OnnxGraph.Of("keepdims", 0));
        graph.AddNode("Neg", [graph.Add("Div", [sum, rows])], ["loss"]);
        string difference = graph.Add("Sub", [graph.Add("Exp", [logProbabilities]), hot]);
        tape.Backward(logits, graph.Add("Div", [difference, rows]));
    }

    private void MaskedLoss(string logits)
    {
        string logProbabilities = graph.Add("LogSoftmax", [logits], OnnxGraph.Of("axis", -1));
        string counts = graph.Add("GreaterOrEqual", ["targets", graph.Int64s(0)]);
        string mask = graph.Add("Cast", [counts], OnnxGraph.Of("to", OnnxGraph.Float));
        string column = graph.Add("Unsqueeze", [mask, graph.Int64s(1)]);
        string hot = graph.Add("Mul", [Targets(), column]);
        string rows = graph.Add(
            "Max", [graph.Scalar(1), graph.Add("ReduceSum", [mask], OnnxGraph.Of("keepdims", 0))]);
        string sum = graph.Add(
            "ReduceSum", [graph.Add("Mul", [logProbabilities, hot])], OnnxGraph.Of("keepdims", 0));
        graph.AddNode("Neg", [graph.Add("Div", [sum, rows])], ["loss"]);
        string difference = graph.Add(
            "Sub", [graph.Add("Mul", [graph.Add("Exp", [logProbabilities]), column]), hot]);
        tape.Backward(logits, graph.Add("Div", [difference, rows]));
    }

    private string Targets() =>
        graph.Add("OneHot", ["targets", graph.Int64s(model.VocabularySize), graph.Floats([0, 1], 2)]);

    private void Optimise(float weightDecay)
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
        string change = graph.Add("Div", [
            graph.Add("Mul", ["mean_next", "mean_scale"]), graph.Add("Add", [spread, graph.Scalar(Epsilon)])]);
        if (weightDecay > 0)
        {
            float[] decay = [.. slices.SelectMany(
                slice => Enumerable.Repeat(slice.IsNorm ? 0 : weightDecay, slice.Count))];
            change = graph.Add("Add", [change, graph.Add("Mul", ["weights", graph.Floats(decay, Count)])]);
        }

        graph.AddNode("Sub", ["weights", graph.Add("Mul", [change, "rate"])], ["weights_next"]);
    }

    private void Blend(string state, string value, float beta) => graph.AddNode(
        "Add",
        [graph.Add("Mul", [state, graph.Scalar(beta)]), graph.Add("Mul", [value, graph.Scalar(1 - beta)])],
        [state + "_next"]);

    /// <summary>Every weight is trained.</summary>
    private sealed class TrainedWeights(TrainingGraph training) : IDecoderWeights
    {
        public string this[string name] => training.weights[name];

        public string Embed(string ids)
        {
            long rows = training.model.VocabularySize, width = training.model.HiddenSize;
            string zeros = training.graph.Floats(new float[rows * width], rows, width);
            return training.tape.Gather(this["embedding"], ids, zeros);
        }

        public string Adapt(string projection, string x, string y) => y;
    }

    /// <summary>The weights are frozen; the adapters are trained.</summary>
    private sealed class AdaptedWeights(
        TrainingGraph training, LoraShape shape, IReadOnlyDictionary<string, ExternalTensor> frozen) : IDecoderWeights
    {
        private readonly Dictionary<string, string> declared = [];
        private readonly Dictionary<string, LoraTarget> targets =
            LoraLayout.Targets(training.model, shape).ToDictionary(target => target.Projection);

        public string this[string name]
        {
            get
            {
                if (!declared.TryGetValue(name, out string? value))
                {
                    value = training.tape.Freeze(training.graph.Weight(frozen.TryGetValue(name, out ExternalTensor? at)
                        ? at
                        : throw new ModelPackageException($"{ModelPackage.GraphFile} has no weight {name}")));
                    declared[name] = value;
                }

                return value;
            }
        }

        public string Embed(string ids) => training.tape.GatherFrozen(this["embedding"], ids);

        public string Adapt(string projection, string x, string y)
        {
            if (!targets.TryGetValue(projection, out LoraTarget? target))
            {
                return y;
            }

            GradientTape tape = training.tape;
            string inner = tape.Linear(x, training.weights[target.A]);
            string added = tape.Linear(inner, training.weights[target.B]);
            return tape.Add(y, tape.Scale(added, shape.Scale));
        }
    }
}
