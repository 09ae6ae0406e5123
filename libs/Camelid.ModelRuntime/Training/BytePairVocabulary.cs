using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Camelid.ModelRuntime.Tokenization;

namespace Camelid.ModelRuntime.Training;

/// <summary>A byte-level byte-pair vocabulary: ids are the special tokens, the 256 bytes, then the merges.</summary>
/// <param name="SpecialTokens">Texts of the special tokens; the first ends an answer.</param>
/// <param name="Merges">Pairs of ids in the order in which they were learnt.</param>
public sealed record BytePairVocabulary(
    IReadOnlyList<string> SpecialTokens, IReadOnlyList<(uint Left, uint Right)> Merges)
{
    private readonly Dictionary<string, uint[]> cache = new(StringComparer.Ordinal);

    /// <summary>Tokens in all.</summary>
    public int Size => SpecialTokens.Count + 256 + Merges.Count;

    /// <summary>
    /// Encodes text without special tokens. The trainer's own encoder: Ortx must agree with it (a test).
    /// </summary>
    public uint[] Encode(string text)
    {
        List<uint> ids = [];
        foreach (Match word in BytePairTrainer.WordPattern().Matches(text))
        {
            if (!cache.TryGetValue(word.Value, out uint[]? known))
            {
                known = EncodeWord(word.Value);
                cache[word.Value] = known;
            }

            ids.AddRange(known);
        }

        return [.. ids];
    }

    /// <summary>The vocabulary as Hugging Face's <c>tokenizer.json</c>.</summary>
    public byte[] ToTokenizerJson()
    {
        string[] texts = TokenTexts();
        JsonObject vocabulary = [];
        for (int id = 0; id < texts.Length; id++)
        {
            vocabulary[texts[id]] = id;
        }

        JsonArray merges = [.. Merges.Select(pair => (JsonNode)$"{texts[pair.Left]} {texts[pair.Right]}")];
        JsonArray added = [.. SpecialTokens.Select((text, id) => (JsonNode)new JsonObject
        {
            ["id"] = id, ["content"] = text, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false,
            ["normalized"] = false, ["special"] = true,
        })];
        JsonObject byteLevel() => new()
        {
            ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true,
        };
        JsonObject root = new()
        {
            ["version"] = "1.0", ["truncation"] = null, ["padding"] = null, ["added_tokens"] = added,
            ["normalizer"] = null, ["pre_tokenizer"] = byteLevel(), ["post_processor"] = null,
            ["decoder"] = byteLevel(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["dropout"] = null, ["unk_token"] = null, ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null, ["fuse_unk"] = false, ["byte_fallback"] = false,
                ["vocab"] = vocabulary, ["merges"] = merges,
            },
        };
        return JsonSerializer.SerializeToUtf8Bytes(root, JsonOptions);
    }

    internal static readonly JsonSerializerOptions JsonOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = false,
    };

    private uint[] EncodeWord(string word)
    {
        List<uint> ids = [.. Encoding.UTF8.GetBytes(word).Select(value => (uint)(SpecialTokens.Count + value))];
        for (int i = 0; i < Merges.Count && ids.Count > 1; i++)
        {
            BytePairTrainer.Merge(ids, Merges[i], (uint)(SpecialTokens.Count + 256 + i));
        }

        return [.. ids];
    }

    private string[] TokenTexts()
    {
        List<string> texts = [.. SpecialTokens];
        texts.AddRange(Enumerable.Range(0, 256).Select(value => ByteAlphabet.Letter((byte)value).ToString()));
        foreach ((uint left, uint right) in Merges)
        {
            texts.Add(texts[(int)left] + texts[(int)right]);
        }

        return [.. texts];
    }
}
