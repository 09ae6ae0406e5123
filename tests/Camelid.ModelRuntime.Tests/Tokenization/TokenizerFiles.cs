using System.Text;
using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;

namespace Camelid.ModelRuntime.Tests.Tokenization;

/// <summary>Vocabularies for tests: the embedded one under other rules, and small ones made on the spot.</summary>
internal static class TokenizerFiles
{
    internal const int RoomForMore = 2048;

    /// <summary>camelid-nano's vocabulary with another normalizer and pre-tokenizer, and more special tokens.</summary>
    internal static byte[] ByteLevel(string? normalizer, string preTokenizer, params string[] special)
    {
        JsonNode root = JsonNode.Parse(File.ReadAllBytes(Path.Combine(ModelPackage.EmbeddedFolder, "tokenizer.json")))!;
        root["normalizer"] = normalizer is null ? null : JsonNode.Parse(normalizer);
        root["pre_tokenizer"] = JsonNode.Parse(preTokenizer);
        AddSpecial(root, special);
        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    /// <summary>A SentencePiece-like vocabulary: byte tokens, ASCII letters, and a few merges.</summary>
    internal static byte[] SentencePiece(string normalizer, string? preTokenizer, params string[] special)
    {
        JsonObject vocabulary = new() { ["<unk>"] = 0, ["<s>"] = 1, ["</s>"] = 2 };
        void add(string text)
        {
            vocabulary[text] = vocabulary.Count;
        }

        for (int value = 0; value < 256; value++)
        {
            add($"<0x{value:X2}>");
        }

        for (char letter = '!'; letter <= '~'; letter++)
        {
            add(letter.ToString());
        }

        add("\u2581");
        JsonArray merges = [];
        foreach ((string left, string right) in new[]
            {
                ("\u2581", "\u2581"), ("\u2581", "a"), ("a", "a"), ("\u2581", "["), ("I", "N"), ("IN", "S"),
                ("INS", "T"),
            })
        {
            add(left + right);
            merges.Add((JsonNode)$"{left} {right}");
        }

        JsonNode root = new JsonObject
        {
            ["added_tokens"] = new JsonArray(), ["normalizer"] = JsonNode.Parse(normalizer),
            ["pre_tokenizer"] = preTokenizer is null ? null : JsonNode.Parse(preTokenizer),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["byte_fallback"] = true, ["vocab"] = vocabulary, ["merges"] = merges,
            },
        };
        AddSpecial(root, ["<unk>", "<s>", "</s>", .. special]);
        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    internal static ModelTokenizer Open(byte[] json, uint? begin = null, ChatTemplate? chat = null) =>
        ModelTokenizer.Open(json, "tokenizer.json", new TokenizerSettings
        {
            ModelName = "test", VocabularySize = RoomForMore, SpecialTokens = [], BeginToken = begin, Chat = chat,
        });

    private static void AddSpecial(JsonNode root, IEnumerable<string> special)
    {
        JsonArray added = root["added_tokens"]!.AsArray();
        JsonObject vocabulary = root["model"]!["vocab"]!.AsObject();
        foreach (string text in special)
        {
            int others = added.Count(token => !vocabulary.ContainsKey(token!["content"]!.GetValue<string>()));
            int id = vocabulary.TryGetPropertyValue(text, out JsonNode? known)
                ? known!.GetValue<int>()
                : vocabulary.Count + others;
            added.Add((JsonNode)new JsonObject { ["id"] = id, ["content"] = text, ["special"] = true });
        }
    }
}
