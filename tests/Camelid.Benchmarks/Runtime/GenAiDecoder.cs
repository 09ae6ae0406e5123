using System.Globalization;
using Camelid.ModelRuntime.Packages;

namespace Camelid.Benchmarks.Runtime;

/// <summary>ONNX Runtime GenAI, greedy, with keys and values in one shared buffer as it recommends.</summary>
internal sealed unsafe class GenAiDecoder : IDecoder
{
    private readonly nint model;
    private readonly int vocabulary;
    private readonly int tokensMax;
    private uint[] chosen = [];
    private float[] kept = [];
    private nint generator;

    /// <param name="package">A package with GenAI's graph and configuration beside it.</param>
    /// <param name="threads">Threads of one operator.</param>
    internal GenAiDecoder(ModelPackage package, int threads)
    {
        GenAiLibrary.SilenceTelemetry();
        (vocabulary, tokensMax) = (package.Manifest.VocabularySize, package.Manifest.ContextTokensMax);
        GenAiLibrary.Check(GenAiLibrary.OgaCreateConfig(package.Folder, out nint config));
        string overlay = "{\"model\":{\"decoder\":{\"session_options\":{\"intra_op_num_threads\":"
            + threads.ToString(CultureInfo.InvariantCulture) + "}}}}";
        GenAiLibrary.Check(GenAiLibrary.OgaConfigOverlay(config, overlay));
        GenAiLibrary.Check(GenAiLibrary.OgaCreateModelFromConfig(config, out model));
        GenAiLibrary.OgaDestroyConfig(config);
    }

    /// <summary>
    /// Whether <see cref="Logits"/> is wanted. Once a token is chosen, the library computes the next logits before it
    /// shows any, so these are copied before the choice.
    /// </summary>
    internal bool KeepsLogits { get; set; }

    public void Reset(int rows)
    {
        chosen = new uint[rows];
        DestroyGenerator();
        GenAiLibrary.Check(GenAiLibrary.OgaCreateGeneratorParams(model, out nint parameters));
        GenAiLibrary.Check(GenAiLibrary.OgaGeneratorParamsSetSearchNumber(parameters, "max_length", tokensMax));
        GenAiLibrary.Check(GenAiLibrary.OgaGeneratorParamsSetSearchNumber(parameters, "batch_size", rows));
        GenAiLibrary.Check(GenAiLibrary.OgaGeneratorParamsSetSearchBool(parameters, "do_sample", false));
        GenAiLibrary.Check(
            GenAiLibrary.OgaGeneratorParamsSetSearchBool(parameters, "past_present_share_buffer", true));
        GenAiLibrary.Check(GenAiLibrary.OgaCreateGenerator(model, parameters, out generator));
        GenAiLibrary.OgaDestroyGeneratorParams(parameters);
    }

    public void Prefill(uint[][] prompts)
    {
        int[] flat = [.. prompts.SelectMany(prompt => prompt.Select(token => (int)token))];
        fixed (int* tokens = flat)
        {
            GenAiLibrary.Check(GenAiLibrary.OgaGenerator_AppendTokens(generator, tokens, (nuint)flat.Length));
        }

        Step();
    }

    public void Step()
    {
        if (KeepsLogits)
        {
            kept = CopyLogits();
        }

        GenAiLibrary.Check(GenAiLibrary.OgaGenerator_GenerateNextToken(generator));
        GenAiLibrary.Check(GenAiLibrary.OgaGenerator_GetNextTokens(generator, out int* tokens, out nuint count));
        for (int row = 0; row < (int)count; row++)
        {
            chosen[row] = (uint)tokens[row];
        }
    }

    public uint Token(int row) => chosen[row];

    public ReadOnlySpan<float> Logits(int row) => kept.AsSpan(row * vocabulary, vocabulary);

    public void Dispose()
    {
        DestroyGenerator();
        GenAiLibrary.OgaDestroyModel(model);
    }

    private float[] CopyLogits()
    {
        GenAiLibrary.Check(GenAiLibrary.OgaGenerator_GetLogits(generator, out nint tensor));
        GenAiLibrary.Check(GenAiLibrary.OgaTensorGetShapeRank(tensor, out nuint rank));
        long[] shape = new long[rank];
        fixed (long* first = shape)
        {
            GenAiLibrary.Check(GenAiLibrary.OgaTensorGetShape(tensor, first, rank));
        }

        if (shape is not [.., 1, long width] || width != vocabulary)
        {
            throw new InvalidOperationException($"logits have shape [{string.Join(", ", shape)}]");
        }

        GenAiLibrary.Check(GenAiLibrary.OgaTensorGetData(tensor, out float* data));
        float[] logits = new ReadOnlySpan<float>(data, chosen.Length * vocabulary).ToArray();
        GenAiLibrary.OgaDestroyTensor(tensor);
        return logits;
    }

    private void DestroyGenerator()
    {
        if (generator != 0)
        {
            GenAiLibrary.OgaDestroyGenerator(generator);
            generator = 0;
        }
    }
}
