using Camelid.ModelRuntime.Importing.Gguf;

namespace Camelid.ModelRuntime.Tests.Importing.Gguf;

/// <summary>Damaged GGUF files: each gives a clear error, no other exception, and nothing is left behind.</summary>
public sealed class MalformedGgufTests
{
    private const string FileName = "model.gguf";
    private const int Flips = 60, Cuts = 24;

    private static readonly byte[] Sound = TestGgufModel.Of().Build();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The negative control: undamaged, the file is imported.</summary>
    [Fact]
    public async Task The_file_that_is_spoilt_below_is_sound() =>
        Assert.Empty(await RunAsync([new Mutation("nothing", _ => { }, MayPass: true)]));

    /// <summary>Every tensor in turn is missing, misshapen, of an unknown type, or without all of its bytes.</summary>
    [Fact]
    public async Task A_fault_of_any_tensor_names_file_and_tensor()
    {
        int count = TestGgufModel.Of().Tensors.Count;
        Func<TestTensor, TestTensor?>[] faults =
        [
            _ => null,
            tensor => tensor with { Dimensions = [tensor.Dimensions[0] * 2, .. tensor.Dimensions[1..]] },
            tensor => tensor with { Dimensions = [.. tensor.Dimensions, 2] },
            tensor => tensor with { Type = 19 },
            tensor => tensor with { Offset = 1UL << 40 },
            tensor => tensor with { Name = tensor.Name + "x" },
        ];
        List<Mutation> mutations = [];
        for (int i = 0; i < count; i++)
        {
            foreach ((int fault, Func<TestTensor, TestTensor?> damage) in faults.Index())
            {
                GgufFileBuilder builder = TestGgufModel.Of();
                string name = builder.Tensors[i].Name;
                TestTensor? damaged = damage(builder.Tensors[i]);
                builder.Tensors.RemoveAt(i);
                if (damaged is not null)
                {
                    builder.Tensors.Insert(i, damaged);
                }

                mutations.Add(Written($"{fault} of {name}", builder));
            }
        }

        IReadOnlyList<string> refusals = await RunAsync(mutations);
        Assert.Equal(mutations.Count, refusals.Count);
        Assert.All(refusals, refusal =>
        {
            string[] parts = refusal.Split(": ", 2);
            string name = parts[0].Split(" of ")[1];
            Assert.True(parts[1].Contains($"tensor {name}", StringComparison.Ordinal)
                || parts[1].Contains($"overlaps tensor", StringComparison.Ordinal), refusal);
        });
    }

    /// <summary>Every needed key in turn is missing, of another type, absurd, or doubled.</summary>
    [Theory]
    [InlineData("general.architecture")]
    [InlineData("llama.context_length")]
    [InlineData("llama.embedding_length")]
    [InlineData("llama.block_count")]
    [InlineData("llama.feed_forward_length")]
    [InlineData("llama.attention.head_count")]
    [InlineData("llama.attention.layer_norm_rms_epsilon")]
    [InlineData("tokenizer.ggml.tokens")]
    [InlineData("tokenizer.ggml.model")]
    [InlineData("tokenizer.ggml.eos_token_id", false)]
    [InlineData("llama.attention.head_count_kv", false)]
    [InlineData("llama.rope.freq_base", false)]
    [InlineData("tokenizer.ggml.token_type", false)]
    [InlineData("tokenizer.ggml.bos_token_id", false)]
    [InlineData("tokenizer.ggml.add_bos_token", false)]
    public async Task A_fault_of_any_key_names_file_and_key(string key, bool needed = true)
    {
        GgufFileBuilder without() => TestGgufModel.Of().Without(key);
        List<Mutation> mutations =
        [
            Written("absurd", without().Raw(key, GgufValueType.Int64, BitConverter.GetBytes(long.MinValue))),
            Written("none", without().Number(key, float.NaN)),
            Written("a list", without().Raw(
                key, GgufValueType.Array, GgufFileBuilder.List(GgufValueType.Float64, 1, new byte[8]))),
            Written("doubled", TestGgufModel.Of().Raw(key, GgufValueType.UInt8, 1)),
        ];
        if (needed)
        {
            mutations.Add(Written("missing", without()));
        }

        IReadOnlyList<string> refusals = await RunAsync(mutations);
        Assert.Equal(mutations.Count, refusals.Count);
        Assert.All(refusals, refusal => Assert.Contains(key, refusal, StringComparison.Ordinal));
    }

    /// <summary>Vocabularies that do not hold together.</summary>
    [Fact]
    public async Task Spoilt_vocabularies_are_refused()
    {
        const string scores = "tokenizer.ggml.scores", model = "tokenizer.ggml.model";
        Mutation[] mutations =
        [
            Written("no scores", TestGgufModel.Of().Without(scores)),
            Written("one score", TestGgufModel.Of().Without(scores).Numbers(scores, [1])),
            Written("no such model", TestGgufModel.Of().Without(model).Text(model, "bert")),
            Written("a terminal's commands", TestGgufModel.Of().Without(model).Text(model, "\u001b[2J")),
            Written("no words", TestGgufModel.Of().Without(model).Text(model, "gpt2")
                .Text("tokenizer.ggml.pre", "no-such-words")),
            Written("a broken template", TestGgufModel.Of().Text("tokenizer.chat_template", "{% for %}")),
            Written("no type", TestGgufModel.Of().Without("tokenizer.ggml.token_type").Wholes(
                "tokenizer.ggml.token_type", [.. TestGgufModel.Tokens.Select(_ => 9)])),
        ];
        Assert.Equal(mutations.Length, (await RunAsync(mutations)).Count);
    }

    /// <summary>Cut anywhere, or no file at all.</summary>
    [Fact]
    public async Task Cut_and_strange_files_are_refused()
    {
        Mutation[] mutations =
        [
            .. ByteMutations.Cuts(FileName, Cuts, 100),
            new Mutation("a link to itself", path =>
            {
                File.Delete(path);
                File.CreateSymbolicLink(path, path);
            }),
        ];
        Assert.Equal(mutations.Length, (await RunAsync(mutations)).Count);
    }

    /// <summary>
    /// Bytes of the head are changed by chance: the file is refused, or imported whole (a changed letter of a token is
    /// no fault that a reader could see).
    /// </summary>
    [Fact]
    public async Task Heads_changed_by_chance_are_refused_or_imported_whole()
    {
        int head = (int)GgufHeader.Read(new MemoryStream(Sound), "").Tensors.Values.Min(tensor => tensor.Offset);
        IReadOnlyList<string> refusals = await RunAsync(
        [
            .. ByteMutations.Flips(FileName, head, Flips, 500), .. ByteMutations.Flips(FileName, 24, Flips / 4, 700),
        ]);
        Assert.True(refusals.Count >= Flips / 4, $"only {refusals.Count} refusals");
    }

    private static Task<IReadOnlyList<string>> RunAsync(IEnumerable<Mutation> mutations) =>
        MalformedModels.RunAsync(mutations, path => File.WriteAllBytes(path, Sound), FileName, Cancellation);

    private static Mutation Written(string name, GgufFileBuilder builder) =>
        new(name, path => File.WriteAllBytes(path, builder.Build()), FileName);
}
