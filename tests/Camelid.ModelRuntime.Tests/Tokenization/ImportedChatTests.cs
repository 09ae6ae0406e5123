using System.Text;
using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tests.Importing;
using Camelid.ModelRuntime.Tests.Importing.HuggingFace;
using Camelid.ModelRuntime.Tokenization;

namespace Camelid.ModelRuntime.Tests.Tokenization;

/// <summary>An imported model takes its chat template, or its fault, along.</summary>
public sealed class ImportedChatTests : IDisposable
{
    private const string Template =
        "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] + '<|end|>' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-chat-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_template_of_the_folder_is_in_the_manifest()
    {
        ModelPackage package = await ImportAsync(Template);
        using ModelTokenizer tokenizer = ModelTokenizer.Open(package);
        Assert.Equal([1, .. tokenizer.Encode("Hi"), 0, 2], tokenizer.RenderChat([new ChatMessage("user", "Hi")]));
    }

    [Fact]
    public async Task A_template_that_does_not_render_stops_the_import_and_leaves_nothing()
    {
        ModelImportException refusal = await Assert.ThrowsAsync<ModelImportException>(
            () => ImportAsync("{{ foo(1) }}"));
        Assert.Contains("chat template does not render", refusal.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(folder, "models")));
    }

    private Task<ModelPackage> ImportAsync(string template)
    {
        string source = Path.Combine(folder, "source");
        HuggingFaceFolder.Write(new RandomModel(RandomModel.Llama, 7), source);
        File.WriteAllBytes(Path.Combine(source, "chat_template.jinja"), Encoding.UTF8.GetBytes(template));
        ModelImportOptions options = new() { SourcePath = source, ModelsFolder = Path.Combine(folder, "models") };
        return ModelImporter.ImportAsync(options, null, Cancellation);
    }
}
