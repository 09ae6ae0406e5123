using System.Text.Json;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Importing.Gguf;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;
using Camelid.TestKit;

namespace Camelid.ModelRuntime.Tests.Importing.Gguf;

/// <summary>A real model's GGUF files, imported and run, against their reference outputs.</summary>
public sealed class Stories260kGgufImportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-gguf").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>
    /// Logits at the last prompt position, then greedy tokens. Q8_0 is computed from dequantised weights, as its
    /// reference is.
    /// </summary>
    [Theory]
    [InlineData("F32", 1e-4f)]
    [InlineData("Q8_0", 1e-3f)]
    public async Task Continuations_are_the_references_and_logits_are_near(string form, float tolerance)
    {
        using ModelWeights weights = new(await ImportAsync(form, Precision.Single), ExecutionProvider.Cpu);
        using LoadedGraph graph = new(weights, slots: 1, threads: 1);
        using SlotSession session = new(graph);
        using KeyValueCache cache = session.CreateCache(512);
        foreach (JsonElement prompt in Prompts(form))
        {
            uint[] ids = Ids(prompt.GetProperty("prompt_ids"));
            session.Run([new SlotWork(cache, 0, ids, ids.Length - 1)]);
            float[] logits = session.Logits(0).ToArray();
            float[] expected = [.. prompt.GetProperty("last_prompt_logits").EnumerateArray()
                .Select(value => value.GetSingle())];
            Assert.Equal(expected.Length, logits.Length);
            Assert.All(logits.Index(), item => Assert.Equal(expected[item.Index], item.Item, tolerance));
            foreach ((int at, uint wanted) in Ids(prompt.GetProperty("continuation_ids")).Index())
            {
                float[] now = session.Logits(0).ToArray();
                uint next = (uint)Array.IndexOf(now, now.Max());
                Assert.Equal(wanted, next);
                session.Run([new SlotWork(cache, ids.Length + at, new[] { next }, 0)]);
            }
        }
    }

    /// <summary>
    /// Rows of q and k in the wrong order still begin plausibly; the comparison of logits above notices.
    /// </summary>
    [Fact]
    public async Task Query_and_key_rows_in_another_order_give_other_logits()
    {
        string path = SharedFiles.SkipUnless("models", "stories260k", "gguf", "stories260K-F32.gguf");
        byte[] bytes = await File.ReadAllBytesAsync(path, Cancellation);
        using (GgufModelSource source = GgufModelSource.Open(path))
        {
            foreach (string name in Enumerable.Range(0, source.Model.Architecture.Layers).SelectMany(layer => (string[])
                [$"model.layers.{layer}.self_attn.q_proj.weight", $"model.layers.{layer}.self_attn.k_proj.weight"]))
            {
                SourceTensor tensor = source.Find(name)!;
                float[] rows = new float[tensor.Rows * tensor.Columns];
                source.ReadRows(tensor, 0, (int)tensor.Rows, rows);
                Buffer.BlockCopy(rows, 0, bytes, (int)tensor.Offset, (int)tensor.Bytes);
            }
        }

        string spoilt = Path.Combine(folder, "half-split.gguf");
        await File.WriteAllBytesAsync(spoilt, bytes, Cancellation);
        ModelImportOptions options = new() { SourcePath = spoilt, ModelsFolder = Path.Combine(folder, "spoilt") };
        using ModelWeights weights = new(
            await ImportedPackage.ImportAsync(options, Cancellation), ExecutionProvider.Cpu);
        using LoadedGraph graph = new(weights, slots: 1, threads: 1);
        using SlotSession session = new(graph);
        using KeyValueCache cache = session.CreateCache(512);
        JsonElement prompt = Prompts("F32")[0];
        uint[] ids = Ids(prompt.GetProperty("prompt_ids"));
        session.Run([new SlotWork(cache, 0, ids, ids.Length - 1)]);
        float[] logits = session.Logits(0).ToArray();
        Assert.True(prompt.GetProperty("last_prompt_logits").EnumerateArray()
            .Zip(logits, (wanted, found) => Math.Abs(wanted.GetSingle() - found)).Max() > 0.1f);
    }

    /// <summary>The embedded vocabulary encodes as the reference's tokenizer does.</summary>
    [Fact]
    public async Task Prompts_encode_to_the_ids_of_the_reference()
    {
        ModelPackage package = await ImportAsync("Q8_0", Precision.Int8);
        using ModelTokenizer tokenizer = ModelTokenizer.Open(package);
        foreach (JsonElement prompt in Prompts("Q8_0"))
        {
            string text = prompt.GetProperty("prompt").GetString()!;
            Assert.Equal(Ids(prompt.GetProperty("prompt_ids")), tokenizer.EncodePrompt(text));
        }
    }

    /// <summary>Blocks of Q8_0 stand in an int8 package as they stand in the file.</summary>
    [Fact]
    public async Task An_int8_package_keeps_the_blocks_of_Q8_0()
    {
        ImportedPackage exact = new(await ImportAsync("Q8_0", Precision.Single));
        ImportedPackage blocks = new(await ImportAsync("Q8_0", Precision.Int8));
        foreach (string name in (string[])["layer.0.qkv", "layer.4.gate", "layer.2.up"])
        {
            float[] wanted = exact.Numbers(name);
            float[] found = blocks.Dequantised(name, 64);
            int outputs = found.Length / 64;
            Assert.All(found.Index(), item => Assert.Equal(
                wanted[item.Index % 64 * outputs + item.Index / 64], item.Item));
        }
    }

    private static JsonElement[] Prompts(string form) =>
        [.. SharedFiles.Json("models", "stories260k", "gguf", $"reference-{form}.json").GetProperty("prompts")
            .EnumerateArray()];

    private static uint[] Ids(JsonElement list) => [.. list.EnumerateArray().Select(id => id.GetUInt32())];

    private Task<ModelPackage> ImportAsync(string form, string precision) => ImportedPackage.ImportAsync(
        new ModelImportOptions
        {
            SourcePath = SharedFiles.SkipUnless("models", "stories260k", "gguf", $"stories260K-{form}.gguf"),
            ModelsFolder = Path.Combine(folder, precision),
            Precision = precision,
        },
        Cancellation);
}
