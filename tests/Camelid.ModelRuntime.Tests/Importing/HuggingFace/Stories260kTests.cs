using System.Runtime.InteropServices;
using System.Text.Json;
using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Importing.HuggingFace;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tests.Engine;
using Camelid.TestKit;

namespace Camelid.ModelRuntime.Tests.Importing.HuggingFace;

/// <summary>A real model that nobody here trained, against its reference outputs.</summary>
public sealed class Stories260kTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-stories-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Its_configuration_and_tokens_are_read()
    {
        using HuggingFaceSource source = HuggingFaceSource.Open(SharedFiles.SkipUnless("models", "stories260k", "hf"));
        Assert.Equal(8, source.Model.Architecture.HeadSize);
        Assert.True(source.Model.Architecture.TiedEmbedding);

        // Its texts were packed with the begin token between them, so it ends an answer too.
        Assert.Equal([1u, 2u], source.Model.EndTokens);
        Assert.Equal(1u, source.Model.BeginToken);
        Assert.Equal(["<unk>", "<s>", "</s>"], source.Model.SpecialTokens.Select(token => token.Text));
    }

    [Fact]
    public async Task Its_numbers_are_in_the_package()
    {
        ImportedPackage package = new(await ImportAsync("fp32"));
        byte[] file = await File.ReadAllBytesAsync(
            SharedFiles.SkipUnless("models", "stories260k", "hf", "model.safetensors"), Cancellation);
        int header = (int)BitConverter.ToUInt64(file);
        using JsonDocument document = JsonDocument.Parse(file.AsMemory(8, header));
        ReadOnlyMemory<byte> data(string name)
        {
            JsonElement place = document.RootElement.GetProperty(name).GetProperty("data_offsets");
            return file.AsMemory(8 + header)[place[0].GetInt32()..place[1].GetInt32()];
        }

        Assert.Equal(data("model.embed_tokens.weight"), package.Bytes("embedding"));
        Assert.Equal(data("model.norm.weight"), package.Bytes("final_norm"));
        float[] down = MemoryMarshal.Cast<byte, float>(data("model.layers.3.mlp.down_proj.weight").Span).ToArray();
        float[] turned = package.Numbers("layer.3.down");
        Assert.All(Enumerable.Range(0, down.Length), i => Assert.Equal(down[i], turned[(i % 172 * 64) + (i / 172)]));
    }

    [Fact]
    public async Task Its_greedy_continuations_are_the_references_and_its_logits_within_a_ten_thousandth()
    {
        JsonElement reference = SharedFiles.Json("models", "stories260k", "hf", "reference.json");
        using ModelWeights weights = new(await ImportAsync("fp32"), ExecutionProvider.Cpu);
        using LoadedGraph graph = new(weights, slots: 1, threads: 1);
        using SlotSession session = new(graph);
        using KeyValueCache cache = session.CreateCache(512);
        foreach (JsonElement prompt in reference.GetProperty("prompts").EnumerateArray())
        {
            uint[] ids = Ids(prompt.GetProperty("prompt_ids"));
            uint[] continuation = Ids(prompt.GetProperty("continuation_ids"));
            session.Run([new SlotWork(cache, 0, ids, ids.Length - 1)]);
            float[] logits = session.Logits(0).ToArray();
            float[] expected = [.. prompt.GetProperty("last_prompt_logits").EnumerateArray()
                .Select(value => value.GetSingle())];
            Assert.Equal(expected.Length, logits.Length);
            Assert.All(Enumerable.Range(0, logits.Length), i => Assert.Equal(expected[i], logits[i], 1e-4f));
            for (int i = 0; i < continuation.Length; i++)
            {
                uint next = ArgMax(session.Logits(0));
                Assert.Equal(continuation[i], next);
                session.Run([new SlotWork(cache, ids.Length + i, new[] { next }, 0)]);
            }
        }
    }

    [Fact]
    public async Task It_answers_prompts_through_tokenizer_and_engine_with_the_references_text()
    {
        JsonElement reference = SharedFiles.Json("models", "stories260k", "hf", "reference.json");
        await using LanguageModel model = await LanguageModel.LoadAsync(
            await ImportAsync("fp32"), new LanguageModelOptions(), Cancellation);
        foreach (JsonElement prompt in reference.GetProperty("prompts").EnumerateArray())
        {
            uint[] ids = model.Tokenizer.EncodePrompt(prompt.GetProperty("prompt").GetString()!);
            Assert.Equal(Ids(prompt.GetProperty("prompt_ids")), ids);
            Generation answer = await Generations.RunAsync(model, new GenerationRequest
            {
                PromptTokens = ids, Sampling = Generations.Greedy, SeedKey = 1, MaxTokens = 64,
            });
            Assert.Equal(
                Ids(prompt.GetProperty("continuation_ids")), answer.Tokens.Select(token => token.TokenId));
            Assert.Equal(prompt.GetProperty("continuation_text").GetString(), answer.Text);
        }
    }

    [Theory]
    [InlineData("int8")]
    [InlineData("int4")]
    public async Task In_a_quantised_precision_it_still_tells_stories(string precision)
    {
        await using LanguageModel model = await LanguageModel.LoadAsync(
            await ImportAsync(precision), new LanguageModelOptions(), Cancellation);
        Generation answer = await Generations.RunAsync(model, new GenerationRequest
        {
            PromptTokens = model.Tokenizer.EncodePrompt("Once upon a time"),
            Sampling = Generations.Greedy,
            SeedKey = 1,
            MaxTokens = 16,
        });
        Assert.StartsWith(", there was a little", answer.Text, StringComparison.Ordinal);
    }

    private static uint[] Ids(JsonElement list) => [.. list.EnumerateArray().Select(id => id.GetUInt32())];

    private static uint ArgMax(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return (uint)best;
    }

    private Task<ModelPackage> ImportAsync(string precision) => ImportedPackage.ImportAsync(
        new ModelImportOptions
        {
            SourcePath = SharedFiles.SkipUnless("models", "stories260k", "hf"),
            ModelsFolder = folder,
            Precision = precision,
            Name = "stories260k",
        },
        Cancellation);
}
