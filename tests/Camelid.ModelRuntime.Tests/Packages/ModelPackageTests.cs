using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tests.Packages;

public sealed class ModelPackageTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-package-").FullName;

    public ModelPackageTests()
    {
        foreach (string file in Directory.GetFiles(ModelPackage.EmbeddedFolder))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_embedded_model_opens_and_is_small()
    {
        ModelPackage package = await ModelPackage.OpenAsync(folder, Cancellation);
        Assert.Equal("camelid-nano", package.Name);
        Assert.Equal(512, package.Manifest.ContextTokensMax);
        Assert.True(Directory.GetFiles(folder).Sum(file => new FileInfo(file).Length) <= 12_000_000);
    }

    [Theory]
    [InlineData(100, 0)]
    [InlineData(1 << 20, 1)]
    [InlineData((2 << 20) + 5, 2)]
    public async Task A_changed_byte_is_refused_with_the_name_of_its_file_and_chunk(int offset, int chunk)
    {
        string path = Path.Combine(folder, "model.bin");
        byte[] bytes = await File.ReadAllBytesAsync(path, Cancellation);
        bytes[offset] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Cancellation);
        await AssertRefusedAsync($"model.bin is damaged: chunk {chunk} of 6");
    }

    [Fact]
    public async Task A_cut_file_is_refused_with_both_sizes()
    {
        string path = Path.Combine(folder, "tokenizer.json");
        await File.WriteAllTextAsync(path, "{}", Cancellation);
        await AssertRefusedAsync("tokenizer.json has 2 bytes");
    }

    [Fact]
    public async Task A_missing_file_is_named()
    {
        File.Delete(Path.Combine(folder, "model.onnx"));
        await AssertRefusedAsync("model.onnx is missing");
    }

    [Fact]
    public async Task A_folder_without_manifest_is_no_package()
    {
        File.Delete(Path.Combine(folder, ModelManifest.FileName));
        await AssertRefusedAsync("is not a model package");
    }

    [Theory]
    [InlineData("\"licence\":\"MIT\"", "\"licence\": \"MIT\"", "canonical")]
    [InlineData("camelid-model/1", "camelid-model/9", "camelid-model/9")]
    [InlineData("\"licence\":\"MIT\",", "", "is not a manifest")]
    [InlineData("\"licence\":\"MIT\"", "\"licence\":\"MIT\",\"extra\":1", "is not a manifest")]
    [InlineData("\"headSize\":32", "\"headSize\":33", "impossible sizes")]
    [InlineData("\"endTokens\":[0]", "\"endTokens\":[1024]", "beyond the vocabulary")]
    [InlineData("\"endTokens\":[0]", "\"endTokens\":[]", "end tokens")]
    [InlineData("\"path\":\"model.bin\"", "\"path\":\"../model.bin\"", "bad path")]
    [InlineData("\"answerPrefix\":[2]", "\"answerPrefix\":[9999]", "beyond the vocabulary")]
    [InlineData("\"endTokens\":[0]", "\"endTokens\":null", "is not a manifest")]
    [InlineData("\"files\":[", "\"files\":[null,", "lists a file")]
    [InlineData("\"precision\":\"fp32\"", "\"precision\":\"int3\"", "int3")]
    public async Task A_manifest_that_says_something_else_is_refused(string old, string changed, string reason)
    {
        string path = Path.Combine(folder, ModelManifest.FileName);
        string text = await File.ReadAllTextAsync(path, Cancellation);
        Assert.Contains(old, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, text.Replace(old, changed, StringComparison.Ordinal), Cancellation);
        await AssertRefusedAsync(reason);
    }

    [Fact]
    public async Task Another_manifest_is_another_model()
    {
        ModelPackage before = await ModelPackage.OpenAsync(folder, Cancellation);
        ModelManifest changed = before.Manifest with { Licence = "Apache-2.0" };
        await File.WriteAllBytesAsync(Path.Combine(folder, ModelManifest.FileName), changed.Encode(), Cancellation);
        ModelPackage after = await ModelPackage.OpenAsync(folder, Cancellation);
        Assert.NotEqual(before.Root, after.Root);
    }

    [Fact]
    public async Task Weights_that_do_not_fit_the_architecture_are_refused_at_loading()
    {
        ModelPackage package = await ModelPackage.OpenAsync(folder, Cancellation);
        ModelManifest changed = package.Manifest with
        {
            Architecture = package.Manifest.Architecture with { FeedForwardSize = 257, Heads = 6 },
        };
        await File.WriteAllBytesAsync(Path.Combine(folder, ModelManifest.FileName), changed.Encode(), Cancellation);
        ModelPackage other = await ModelPackage.OpenAsync(folder, Cancellation);
        await Assert.ThrowsAsync<ModelPackageException>(
            () => LanguageModel.LoadAsync(other, new LanguageModelOptions(), Cancellation));
    }

    private async Task AssertRefusedAsync(string reason)
    {
        ModelPackageException refusal = await Assert.ThrowsAsync<ModelPackageException>(
            () => ModelPackage.OpenAsync(folder, Cancellation));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }
}
