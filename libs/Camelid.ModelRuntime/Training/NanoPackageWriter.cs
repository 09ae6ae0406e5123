using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;

namespace Camelid.ModelRuntime.Training;

/// <summary>Writes trained weights as a model package: graph, weights, tokenizer, loss curve and manifest.</summary>
internal sealed class NanoPackageWriter(NanoTrainingOptions options, BytePairVocabulary vocabulary)
{
    private const string WeightsFile = "model.bin", LossFile = "loss.svg", Created = "2026-11-20", Licence = "MIT";
    private const int AlignmentBytes = 64;

    /// <summary>Writes every file of the package, the manifest last.</summary>
    /// <param name="weights">All weights, flat, in the order of <see cref="ParameterLayout"/>.</param>
    /// <param name="chain">The training so far.</param>
    internal void Write(float[] weights, IReadOnlyList<TrainingStep> chain)
    {
        byte[] tokenizer = vocabulary.ToTokenizerJson();
        (byte[] data, Dictionary<string, ExternalTensor> tensors) = Pack(weights);
        SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal)
        {
            [ModelPackage.GraphFile] = SlotGraph.Build(
                NanoModel.Architecture, Precision.Single, tensors, slots: 1),
            [WeightsFile] = data,
            [ModelPackage.TokenizerFile] = tokenizer,
            ["tokenizer_config.json"] = TokenizerConfig(),
            ["training.json"] = TrainingRecord(chain),
        };
        Directory.CreateDirectory(options.OutputFolder);
        foreach ((string path, byte[] content) in files)
        {
            File.WriteAllBytes(Path.Combine(options.OutputFolder, path), content);
        }

        ModelManifest manifest = new()
        {
            Format = ModelManifest.FormatName,
            Name = NanoModel.Name,
            Licence = Licence,
            Created = Created,
            ParentRoot = null,
            Precision = "fp32",
            Architecture = NanoModel.Architecture,
            EndTokens = [NanoModel.EndToken],
            SpecialTokens = [.. NanoModel.SpecialTokens.Select((text, id) => new SpecialToken((uint)id, text))],
            Chat = Chat(),
            TokenizerHash = Hashes.Sha256(tokenizer).ToString(),
            Files = [.. files.Select(file => PackageFile.Of(file.Key, file.Value))],
        };
        File.WriteAllBytes(Path.Combine(options.OutputFolder, ModelManifest.FileName), manifest.Encode());
        if (LossCurve.Of(chain) is { Count: > 1 } curve)
        {
            string title = string.Create(
                CultureInfo.InvariantCulture,
                $"{NanoModel.Name}: loss (nats per token, logarithmic) over {chain[^1].Step:N0} steps");
            File.WriteAllText(Path.Combine(options.OutputFolder, LossFile), LossCurve.ToSvg(curve, title));
        }
    }

    private static (byte[] Data, Dictionary<string, ExternalTensor> Tensors) Pack(float[] weights)
    {
        using MemoryStream data = new();
        Dictionary<string, ExternalTensor> tensors = [];
        void add(string name, IReadOnlyList<long> dimensions, ReadOnlySpan<float> values)
        {
            data.SetLength((data.Length + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes);
            data.Position = data.Length;
            long bytes = values.Length * sizeof(float);
            tensors[name] = new ExternalTensor(
                name, OnnxGraph.Float, dimensions, WeightsFile, data.Position, bytes);
            data.Write(MemoryMarshal.AsBytes(values));
        }

        foreach (ParameterSlice slice in ParameterLayout.Of(NanoModel.Architecture))
        {
            add(slice.Name, slice.Dimensions, weights.AsSpan(slice.Offset, slice.Count));
        }

        int positions = NanoModel.Architecture.ContextTokensMax + SlotGraph.PadPositions;
        int head = NanoModel.Architecture.HeadSize;
        RotaryTables tables = RotaryTables.Of(NanoModel.Architecture, positions);
        add("cos", [positions, head / 2], tables.Cos);
        add("sin", [positions, head / 2], tables.Sin);
        return (data.ToArray(), tensors);
    }

    private static ChatTemplate Chat() => new()
    {
        Roles = [.. new[] { "system", "user", "assistant" }.Select(role => new ChatRole
        {
            Role = role, Prefix = [NanoModel.RoleToken(role)], Suffix = [NanoModel.EndToken],
        })],
        AnswerPrefix = [NanoModel.RoleToken("assistant")],
    };

    private static byte[] TokenizerConfig() => JsonSerializer.SerializeToUtf8Bytes(
        new JsonObject
        {
            ["tokenizer_class"] = "GPT2Tokenizer",
            ["add_prefix_space"] = false,
            ["add_bos_token"] = false,
            ["clean_up_tokenization_spaces"] = false,
            ["model_max_length"] = NanoModel.Architecture.ContextTokensMax,
            ["eos_token"] = NanoModel.SpecialTokens[0],
            ["chat_template"] = "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] "
                + "+ '<|end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}",
        },
        BytePairVocabulary.JsonOptions);

    private byte[] TrainingRecord(IReadOnlyList<TrainingStep> chain) => JsonSerializer.SerializeToUtf8Bytes(
        new JsonObject
        {
            ["command"] = $"camelid models train nano --out DIR --steps {options.Steps}",
            ["seed"] = options.Seed,
            ["steps"] = chain[^1].Step,
            ["threads"] = options.Threads,
            ["chain"] = chain[^1].Link,
            ["loss"] = LossCurve.ToJson(LossCurve.Of(chain)),
        },
        BytePairVocabulary.JsonOptions);
}
