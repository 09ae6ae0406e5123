using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Training;

namespace Camelid.ModelRuntime.Tests.Training;

/// <summary>A LoRA from a file of examples to a package of its own.</summary>
public sealed class LoraTrainerTests(ModelFixture fixture) : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-lora-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ModelPackage Base => fixture.Model.Package;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_lora_learns_its_examples_becomes_a_package_and_can_be_replayed()
    {
        string data = Write("data.jsonl", string.Concat(Enumerable.Repeat(
            """
            {"messages":[{"role":"user","content":"Who are you?"},{"role":"assistant","content":"I am a lion."}]}
            {"prompt":"The camel","completion":" is a lion."}
            {"text":"A lion is a lion."}

            """, 3)));
        LoraTrainingOptions options = Options(data) with { Steps = 16, Rate = 1e-2f };
        Curve curve = new();
        await LoraTrainer.TrainAsync(Base, options, curve, Cancellation);
        ModelPackage merged = await ModelPackage.OpenAsync(options.OutputFolder, Cancellation);
        Assert.Equal("lion", merged.Name);
        Assert.Equal(Base.Root.ToString(), merged.Manifest.ParentRoot);
        Assert.NotEqual(Base.Root, merged.Root);
        TrainingVerifier verifier = TrainingVerifier.OpenLora(options.OutputFolder, Base, data);
        Assert.Equal(16, verifier.Steps);
        Assert.Null(await verifier.CheckAsync(11, Cancellation));
        List<TrainingStep> chain = TrainingChain.Read(new TrainingFolder(options.OutputFolder).ChainPath);
        Assert.True(chain[16].LossValue < 0.5f * chain[1].LossValue, $"{chain[1].LossValue}, {chain[16].LossValue}");
        Assert.Equal(16, curve.Last.Step);
    }

    [Fact]
    [Trait("Rule", "T-02")]
    public async Task A_lora_that_learnt_something_else_is_found_at_the_start()
    {
        string data = Write("data.txt", "A lion.\n\nA bear.");
        LoraTrainingOptions options = Options(data) with { Steps = 2 };
        await LoraTrainer.TrainAsync(Base, options, null, Cancellation);
        string other = Write("other.txt", "A lion.\n\nA fox.");
        TrainingFault? fault =
            await TrainingVerifier.OpenLora(options.OutputFolder, Base, other).CheckAsync(1, Cancellation);
        Assert.Equal(0, fault?.Step);
        Assert.Throws<ModelPackageException>(() => TrainingVerifier.OpenNano(options.OutputFolder));
    }

    [Theory]
    [InlineData("x.jsonl", "{}", "line 1")]
    [InlineData("x.jsonl", "{\"text\":\"a\"}\nnothing", "line 2")]
    [InlineData("x.jsonl", "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}", "line 1")]
    [InlineData("x.jsonl", "{\"messages\":[{\"role\":\"judge\",\"content\":\"a\"},"
        + "{\"role\":\"assistant\",\"content\":\"a\"}]}", "judge")]
    [InlineData("x.jsonl", "null", "line 1")]
    [InlineData("x.txt", "\n\n \n\n", "no text")]
    public async Task A_file_that_cannot_be_learnt_says_where(string name, string content, string expected)
    {
        LoraTrainingOptions options = Options(Write(name, content));
        ModelPackageException fault = await Assert.ThrowsAsync<ModelPackageException>(
            () => LoraTrainer.TrainAsync(Base, options, null, Cancellation));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(options.OutputFolder));
    }

    [Fact]
    public async Task Options_out_of_range_are_refused_before_anything_is_written()
    {
        LoraTrainingOptions options = Options(Write("x.txt", "a"));
        foreach (LoraTrainingOptions bad in new[]
        {
            options with { Rank = 0 }, options with { Rank = 257 }, options with { Alpha = 0 },
            options with { Rate = float.NaN }, options with { Steps = 0 }, options with { Windows = 0 },
            options with { WindowTokens = 1 }, options with { OutputFolder = Base.Folder },
            options with { DataFile = Path.Combine(folder, "none.txt") },
        })
        {
            await Assert.ThrowsAsync<ModelPackageException>(
                () => LoraTrainer.TrainAsync(Base, bad, null, Cancellation));
        }

        Assert.False(Directory.Exists(options.OutputFolder));
    }

    private LoraTrainingOptions Options(string data) => new()
    {
        DataFile = data, OutputFolder = Path.Combine(folder, "out"), Name = "lion", Rank = 4, Alpha = 8, Windows = 2,
        WindowTokens = 32, StateSteps = 5,
    };

    private string Write(string name, string content)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    private sealed class Curve : IProgress<TrainingProgress>
    {
        internal TrainingProgress Last { get; private set; }

        public void Report(TrainingProgress value) => Last = value;
    }
}
