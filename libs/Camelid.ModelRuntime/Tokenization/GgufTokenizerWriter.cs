using System.Text.Json;
using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Training;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>Writes a <see cref="GgufVocabulary"/> as Hugging Face's files.</summary>
internal sealed class GgufTokenizerWriter(GgufVocabulary vocabulary)
{
    private readonly Dictionary<string, int> ids = new(StringComparer.Ordinal);
    private readonly bool isLlama = vocabulary.Model == "llama";

    /// <summary>The files by name.</summary>
    internal IReadOnlyDictionary<string, byte[]> Write()
    {
        for (int id = 0; id < vocabulary.Tokens.Count; id++)
        {
            // The first of two equal texts is the one that encoding gives; one without text is never given.
            if (vocabulary.Tokens[id].Length > 0)
            {
                ids.TryAdd(vocabulary.Tokens[id], id);
            }
        }

        Dictionary<string, byte[]> files = new(StringComparer.Ordinal)
        {
            ["tokenizer.json"] = Bytes(Tokenizer()),
            ["tokenizer_config.json"] = Bytes(Config()),
        };
        uint[] ends = [.. new[] { vocabulary.EndToken, vocabulary.EndOfTurnToken }.OfType<uint>().Distinct()];
        if (ends.Length > 0)
        {
            JsonArray list = [.. ends.Select(id => (JsonNode)id)];
            files["generation_config.json"] = Bytes(new JsonObject { ["eos_token_id"] = list });
        }

        return files;
    }

    private static byte[] Bytes(JsonNode node) =>
        JsonSerializer.SerializeToUtf8Bytes(node, BytePairVocabulary.JsonOptions);

    private static JsonObject ByteLevel(bool cuts) => new()
    {
        ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = cuts,
    };

