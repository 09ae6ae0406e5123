using System.Text;
using System.Text.Json.Nodes;

namespace Camelid.ModelRuntime.Tests.Importing.HuggingFace;

/// <summary>More than 200 spoilt folders: each is refused by the name of what is wrong, and nothing is left.</summary>
public sealed class MalformedFolderTests
{
    private const string Config = "config.json", Weights = "model.safetensors", Tokenizer = "tokenizer.json";
    private const string TokenizerConfig = "tokenizer_config.json", Index = "model.safetensors.index.json";
    private const string Query = "model.layers.0.self_attn.q_proj.weight";
    private const string Shard1 = "model-00001-of-00002.safetensors", Shard2 = "model-00002-of-00002.safetensors";

    private static readonly RandomModel Model = new(RandomModel.Llama, 11);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_folder_that_is_spoilt_below_is_sound()
    {
        Mutation nothing = new("nothing", _ => { }, MayPass: true);
        Assert.Empty(await MalformedModels.RunAsync([nothing], Write, "", Cancellation));
        Assert.Empty(await MalformedModels.RunAsync([nothing], WriteShards, "", Cancellation));
    }

    [Fact]
    public async Task Spoilt_configurations_are_refused() => await AssertRefusedAsync(
        [
            .. new[]
            {
                "", " ", "{", "[]", "null", "3", "{}", "{\"a\":1,\"a\":1}", "\u00ff\u00fe", "{\"architectures\":3}",
                "{\"architectures\":[3]}", "{\"architectures\":[\"\\ud800\"]}", new string('[', 100_000),
                "{\"a\":" + new string('{', 70), new string(' ', (4 << 20) + 1),
            }.Select((text, i) => Whole(Config, text, $"{Config} of kind {i}")),
            .. new (string Field, string Value)[]
            {
                ("hidden_size", "0"), ("hidden_size", "-32"), ("hidden_size", "32.5"), ("hidden_size", "\"32\""),
                ("hidden_size", "1e400"), ("hidden_size", "99999999999"), ("hidden_size", "null"),
                ("hidden_size", "[]"), ("hidden_size", "2147483647"), ("num_hidden_layers", "0"),
                ("num_hidden_layers", "513"), ("num_hidden_layers", "2147483647"), ("num_hidden_layers", "-1"),
                ("num_attention_heads", "0"), ("num_attention_heads", "2147483647"), ("num_key_value_heads", "0"),
                ("num_key_value_heads", "3"), ("head_dim", "7"), ("head_dim", "0"), ("head_dim", "2147483647"),
                ("intermediate_size", "0"), ("intermediate_size", "true"), ("vocab_size", "-1"),
                ("vocab_size", "2147483647"), ("max_position_embeddings", "0"), ("max_position_embeddings", "-9"),
                ("max_position_embeddings", "{}"), ("rms_norm_eps", "0"), ("rms_norm_eps", "-1"),
                ("rms_norm_eps", "\"x\""), ("rms_norm_eps", "1e400"), ("rope_theta", "0"), ("rope_theta", "1e39"),
                ("rope_scaling", "3"), ("rope_scaling", "{\"type\":\"dynamic\",\"factor\":2}"),
                ("rope_scaling", "{\"type\":\"linear\",\"factor\":0}"), ("tie_word_embeddings", "1"),
                ("attention_bias", "\"no\""), ("hidden_act", "\"gelu\""), ("hidden_act", "7"),
                ("quantization_config", "{}"), ("quantization_config", "5"), ("eos_token_id", "260"),
                ("eos_token_id", "-1"), ("eos_token_id", "[0,\"x\"]"), ("eos_token_id", "{}"),
                ("architectures", "[\"GPT2LMHeadModel\"]"), ("architectures", "[\"\\u001b[31m\"]"),
            }.Select(change => Field(change.Field, change.Value)),
        ],
        Config);

    [Fact]
    public async Task Configurations_of_another_model_are_refused_by_the_tensor_that_does_not_fit() =>
        await AssertRefusedAsync(
            [
                Field("hidden_size", "48"), Field("vocab_size", "300"), Field("vocab_size", "4194304"),
                Field("num_hidden_layers", "3"), Field("num_hidden_layers", "512"), Field("intermediate_size", "41"),
                Field("head_dim", "8"), Field("num_key_value_heads", "2"), Field("tie_word_embeddings", "false"),
                Field("attention_bias", "true"), Field("architectures", "[\"Qwen2ForCausalLM\"]"),
                Field("architectures", "[\"Qwen3ForCausalLM\"]"), Field("num_hidden_layers", "1"),
            ],
            "model.safetensors: tensor ");

