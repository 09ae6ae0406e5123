using System.Text.Json;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Training;
using Camelid.Protocol;
using Camelid.Protocol.Models;

namespace Camelid.Benchmarks.Runtime;

/// <summary>Packages of random models, written once and kept in a folder that is no part of the repository.</summary>
internal sealed class BenchmarkPackages(string folder)
{
    /// <summary>The token that ends an answer.</summary>
    internal const uint EndToken = 0;

    private const int AlignmentBytes = 64, Version = 2;
    private const string WeightsFile = "model.bin", EndText = "<|end|>";
    private static readonly JsonSerializerOptions Plain = new();

    /// <summary>Opens the package of a model; writes it before, where it is not there.</summary>
    internal async Task<ModelPackage> OpenAsync(BenchmarkModel model, CancellationToken cancellationToken)
    {
        string path = Path.Combine(folder, $"{model.Name}-{model.Precision}-v{Version}");
        if (!File.Exists(Path.Combine(path, ModelManifest.FileName)))
        {
            Directory.CreateDirectory(path);
            Write(path, model);
        }

        ModelPackage package = await ModelPackage.OpenAsync(path, cancellationToken);
        if (model.Precision != Precision.Half)
        {
            GenAiModel.Write(package);
        }

        return package;
    }

    private static void Write(string path, BenchmarkModel model)
    {
        string weights = Path.Combine(path, WeightsFile);
        List<ExternalTensor> tensors = WriteWeights(weights, model);
        OnnxGraph graph = new("weights");
        tensors.ForEach(tensor => graph.Weight(tensor));
        File.WriteAllBytes(Path.Combine(path, ModelPackage.GraphFile), graph.ToBytes());
        byte[] tokenizer = Vocabulary(model.Architecture.VocabularySize).ToTokenizerJson();
        File.WriteAllBytes(Path.Combine(path, ModelPackage.TokenizerFile), tokenizer);
        File.WriteAllBytes(Path.Combine(path, "tokenizer_config.json"), JsonSerializer.SerializeToUtf8Bytes(
            new { tokenizer_class = "GPT2Tokenizer", add_bos_token = false, eos_token = EndText }, Plain));
        string[] files = [WeightsFile, ModelPackage.GraphFile, ModelPackage.TokenizerFile, "tokenizer_config.json"];
        ModelManifest manifest = new()
        {
            Format = ModelManifest.FormatName,
            Name = $"random-{model.Name}-{model.Precision}",
            Licence = "CC0-1.0",
            Created = "2026-11-20",
            ParentRoot = null,
            Precision = model.Precision,
            Architecture = model.Architecture,
            EndTokens = [EndToken],
            SpecialTokens = [new SpecialToken(EndToken, EndText)],
            Chat = null,
            TokenizerHash = Hashes.Sha256(tokenizer).ToString(),
            Files = [.. files.Order(StringComparer.Ordinal).Select(file => Describe(path, file))],
        };
        File.WriteAllBytes(Path.Combine(path, ModelManifest.FileName), manifest.Encode());
    }

    private static List<ExternalTensor> WriteWeights(string path, BenchmarkModel model)
    {
        RandomWeights random = new(model.Architecture, model.Precision);
        IReadOnlyList<WeightSpec> catalog = WeightCatalog.Of(model.Architecture, model.Precision);
        List<ExternalTensor> tensors = [];
        using FileStream stream = File.Create(path);
        for (int i = 0; i < catalog.Count; i++)
        {
            byte[][] contents = random.Tensors(catalog[i]);
            foreach ((TensorSpec tensor, byte[] bytes) in catalog[i].Tensors(model.Precision).Zip(contents))
            {
                stream.Position = (stream.Position + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes;
                tensors.Add(new ExternalTensor(
                    tensor.Name, tensor.ElementType, tensor.Dimensions, WeightsFile, stream.Position, bytes.Length));
                stream.Write(bytes);
            }

            int percent = 100 * (i + 1) / catalog.Count;
            if (percent / 10 > 100 * i / catalog.Count / 10)
            {
                Console.Error.WriteLine($"writing {model.Name} {model.Precision}: {percent} %, "
                    + $"{stream.Position >> 20} MiB");
            }
        }

        return tensors;
    }

    private static PackageFile Describe(string folder, string file)
    {
        using FileStream stream = File.OpenRead(Path.Combine(folder, file));
        string[] chunks = new string[ChunkTree.ChunkCount(stream.Length)];
        byte[] chunk = new byte[ChunkTree.ChunkBytes];
        for (int i = 0; i < chunks.Length; i++)
        {
            Span<byte> bytes = chunk.AsSpan(0, ChunkTree.ChunkLength(stream.Length, i));
            stream.ReadExactly(bytes);
            chunks[i] = ChunkTree.Leaf(bytes).ToString();
        }

        return new PackageFile { Path = file, Bytes = stream.Length, Chunks = chunks };
    }

    /// <summary>Byte pairs up to the wanted size: any token has a text, and few texts have many tokens.</summary>
    private static BytePairVocabulary Vocabulary(int size)
    {
        const int Bytes = 256, Special = 1;
        return new BytePairVocabulary([EndText], [.. Enumerable.Range(0, size - Bytes - Special).Select(
            pair => ((uint)(Special + pair / Bytes), (uint)(Special + pair % Bytes)))]);
    }
}
