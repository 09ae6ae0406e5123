using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Training;

/// <summary>
/// Where a decoder's forward pass takes its weights from, and what is added to its projections.
/// </summary>
internal interface IDecoderWeights
{
    /// <summary>The value that holds a weight of the catalogue.</summary>
    string this[string name] { get; }

    /// <summary>Rows of the embedding [rows, hidden].</summary>
    string Embed(string ids);

    /// <summary>
    /// What training adds to a projection: <paramref name="y"/> plus its adapter's product with
    /// <paramref name="x"/>, or y itself.
    /// </summary>
    string Adapt(string projection, string x, string y);
}

/// <summary>
/// Writes the forward pass of a decoder onto a gradient tape, operator for operator what the slot graph computes, by
/// plain operators that have gradients.
/// </summary>
internal sealed class DecoderTape(
    GradientTape tape, ModelArchitecture model, BatchShape batch, IDecoderWeights weights)
{
    private OnnxGraph Graph => tape.Graph;

    private long Head => model.PaddedHeadSize;

    /// <summary>The logits [rows, vocabulary] of the ids [rows].</summary>
    internal string Logits(string ids)
    {
        string x = weights.Embed(ids);
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string at = $"layer.{layer}.";
            string attention = Attention(Norm(x, at + "attention_norm"), at);
            x = tape.Add(x, attention);
            string h = Norm(x, at + "feed_forward_norm");
            string gate = tape.Silu(Project(h, at + "gate"));
            string inner = tape.Multiply(gate, Project(h, at + "up"));
            x = tape.Add(x, Project(inner, at + "down"));
        }

        string last = Norm(x, "final_norm");
        return WeightCatalog.HasOutput(model, Precision.Single)
            ? tape.Linear(last, weights[WeightCatalog.Output])
            : tape.Linear(last, weights[WeightCatalog.Embedding], transposed: true);
    }

    private string Project(string x, string name) => weights.Adapt(name, x, tape.Linear(x, weights[name]));

    private string Attention(string h, string at)
    {
        long heads = model.Heads, shared = model.KeyValueHeads;
        long windows = batch.Windows, tokens = batch.Tokens;
        string packed = tape.Linear(h, weights[at + "qkv"]);
        if (model.AttentionBias)
        {
            packed = tape.AddFrozen(packed, weights[at + "qkv_bias"]);
        }

        string[] parts = tape.Split(packed, heads * Head, shared * Head, shared * Head);
        string q = ByHead(weights.Adapt(at + "q", h, parts[0]), heads, at + "query_norm");
        string k = ByHead(weights.Adapt(at + "k", h, parts[1]), shared, at + "key_norm");
        string v = ByHead(weights.Adapt(at + "v", h, parts[2]), shared, null);
        long[] grouped = [windows * shared, heads / shared * tokens, tokens];
        long[] square = [windows * heads, tokens, tokens];
        string scores = tape.Reshape(tape.BatchMatMul(q, k, transposed: true), grouped, square);
        string chosen = tape.MaskedSoftmax(scores, CausalMask(), (float)(1 / Math.Sqrt(model.HeadSize)));
        string mixed = tape.BatchMatMul(tape.Reshape(chosen, square, grouped), v, transposed: false);
        string apart = tape.Reshape(
            mixed, [windows * shared, heads / shared * tokens, Head], [windows, heads, tokens, Head]);
        string turnedBack = tape.Transpose(apart, 0, 2, 1, 3);
        string flat = tape.Reshape(turnedBack, [windows, tokens, heads, Head], [batch.Rows, heads * Head]);
        string y = Project(flat, at + "attention_out");
        return model.AttentionOutputBias ? tape.AddFrozen(y, weights[at + "attention_out_bias"]) : y;
    }

    /// <summary>
    /// [rows, count · head] to [windows · shared, count / shared · tokens, head], normalised and rotated where
    /// <paramref name="norm"/> names a norm.
    /// </summary>
    private string ByHead(string part, long count, string? norm)
    {
        long windows = batch.Windows, tokens = batch.Tokens, shared = model.KeyValueHeads;
        string split = tape.Reshape(part, [batch.Rows, count * Head], [windows, tokens, count, Head]);
        if (norm is not null && model.QueryKeyNorm)
        {
            float epsilon = model.NormEpsilon * model.HeadSize / model.PaddedHeadSize;
            split = tape.RmsNorm(split, weights[norm], epsilon);
        }

        string turned = tape.Transpose(split, 0, 2, 1, 3);
        string placed = norm is null ? turned : Rotate(turned);
        return tape.Reshape(
            placed, [windows, count, tokens, Head], [windows * shared, count / shared * tokens, Head]);
    }

    private string Norm(string x, string name) => tape.RmsNorm(x, weights[name], model.NormEpsilon);

    private string Rotate(string x)
    {
        int size = model.PaddedHeadSize, half = size / 2;
        RotaryTables tables = RotaryTables.Of(model, batch.Tokens);
        float[] swap = new float[size * size];
        for (int i = 0; i < half; i++)
        {
            swap[(i + half) * size + i] = -1;
            swap[i * size + i + half] = 1;
        }

        return tape.Rotate(
            x, Graph.Floats(Twice(tables.Cos, half), batch.Tokens, size),
            Graph.Floats(Twice(tables.Sin, half), batch.Tokens, size),
            Graph.Floats(swap, size, size));
    }

    /// <summary>[tokens, half] to [tokens, 2·half]: both halves of a head turn by the same angles.</summary>
    private static float[] Twice(float[] table, int half) =>
        [.. table.Chunk(half).SelectMany(row => row.Concat(row))];

    private string CausalMask()
    {
        float[] mask = new float[batch.Tokens * batch.Tokens];
        for (int i = 0; i < mask.Length; i++)
        {
            int back = i / batch.Tokens - i % batch.Tokens;
            bool seen = back >= 0 && (model.SlidingWindow == 0 || back < model.SlidingWindow);
            mask[i] = seen ? 0 : -1e9f;
        }

        return Graph.Floats(mask, batch.Tokens, batch.Tokens);
    }
}
