using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace Camelid.ModelRuntime.Tests.Importing.HuggingFace;

/// <summary>Writes random models as Hugging Face folders, in a plain way of its own.</summary>
internal static class HuggingFaceFolder
{
    /// <summary>Writes a whole folder.</summary>
    /// <param name="model">The model.</param>
    /// <param name="folder">The folder, which is made.</param>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <param name="shards">1 for model.safetensors; more for shards with an index.</param>
    internal static void Write(RandomModel model, string folder, string type = "F32", int shards = 1)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), model.Config().ToJsonString());
        foreach ((string name, byte[] content) in RandomModel.TokenizerFiles())
        {
            File.WriteAllBytes(Path.Combine(folder, name), content);
        }

        string[] names = [.. model.Tensors.Keys];
        if (shards == 1)
        {
            File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), Safetensors(model, names, type));
            return;
        }

        JsonObject map = [];
        for (int shard = 0; shard < shards; shard++)
        {
            string file = $"model-{shard + 1:D5}-of-{shards:D5}.safetensors";
            string[] own = [.. names.Where((_, index) => index % shards == shard)];
            File.WriteAllBytes(Path.Combine(folder, file), Safetensors(model, own, type));
            foreach (string name in own)
            {
                map[name] = file;
            }
        }

        JsonObject index = new() { ["metadata"] = new JsonObject { ["total_size"] = 1 }, ["weight_map"] = map };
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), index.ToJsonString());
    }

    /// <summary>Some tensors of a model as the bytes of a safetensors file.</summary>
    internal static byte[] Safetensors(RandomModel model, IReadOnlyList<string> names, string type)
    {
        JsonObject header = new() { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        using MemoryStream data = new();
        foreach (string name in names)
        {
            long start = data.Length;
            foreach (float value in model.Tensors[name])
            {
                data.Write(Bytes(value, type));
            }

            header[name] = new JsonObject
            {
                ["dtype"] = type,
                ["shape"] = new JsonArray([.. model.ShapeOf(name).Select(size => (JsonNode)size)]),
                ["data_offsets"] = new JsonArray(start, data.Length),
            };
        }

        return Compose(header.ToJsonString(), data.ToArray());
    }

    /// <summary>A safetensors file of a header and data.</summary>
    internal static byte[] Compose(string header, byte[] data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + text.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)text.Length);
        text.CopyTo(file, 8);
        data.CopyTo(file, 8 + text.Length);
        return file;
    }

    /// <summary>What a number is once it was written in a type.</summary>
    internal static float Rounded(float value, string type) => type switch
    {
        "F32" => value,
        "F16" => (float)(Half)value,
        "BF16" => BitConverter.UInt32BitsToSingle((uint)BFloat(value) << 16),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static byte[] Bytes(float value, string type) => type switch
    {
        "F32" => BitConverter.GetBytes(value),
        "F16" => BitConverter.GetBytes((Half)value),
        "BF16" => BitConverter.GetBytes(BFloat(value)),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static ushort BFloat(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
}