    private JsonObject Tokenizer()
    {
        PreTokenization words = isLlama ? new(null, null, false) : WordsOf(vocabulary.PreTokenizer ?? "default");
        JsonObject vocab = [];
        foreach ((string text, int id) in ids)
        {
            vocab[text] = id;
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = AddedTokens(),
            ["normalizer"] = isLlama ? SpaceNormalizer() : words.Normalizer,
            ["pre_tokenizer"] = words.Cutting,
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["byte_fallback"] = isLlama,
                ["ignore_merges"] = words.PrefersWholeWords,
                ["vocab"] = vocab,
                ["merges"] = isLlama ? ScoredMerges() : GivenMerges(),
            },
        };
    }

    private JsonArray AddedTokens()
    {
        JsonArray added = [];
        for (int id = 0; id < vocabulary.Tokens.Count; id++)
        {
            GgufTokenType type = vocabulary.TypeOf(id);
            bool special = type is GgufTokenType.Control or GgufTokenType.Unknown or GgufTokenType.Unused
                || id == vocabulary.BeginToken
                || id == vocabulary.EndToken || id == vocabulary.EndOfTurnToken || id == vocabulary.PaddingToken;
            if (vocabulary.Tokens[id].Length > 0 && (special || type == GgufTokenType.UserDefined))
            {
                added.Add((JsonNode)new JsonObject
                {
                    ["id"] = id, ["content"] = vocabulary.Tokens[id], ["single_word"] = false, ["lstrip"] = false,
                    ["rstrip"] = false, ["normalized"] = false, ["special"] = special,
                });
            }
        }

        return added;
    }

    private JsonObject SpaceNormalizer()
    {
        string space = TokenizerRulesReader.SpaceSymbol.ToString();
        JsonArray steps = [];
        if (vocabulary.AddsSpacePrefix != false)
        {
            steps.Add((JsonNode)new JsonObject { ["type"] = "Prepend", ["prepend"] = space });
        }

        steps.Add((JsonNode)new JsonObject
        {
            ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = " " }, ["content"] = space,
        });
        return new JsonObject { ["type"] = "Sequence", ["normalizers"] = steps };
    }

    /// <summary>
    /// Every cut of every token into two tokens: higher scores first, equal ones by the token's id, then by the ids of
    /// its halves. This is how Hugging Face's converter orders them.
    /// </summary>
    private JsonArray ScoredMerges()
    {
        List<(float Score, int Id, int Left, int Right)> merges = [];
        for (int id = 0; id < vocabulary.Tokens.Count; id++)
        {
            string token = vocabulary.Tokens[id];
            if (vocabulary.TypeOf(id) is not (GgufTokenType.Normal or GgufTokenType.UserDefined)
                || ids.GetValueOrDefault(token, -1) != id)
            {
                continue;
            }

            if (token.Length > GgufVocabulary.ScoredCharactersMax)
            {
                throw new ModelPackageException(
                    $"the vocabulary (tokenizer.ggml.*): token {id} has more than "
                    + $"{GgufVocabulary.ScoredCharactersMax} characters");
            }

            for (int cut = 1; cut < token.Length; cut++)
            {
                if (ids.TryGetValue(token[..cut], out int left) && ids.TryGetValue(token[cut..], out int right))
                {
                    merges.Add((vocabulary.Scores[id], id, left, right));
                }
            }
        }

        JsonArray list = [];
        foreach ((_, _, int left, int right) in merges.OrderByDescending(merge => merge.Score)
            .ThenBy(merge => merge.Id).ThenBy(merge => merge.Left).ThenBy(merge => merge.Right))
        {
            list.Add((JsonNode)new JsonArray(vocabulary.Tokens[left], vocabulary.Tokens[right]));
        }

        return list;
    }

    private JsonArray GivenMerges()
    {
        JsonArray list = [];
        foreach (string merge in vocabulary.Merges)
        {
            // A byte letter is never a space, so the first one behind a character is the border.
            int border = merge.Length > 1 ? merge.IndexOf(' ', 1) : -1;
            if (border < 0)
            {
                throw new ModelPackageException(
                    $"the vocabulary (tokenizer.ggml.merges): merge {list.Count} ('{merge}') is no pair");
            }

            list.Add((JsonNode)new JsonArray(merge[..border], merge[(border + 1)..]));
        }

        return list;
    }

    private JsonObject Config()
    {
        bool begins = vocabulary.AddsBeginToken ?? (isLlama || IsLlama3(vocabulary.PreTokenizer));
        JsonObject config = new()
        {
            ["tokenizer_class"] = isLlama ? "LlamaTokenizer" : "GPT2Tokenizer",
            ["add_bos_token"] = begins && vocabulary.BeginToken is not null,
            ["add_prefix_space"] = false,
            ["clean_up_tokenization_spaces"] = false,
        };
        (string, uint?)[] named =
        [
            ("bos_token", vocabulary.BeginToken), ("eos_token", vocabulary.EndToken),
            ("unk_token", vocabulary.UnknownToken), ("pad_token", vocabulary.PaddingToken),
        ];
        foreach ((string name, uint? id) in named)
        {
            if (id is { } known)
            {
                config[name] = vocabulary.Tokens[(int)known];
            }
        }

        if (vocabulary.ChatTemplate is { } template)
        {
            config["chat_template"] = template;
        }

        return config;
    }

    private static bool IsLlama3(string? name) => name is "llama-bpe" or "llama3" or "llama-v3";

    private static PreTokenization WordsOf(string name)
    {
        JsonObject split(string expression) => new()
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = expression },
                    ["behavior"] = "Isolated", ["invert"] = false,
                },
                ByteLevel(cuts: false)),
        };
        return name switch
        {
            _ when IsLlama3(name) => new(split(TokenizerRulesReader.Llama3Expression), null, true),
            "qwen2" => new(split(TokenizerRulesReader.Qwen2Expression), new JsonObject { ["type"] = "NFC" }, false),
            "smollm" => new(
                new JsonObject
                {
                    ["type"] = "Sequence",
                    ["pretokenizers"] = new JsonArray(
                        new JsonObject { ["type"] = "Digits", ["individual_digits"] = true }, ByteLevel(cuts: true)),
                },
                null, false),
            "gpt-2" or "default" => new(ByteLevel(cuts: true), null, false),
            _ => throw new ModelPackageException(
                $"the vocabulary (tokenizer.ggml.pre) cuts words as '{name}', which this version does not know; "
                + "import the model's Hugging Face folder"),
        };
    }

    private readonly record struct PreTokenization(JsonNode? Cutting, JsonNode? Normalizer, bool PrefersWholeWords);
}