    [Fact]
    public async Task Spoilt_weights_are_refused() => await AssertRefusedAsync(
        [
            Length(ulong.MaxValue), Length(long.MaxValue), Length(100_000_001), Length(100_000_000), Length(0),
            Length(1), Whole(Weights, ""), Whole(Weights, "1234567"), Whole(Weights, "\u0000\u0000\u0000\u0000\u0000"),
            Header("{\"__metadata__\"", "[\"__metadata__\""), Header("{\"format\"", "{{\"format\""),
            Header("\"F32\"", "\"F33\""), Header("\"F32\"", "7"), Header("\"dtype\"", "\"kind\""),
            Header("\"shape\"", "\"form\""), Header("\"data_offsets\"", "\"offsets\""),
            Header("\"shape\":[260,32]", "\"shape\":[260,33]"), Header("\"shape\":[260,32]", "\"shape\":[32,260]"),
            Header("\"shape\":[260,32]", "\"shape\":8320"), Header("\"shape\":[260,32]", "\"shape\":[-260,-32]"),
            Header("\"shape\":[260,32]", "\"shape\":[260.0,32]"), Header("\"shape\":[260,32]", "\"shape\":[8320]"),
            Header("\"shape\":[260,32]", "\"shape\":[1,1,1,1,1,1,1,260,32]"),
            Header("\"shape\":[260,32]", "\"shape\":[4611686018427387904,4611686018427387904,4]"),
            Header("\"data_offsets\":[0,", "\"data_offsets\":[4,"),
            Header("\"data_offsets\":[0,", "\"data_offsets\":[-4,"),
            Header("\"data_offsets\":[0,", "\"data_offsets\":[0,0,"),
            Header("\"data_offsets\":[0,33280]", "\"data_offsets\":[33280,0]"),
            Header("\"data_offsets\":[0,33280]", "\"data_offsets\":[0,9223372036854775807]"),
            Header("\"data_offsets\":[0,33280]", "\"data_offsets\":[99999999,100032279]"),
            Header("\"data_offsets\":[0,33280]", "\"data_offsets\":{}"), Header("[0,33280]", "[128,33408]"),
            Header(Query, "model.layers.1.self_attn.q_proj.weight"), Header(Query, "model.layers.0.q_proj.weight"),
            Header(Query, "\\ud800"), Header(Query, "\\u001b[2J"), Header(Query, "../../etc/passwd"),
            Header("\"model.norm.weight\":{", "\"model.norm.weight\":[{"), Header("\"model.norm", "\"lm_head.extra"),
            new Mutation("bytes behind the last tensor", path => ByteMutations.Change(
                path, Weights, bytes => [.. bytes, 0, 0, 0, 0]), Weights),
            new Mutation("a tensor that nothing explains", path => Rewrite(path, (header, data) =>
            {
                header["model.layers.0.self_attn.q_proj.bias"] = new JsonObject
                {
                    ["dtype"] = "F32", ["shape"] = new JsonArray(1), ["data_offsets"] = new JsonArray(
                        data.Length, data.Length + 4),
                };
                return [.. data, 0, 0, 0, 0];
            }), "q_proj.bias"),
            new Mutation("whole numbers as weights", path => Rewrite(path, (header, data) =>
            {
                header[Query]!["dtype"] = "I32";
                return data;
            }), Query),
            .. new[] { "model.norm.weight", Query, "model.layers.1.mlp.down_proj.weight" }.Select(name =>
                new Mutation($"without {name}", path => Directory.GetFiles(path, Weights).ToList().ForEach(file =>
                    File.WriteAllBytes(file, HuggingFaceFolder.Safetensors(
                        Model, [.. Model.Tensors.Keys.Where(key => key != name)], "F32"))), name)),
        ],
        Weights);

