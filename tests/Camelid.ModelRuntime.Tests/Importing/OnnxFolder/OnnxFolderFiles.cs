using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Packages;
using Google.Protobuf;
using Onnx;

namespace Camelid.ModelRuntime.Tests.Importing.OnnxFolder;

/// <summary>Writes a folder with a ready ONNX decoder.</summary>
internal static class OnnxFolderFiles
{
    /// <summary>Writes the folder and returns what a reader should find.</summary>
    internal static Dictionary<string, float[]> Write(
        string folder, RandomModel model, OnnxDecoderOptions options, Action<GraphProto>? change = null)
    {
        Directory.CreateDirectory(folder);
        OnnxDecoderWriter writer = OnnxDecoderWriter.Of(model, options);
        change?.Invoke(writer.Graph);
        File.WriteAllBytes(
            Path.Combine(folder, "model.onnx"), new ModelProto { IrVersion = 10, Graph = writer.Graph }.ToByteArray());
        if (options.IsExternal)
        {
            File.WriteAllBytes(Path.Combine(folder, "model.onnx.data"), writer.External);
        }

        File.WriteAllText(Path.Combine(folder, "genai_config.json"), Config(model.Architecture).ToJsonString());
        foreach ((string name, byte[] content) in RandomModel.TokenizerFiles())
        {
            File.WriteAllBytes(Path.Combine(folder, name), content);
        }

        return writer.Expected;
    }

    private static JsonObject Config(ModelArchitecture model) => new()
    {
        ["model"] = new JsonObject
        {
            ["bos_token_id"] = 1,
            ["context_length"] = model.ContextTokensMax,
            ["decoder"] = new JsonObject
            {
                ["filename"] = "model.onnx",
                ["head_size"] = model.HeadSize,
                ["hidden_size"] = model.HiddenSize,
                ["inputs"] = new JsonObject { ["input_ids"] = "input_ids" },
                ["outputs"] = new JsonObject { ["logits"] = "logits" },
                ["num_attention_heads"] = model.Heads,
                ["num_hidden_layers"] = model.Layers,
                ["num_key_value_heads"] = model.KeyValueHeads,
            },
            ["eos_token_id"] = new JsonArray(0),
            ["type"] = model.Family,
            ["vocab_size"] = model.VocabularySize,
        },
        ["search"] = new JsonObject { ["max_length"] = model.ContextTokensMax },
    };
}
