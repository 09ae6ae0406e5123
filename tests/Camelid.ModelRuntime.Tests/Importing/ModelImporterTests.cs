using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tests.Importing.HuggingFace;

namespace Camelid.ModelRuntime.Tests.Importing;

/// <summary>Interruption, two imports at once, a full disk, and what is left behind.</summary>
public sealed class ModelImporterTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-import-").FullName;

    public ModelImporterTests() => HuggingFaceFolder.Write(new RandomModel(RandomModel.Llama, 1), Source);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Source => Path.Combine(folder, "tiny");

    private string Models => Path.Combine(folder, "models");

    private ModelImportOptions Options => new() { SourcePath = Source, ModelsFolder = Models };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_package_lies_under_its_root_and_nothing_else_is_left()
    {
        ModelPackage package = await ImportedPackage.ImportAsync(Options, Cancellation);
        Assert.Equal("tiny", package.Name);
        Assert.Equal("fp32", package.Manifest.Precision);
        Assert.Equal(Path.Combine(Models, package.Root.ToString()), package.Folder);
        Assert.Equal([package.Folder], Directory.EnumerateFileSystemEntries(Models));
        Assert.Equal(
            ["manifest.json", "model.bin", "model.onnx", "tokenizer.json", "tokenizer_config.json"],
            Directory.EnumerateFiles(package.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_same_model_elsewhere_and_later_has_the_same_root()
    {
        ModelPackage first = await ImportedPackage.ImportAsync(Options, Cancellation);
        string copy = Path.Combine(folder, "elsewhere", "tiny");
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.EnumerateFiles(Source))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            File.SetLastWriteTimeUtc(Path.Combine(copy, Path.GetFileName(file)), DateTime.UnixEpoch);
        }

        ModelPackage second = await ImportedPackage.ImportAsync(
            Options with { SourcePath = copy, ModelsFolder = Path.Combine(folder, "others") }, Cancellation);
        ModelPackage again = await ImportedPackage.ImportAsync(Options, Cancellation);
        ModelPackage renamed = await ImportedPackage.ImportAsync(Options with { Name = "another" }, Cancellation);
        Assert.Equal((first.Root, first.Root), (second.Root, again.Root));
        Assert.NotEqual(first.Root, renamed.Root);
    }

    [Fact]
    public async Task An_interrupted_import_goes_on_where_it_stopped_and_gives_the_same_package()
    {
        ModelPackage whole = await ImportedPackage.ImportAsync(
            Options with { ModelsFolder = Path.Combine(folder, "others") }, Cancellation);
        await InterruptAsync();
        Assert.Equal(["tiny.partial"], Directory.EnumerateDirectories(Models).Select(Path.GetFileName));

        Steps steps = new();
        ModelPackage package = await ModelImporter.ImportAsync(
            Options, new ImportLimits(), steps, Cancellation);
        Assert.Equal(whole.Root, package.Root);
        Assert.Contains("layer.0.qkv", steps.TakenOver);
        Assert.Equal([package.Folder], Directory.EnumerateFileSystemEntries(Models));
    }

    [Theory]
    [InlineData("model.bin")]
    [InlineData("import.state")]
    public async Task What_an_interrupted_import_left_is_not_believed_unseen(string file)
    {
        ModelPackage whole = await ImportedPackage.ImportAsync(
            Options with { ModelsFolder = Path.Combine(folder, "others") }, Cancellation);
        await InterruptAsync();
        string path = Path.Combine(Models, "tiny.partial", file);
        byte[] bytes = await File.ReadAllBytesAsync(path, Cancellation);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Cancellation);
        Assert.Equal(whole.Root, (await ImportedPackage.ImportAsync(Options, Cancellation)).Root);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_changed_source_or_precision_starts_anew(bool isSourceChanged)
    {
        await InterruptAsync();
        if (isSourceChanged)
        {
            HuggingFaceFolder.Write(new RandomModel(RandomModel.Llama, 2), Source);
            File.SetLastWriteTimeUtc(Path.Combine(Source, "model.safetensors"), DateTime.UnixEpoch);
        }

        Steps steps = new();
        ModelImportOptions options = Options with { Precision = isSourceChanged ? "fp32" : "fp16" };
        ModelPackage package = await ModelImporter.ImportAsync(options, new ImportLimits(), steps, Cancellation);
        Assert.Empty(steps.TakenOver);
        Assert.Equal(options.Precision, package.Manifest.Precision);
    }

    [Fact]
    public async Task Two_imports_of_one_name_do_not_run_at_once()
    {
        Directory.CreateDirectory(Models);
        using FileStream other = new(
            Path.Combine(Models, "tiny.lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        await AssertRefusedAsync(Options, "another import of tiny is under way");
    }

    [Fact]
    public async Task A_disk_that_is_too_small_is_refused_with_both_numbers()
    {
        ModelImportException refusal = await Assert.ThrowsAsync<ModelImportException>(() =>
            ModelImporter.ImportAsync(
                Options, new ImportLimits { FreeBytes = _ => 1_000_000 }, null, Cancellation));
        Assert.Contains("not enough disk", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("1000000 are free", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Models));
    }

    [Theory]
    [InlineData("../tiny", null, "name '../tiny' is not allowed")]
    [InlineData(".tiny", null, "is not allowed")]
    [InlineData("a b", null, "is not allowed")]
    [InlineData(null, "int5", "precision 'int5' is unknown; known are fp32, fp16, int8, int4")]
    public async Task A_bad_name_or_precision_is_refused(string? name, string? precision, string reason) =>
        await AssertRefusedAsync(Options with { Name = name, Precision = precision }, reason);

    [Theory]
    [InlineData("nothing-here", "does not exist")]
    [InlineData("", "is no model that can be imported; it must be one of: a folder with a ready ONNX decoder")]
    public async Task A_path_without_a_model_is_refused_with_what_is_read(string path, string reason) =>
        await AssertRefusedAsync(Options with { SourcePath = Path.Combine(folder, path) }, reason);

    private static async Task AssertRefusedAsync(ModelImportOptions options, string reason)
    {
        ModelImportException refusal = await Assert.ThrowsAsync<ModelImportException>(() =>
            ImportedPackage.ImportAsync(options, Cancellation));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Stops in the second layer, as a key press would.</summary>
    private async Task InterruptAsync()
    {
        using CancellationTokenSource stop = new();
        Steps steps = new() { StopAt = "layer.1.gate", Stop = stop };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            ModelImporter.ImportAsync(Options, new ImportLimits(), steps, stop.Token));
    }

    /// <summary>Hears the progress on the importing thread.</summary>
    private sealed class Steps : IProgress<ModelImportProgress>
    {
        public string? StopAt { get; init; }

        public CancellationTokenSource? Stop { get; init; }

        /// <summary>Weights that were there already.</summary>
        public List<string> TakenOver { get; } = [];

        public void Report(ModelImportProgress value)
        {
            if (value.IsTakenOver)
            {
                TakenOver.Add(value.TensorName);
            }

            if (value.TensorName == StopAt)
            {
                Stop!.Cancel();
            }
        }
    }
}
