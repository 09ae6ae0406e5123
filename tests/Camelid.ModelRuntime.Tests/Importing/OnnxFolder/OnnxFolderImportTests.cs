using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tests.Importing.HuggingFace;

namespace Camelid.ModelRuntime.Tests.Importing.OnnxFolder;

/// <summary>A model gives the same package whether it comes as an ONNX decoder or as a Hugging Face folder.</summary>
public sealed class OnnxFolderImportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-onnx").FullName;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Roots are equal: every weight, table and file is.</summary>
    [Theory]
    [InlineData(Precision.Single, true)]
    [InlineData(Precision.Single, false)]
    [InlineData(Precision.Int8, true)]
    public async Task The_package_is_the_one_that_the_Hugging_Face_form_gives(string precision, bool packed)
    {
        RandomModel model = new(RandomModel.Llama with { HeadSize = 8, TiedEmbedding = false }, 3);
        HuggingFaceFolder.Write(model, Path.Combine(folder, "hf"));
        OnnxFolderFiles.Write(Path.Combine(folder, "onnx"), model, new() { IsPacked = packed });
        ModelPackage first = await ImportAsync("hf", precision), second = await ImportAsync("onnx", precision);
        Assert.Equal(first.Root, second.Root);
    }

    private async Task<ModelPackage> ImportAsync(string source, string precision) => await ImportedPackage.ImportAsync(
        new ModelImportOptions
        {
            SourcePath = Path.Combine(folder, source),
            ModelsFolder = Path.Combine(folder, "models-" + source),
            Precision = precision,
            Name = "m",
        },
        TestContext.Current.CancellationToken);
}
