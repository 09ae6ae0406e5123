using Camelid.ModelRuntime.Importing.Gguf;

namespace Camelid.ModelRuntime.Tests.Importing.Gguf;

/// <summary>A small model with random weights in a GGUF file: two layers, four heads of 16, two for keys.</summary>
internal static class TestGgufModel
{
    internal const int Hidden = 64, Layers = 2, Heads = 4, KeyValueHeads = 2, HeadSize = 16, FeedForward = 96;

    /// <summary>Tokens: unknown, begin, end, 256 bytes, a space and letters.</summary>
    internal static IReadOnlyList<string> Tokens { get; } =
    [
        "<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), "▁",
        .. Enumerable.Range('a', 26).Select(letter => $"{(char)letter}"), "▁t", "he", "▁the", "▁a",
    ];

    /// <summary>A sound file's builder; matrices in the type given, vectors float32.</summary>
    internal static GgufFileBuilder Of(string family = "llama", GgufTensorType type = GgufTensorType.F32)
    {
        GgufFileBuilder builder = Describe(new GgufFileBuilder(), family);
        GgufBlockPacker packer = new(11);
        void add(string name, GgufTensorType stored, int columns, int rows)
        {
            List<byte> bytes = [];
            int count = columns * rows / GgufBlock.Of(stored)!.Value.Elements;
            for (int i = 0; i < count; i++)
            {
                bytes.AddRange(packer.Next(stored).Block);
            }

            ulong[] dimensions = rows == 1 ? [(ulong)columns] : [(ulong)columns, (ulong)rows];
            builder.Tensor(name, stored, [.. bytes], dimensions);
        }

        add(GgufNames.Embedding, type, Hidden, Tokens.Count);
        for (int layer = 0; layer < Layers; layer++)
        {
            string at = $"blk.{layer}.";
            add(at + "attn_norm.weight", GgufTensorType.F32, Hidden, 1);
            add(at + "attn_q.weight", type, Hidden, Heads * HeadSize);
            add(at + "attn_k.weight", type, Hidden, KeyValueHeads * HeadSize);
            add(at + "attn_v.weight", type, Hidden, KeyValueHeads * HeadSize);
            add(at + "attn_output.weight", type, Heads * HeadSize, Hidden);
            add(at + "ffn_norm.weight", GgufTensorType.F32, Hidden, 1);
            add(at + "ffn_gate.weight", type, Hidden, FeedForward);
            add(at + "ffn_up.weight", type, Hidden, FeedForward);
            add(at + "ffn_down.weight", type, FeedForward, Hidden);
            if (family == "qwen2")
            {
                add(at + "attn_q.bias", GgufTensorType.F32, Heads * HeadSize, 1);
                add(at + "attn_k.bias", GgufTensorType.F32, KeyValueHeads * HeadSize, 1);
                add(at + "attn_v.bias", GgufTensorType.F32, KeyValueHeads * HeadSize, 1);
            }

            if (family == "qwen3")
            {
                add(at + "attn_q_norm.weight", GgufTensorType.F32, HeadSize, 1);
                add(at + "attn_k_norm.weight", GgufTensorType.F32, HeadSize, 1);
            }
        }

        add("output_norm.weight", GgufTensorType.F32, Hidden, 1);
        return builder;
    }

    private static GgufFileBuilder Describe(GgufFileBuilder builder, string family) => builder
        .Text("general.architecture", family)
        .Text("general.name", "tester")
        .Whole($"{family}.context_length", 128)
        .Whole($"{family}.embedding_length", Hidden)
        .Whole($"{family}.block_count", Layers)
        .Whole($"{family}.feed_forward_length", FeedForward)
        .Whole($"{family}.attention.head_count", Heads)
        .Whole($"{family}.attention.head_count_kv", KeyValueHeads)
        .Number($"{family}.attention.layer_norm_rms_epsilon", 1e-5f)
        .Number($"{family}.rope.freq_base", 10_000)
        .Text("tokenizer.ggml.model", "llama")
        .Texts("tokenizer.ggml.tokens", [.. Tokens])
        .Numbers("tokenizer.ggml.scores", [.. Tokens.Select((_, id) => id < 259 ? 0f : 259 - id)])
        .Wholes("tokenizer.ggml.token_type", [.. Tokens.Select(
            (_, id) => id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1)])
        .Whole("tokenizer.ggml.bos_token_id", 1)
        .Whole("tokenizer.ggml.eos_token_id", 2)
        .Whole("tokenizer.ggml.unknown_token_id", 0)
        .Flag("tokenizer.ggml.add_bos_token", true);
}