    [Fact]
    public async Task Spoilt_tokenizers_are_refused() => await AssertRefusedAsync(
        [
            Gone(Tokenizer), Gone(TokenizerConfig), Whole(Tokenizer, "{}"), Whole(Tokenizer, "[]"),
            Whole(Tokenizer, "{\"model\":{}}"), Whole(Tokenizer, "{\"model\":{\"vocab\":[]}}"),
            Whole(Tokenizer, "{\"model\":{\"vocab\":{}}}"), Whole(Tokenizer, "{\"model\":null}"),
            Whole(Tokenizer, new string('[', 5000)), Whole(Tokenizer, "{\"a\":" + new string('[', 90)),
            ByteMutations.Replace(Tokenizer, "\"BPE\"", "\"Unigram\""),
            ByteMutations.Replace(Tokenizer, "\"BPE\"", "\"WordPiece\""),
            ByteMutations.Replace(Tokenizer, "\"BPE\"", "3"), ByteMutations.Replace(Tokenizer, "\"!\":37", "\"!\":260"),
            ByteMutations.Replace(Tokenizer, "\"!\":37", "\"!\":-1"),
            ByteMutations.Replace(Tokenizer, "\"!\":37", "\"!\":38"),
            ByteMutations.Replace(Tokenizer, "\"!\":37", "\"!\":37.5"),
            ByteMutations.Replace(Tokenizer, "\"!\":37", "\"!\":\"37\""),
            ByteMutations.Replace(Tokenizer, "\"!\":37", "\"!\":37,\"!\":37"),
            ByteMutations.Replace(Tokenizer, "{\"id\":0,", "{\"id\":260,"),
            ByteMutations.Replace(Tokenizer, "{\"id\":0,", "{\"id\":1,"),
            ByteMutations.Replace(Tokenizer, "{\"id\":0,", "{"),
            ByteMutations.Replace(Tokenizer, "\"content\":\"<|end|>\"", "\"content\":\"\""),
            ByteMutations.Replace(Tokenizer, "\"content\":\"<|end|>\"", "\"content\":7"),
            ByteMutations.Replace(Tokenizer, "\"added_tokens\":[", "\"added_tokens\":[7,"),
            Whole(TokenizerConfig, "[]"), Whole(TokenizerConfig, "{\"eos_token\":\"<nothing>\"}"),
            Whole(TokenizerConfig, "{\"eos_token\":7}"), Whole(TokenizerConfig, "{\"add_bos_token\":\"yes\"}"),
            Whole(TokenizerConfig, "{\"add_bos_token\":true,\"bos_token\":{\"content\":\"<s>\"}}"),
            Whole("generation_config.json", "{\"eos_token_id\":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}"),
            Whole("generation_config.json", "{"), Whole("special_tokens_map.json", new string(' ', (4 << 20) + 1)),
        ]);

    [Fact]
    public async Task Links_and_missing_files_are_refused() => await AssertRefusedAsync(
        [
            Gone(Config), Gone(Weights), Link(Weights, "nowhere"), Link(Weights, Weights), Link(Weights, "."),
            Link(Weights, "/dev/zero"), Link(Config, "nowhere"), Link(Config, Config), Link(Tokenizer, Tokenizer),
            Link(Tokenizer, "/dev/null"), Link(TokenizerConfig, ".."), Link(Weights, "config.json"),
            new Mutation("only weights that hold programs", path => File.Move(
                Path.Combine(path, Weights), Path.Combine(path, "pytorch_model.bin")), "pytorch_model.bin"),
            new Mutation("two files without an index", path =>
            {
                File.Copy(Path.Combine(path, Weights), Path.Combine(path, "a.safetensors"));
                File.Move(Path.Combine(path, Weights), Path.Combine(path, "b.safetensors"));
            }, Index),
        ]);

