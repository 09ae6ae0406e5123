using System.Text;
using System.Text.Json.Nodes;

namespace Camelid.ModelRuntime.Tests.Importing.OnnxFolder;

/// <summary>Spoilt folders with ONNX decoders: each is refused by name, and nothing is left.</summary>
public sealed class MalformedOnnxFolderTests
{
    private const string Config = "genai_config.json", Graph = "model.onnx", Weights = "model.onnx.data";

    private static readonly RandomModel Model = new(RandomModel.Llama, 12);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The negative control.</summary>
    [Fact]
    public async Task The_folder_that_is_spoilt_below_is_sound() => Assert.Empty(await MalformedModels.RunAsync(
        [new Mutation("nothing", _ => { }, MayPass: true)], Write, "", Cancellation));

    /// <summary>Fields of another type, absurd ones, and those of another model.</summary>
    [Fact]
    public async Task Spoilt_configurations_are_refused()
    {
        (string Field, string Value)[] changes =
        [
            ("hidden_size", "0"), ("hidden_size", "48"), ("hidden_size", "\"32\""), ("hidden_size", "2147483647"),
            ("num_hidden_layers", "1"), ("num_hidden_layers", "3"), ("num_hidden_layers", "513"),
            ("num_attention_heads", "4"), ("num_attention_heads", "-1"), ("num_key_value_heads", "2"),
            ("num_key_value_heads", "null"), ("head_size", "8"), ("head_size", "32"), ("head_size", "7"),
            ("filename", "\"../model.onnx\""), ("filename", "\"/etc/passwd\""), ("filename", "7"),
            ("filename", "\"\""), ("filename", "\"nowhere.onnx\""), ("filename", "\"genai_config.json\""),
            ("pipeline", "[]"), ("outputs", "{\"logits\":\"nothing\"}"), ("outputs", "{\"logits\":\"input_ids\"}"),
            ("vocab_size", "259"), ("vocab_size", "4194305"), ("eos_token_id", "260"), ("eos_token_id", "\"x\""),
            ("eos_token_id", "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]"), ("context_length", "0"), ("vision", "{}"),
        ];
        IEnumerable<Mutation> mutations = changes.Select(change => Field(change.Field, change.Value)).Concat(
            new[] { "", "{", "[]", "{}", "{\"model\":3}", "{\"model\":{}}", "{\"model\":{\"decoder\":[]}}" }
                .Select(text => Whole(Config, text)));
        await AssertRefusedAsync([.. mutations]);
    }

    /// <summary>Files that are missing, empty, links to themselves, or something else.</summary>
    [Fact]
    public async Task Missing_and_strange_files_are_refused() => await AssertRefusedAsync(
        [
            Gone(Graph), Gone(Weights), Gone("tokenizer.json"), Gone("tokenizer_config.json"), Whole(Graph, ""),
            Whole(Weights, ""), Whole(Graph, "no graph"), Whole(Graph, "\u0008\u000a"), Link(Graph), Link(Weights),
            Whole(Graph, new string('\n', 5000)), Whole(Graph, new string(':', 5000)),
        ]);

    /// <summary>Cut, or changed by chance.</summary>
    [Fact]
    public async Task Files_cut_or_changed_by_chance_are_refused_or_imported_whole()
    {
        await AssertRefusedAsync(
            [
                .. ByteMutations.Cuts(Graph, 15, 100), .. ByteMutations.Cuts(Weights, 10, 200),
                .. ByteMutations.Cuts(Config, 5, 300),
            ]);
        IReadOnlyList<string> refusals = await MalformedModels.RunAsync(
            ByteMutations.Flips(Graph, 9000, 40, 400), Write, "", Cancellation);
        Assert.True(refusals.Count >= 10, $"only {refusals.Count} refusals");
    }

    private static void Write(string folder) => OnnxFolderFiles.Write(folder, Model, new());

    private static async Task AssertRefusedAsync(Mutation[] mutations) => Assert.Equal(
        mutations.Length, (await MalformedModels.RunAsync(mutations, Write, "", Cancellation)).Count);

    private static Mutation Whole(string file, string content) => new(
        $"{file} is {content[..Math.Min(40, content.Length)]}",
        path => File.WriteAllBytes(Path.Combine(path, file), Encoding.Latin1.GetBytes(content)), file);

    private static Mutation Gone(string file) => new(
        $"without {file}", path => File.Delete(Path.Combine(path, file)), file);

    private static Mutation Link(string file) => new(
        $"{file} links to itself",
        path =>
        {
            File.Delete(Path.Combine(path, file));
            File.CreateSymbolicLink(Path.Combine(path, file), file);
        },
        file);

    /// <summary>Where the graph itself is at fault, it is named; the configuration is named beside it.</summary>
    private static Mutation Field(string field, string value) => new(
        $"{field} = {value}",
        path => ByteMutations.Change(path, Config, bytes =>
        {
            JsonObject config = JsonNode.Parse(bytes)!.AsObject();
            JsonObject model = config["model"]!.AsObject(), decoder = model["decoder"]!.AsObject();
            JsonObject target = model.ContainsKey(field) || field == "vision" ? model : decoder;
            target[field] = "MARK";
            return Encoding.UTF8.GetBytes(config.ToJsonString().Replace("\"MARK\"", value, StringComparison.Ordinal));
        }),
        field is "outputs" || value is "\"nowhere.onnx\"" ? ".onnx" : "genai_config.json");
}