    [Fact]
    public async Task Spoilt_indices_of_shards_are_refused() => Assert.NotEmpty(await MalformedModels.RunAsync(
        [
            Whole(Index, "{}"), Whole(Index, "{\"weight_map\":[]}"), Whole(Index, "{\"weight_map\":{}}"),
            Whole(Index, "{\"weight_map\":{\"a\":7}}"), Whole(Index, "{\"weight_map\":{\"a\":null}}"),
            .. new[]
            {
                "../model.safetensors", "/etc/passwd", ".hidden", "a/b", "a\\\\b", "", "..", "nowhere.safetensors",
                "config.json", "\\u0000", new string('a', 300), Shard2,
            }.Select((name, i) => new Mutation($"{Index} names file {i}", path => ByteMutations.Change(
                path, Index, bytes => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes)
                    .Replace("\"model.norm.weight\":\"" + ShardOf("model.norm.weight"),
                        "\"model.norm.weight\":\"" + (name == Shard2 ? OtherShard("model.norm.weight") : name),
                        StringComparison.Ordinal))))),
            new Mutation("too many shards", path => ByteMutations.Change(path, Index, _ => Encoding.UTF8.GetBytes(
                "{\"weight_map\":{" + string.Join(',', Enumerable.Range(0, 1025).Select(i => $"\"{i}\":\"{i}\""))
                + "}}")), Index),
            new Mutation("a tensor in two shards", path => File.Copy(
                Path.Combine(path, Shard1), Path.Combine(path, Shard2), overwrite: true), Shard2),
            Gone(Shard2), .. ByteMutations.Cuts(Shard2, 8, 900), .. ByteMutations.Flips(Index, 4000, 12, 800),
        ],
        WriteShards, "", Cancellation));

    [Fact]
    public async Task Files_cut_or_changed_by_chance_are_refused_or_imported_whole()
    {
        IReadOnlyList<string> refusals = await MalformedModels.RunAsync(
            [
                .. ByteMutations.Cuts(Weights, 20, 100), .. ByteMutations.Cuts(Config, 8, 200),
                .. ByteMutations.Cuts(Tokenizer, 8, 300), .. ByteMutations.Flips(Weights, 2400, 40, 400),
                .. ByteMutations.Flips(Config, 500, 15, 500), .. ByteMutations.Flips(Tokenizer, 4000, 15, 600),
                .. ByteMutations.Flips(Weights, 8, 10, 700),
            ],
            Write, "", Cancellation);
        Assert.True(refusals.Count >= 80, $"only {refusals.Count} refusals");
    }

    private static void Write(string folder) => HuggingFaceFolder.Write(Model, folder);

    private static void WriteShards(string folder) => HuggingFaceFolder.Write(Model, folder, "BF16", shards: 2);

    private static async Task AssertRefusedAsync(Mutation[] mutations, string named = "") =>
        Assert.Equal(mutations.Length, (await MalformedModels.RunAsync(
            mutations.Select(mutation => mutation.File.Length == 0 || named.Contains("tensor", StringComparison.Ordinal)
                ? mutation with { File = named } : mutation),
            Write, "", Cancellation)).Count);

    private static Mutation Whole(string file, string content, string? name = null) => new(
        name ?? $"{file} is {content[..Math.Min(40, content.Length)]}",
        path => File.WriteAllBytes(Path.Combine(path, file), Encoding.Latin1.GetBytes(content)), file);

    private static Mutation Gone(string file) => new(
        $"without {file}", path => File.Delete(Path.Combine(path, file)), file);

    private static Mutation Link(string file, string target) => new(
        $"{file} links to {target}",
        path =>
        {
            File.Delete(Path.Combine(path, file));
            File.CreateSymbolicLink(Path.Combine(path, file), target);
        },
        file);

    private static Mutation Field(string field, string value) => new(
        $"{field} = {value}",
        path => ByteMutations.Change(path, Config, bytes =>
        {
            JsonObject config = JsonNode.Parse(bytes)!.AsObject();
            config[field] = "MARK";
            return Encoding.UTF8.GetBytes(config.ToJsonString().Replace(
                "\"MARK\"", value, StringComparison.Ordinal));
        }));

    private static Mutation Length(ulong length) => new(
        $"a header of {length}",
        path => ByteMutations.Change(path, Weights, bytes => [.. BitConverter.GetBytes(length), .. bytes[8..]]),
        Weights);

    private static Mutation Header(string old, string changed) => new(
        $"header: {old} → {changed}",
        path => ByteMutations.Change(path, Weights, bytes =>
        {
            int length = (int)BitConverter.ToUInt64(bytes);
            string header = Encoding.UTF8.GetString(bytes, 8, length);
            Assert.Contains(old, header, StringComparison.Ordinal);
            int at = header.IndexOf(old, StringComparison.Ordinal);
            return HuggingFaceFolder.Compose(
                header[..at] + changed + header[(at + old.Length)..], bytes[(8 + length)..]);
        }),
        Weights);

    private static void Rewrite(string path, Func<JsonObject, byte[], byte[]> change) =>
        ByteMutations.Change(path, Weights, bytes =>
        {
            int length = (int)BitConverter.ToUInt64(bytes);
            JsonObject header = JsonNode.Parse(bytes.AsSpan(8, length))!.AsObject();
            byte[] data = change(header, bytes[(8 + length)..]);
            return HuggingFaceFolder.Compose(header.ToJsonString(), data);
        });

    private static string ShardOf(string tensor) =>
        Model.Tensors.Keys.ToList().IndexOf(tensor) % 2 == 0 ? Shard1 : Shard2;

    private static string OtherShard(string tensor) => ShardOf(tensor) == Shard1 ? Shard2 : Shard1;
}
