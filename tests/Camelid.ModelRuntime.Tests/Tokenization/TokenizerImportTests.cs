using System.Text;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;
using Camelid.TestKit;

namespace Camelid.ModelRuntime.Tests.Tokenization;

/// <summary>What a manifest takes from a model's tokenizer files.</summary>
public sealed class TokenizerImportTests
{
    private const string Cutting = """{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}""";

    private const string Template = "{% for m in messages %}{{ m.content }}<|im_end|>{% endfor %}";

    [Fact]
    public void Stories260k_has_a_begin_token_and_three_special_ones()
    {
        string folder = SharedFiles.SkipUnless("models", "stories260k", "hf");
        Dictionary<string, byte[]> files = Directory.GetFiles(folder, "*.json")
            .ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes);
        ImportedTokenizer imported = TokenizerImport.Read(files, 512);
        Assert.Equal(1u, imported.BeginToken);
        Assert.Equal([1u, 2u], imported.EndTokens);
        Assert.Equal(["<unk>", "<s>", "</s>"], imported.SpecialTokens.Select(token => token.Text));
        Assert.Null(imported.Chat);
    }

    [Theory]
    [InlineData("generation_config.json", """{"eos_token_id":[5,6]}""", new uint[] { 5, 6 })]
    [InlineData("generation_config.json", """{"eos_token_id":7}""", new uint[] { 7 })]
    [InlineData("generation_config.json", """{"eos_token_id":null}""", new uint[0])]
    [InlineData("config.json", """{"eos_token_id":8}""", new uint[] { 8 })]
    [InlineData("tokenizer_config.json", """{"eos_token":"<|end|>"}""", new uint[] { 0 })]
    [InlineData("tokenizer_config.json", """{"eos_token":{"content":"<|user|>"}}""", new uint[] { 1 })]
    [InlineData("tokenizer_config.json", """{"eos_token":null,"bos_token":"<|user|>"}""", new uint[0])]
    [InlineData("tokenizer_config.json", """{"add_bos_token":true,"bos_token":"<|user|>"}""", new uint[] { 1 })]
    [InlineData("chat_template.jinja", Template, new uint[] { 1024 })]
    public void End_tokens_come_from_every_file(string name, string content, uint[] expected)
    {
        Dictionary<string, byte[]> files = Files();
        files[name] = Encoding.UTF8.GetBytes(content);
        Assert.Equal(expected, TokenizerImport.Read(files, TokenizerFiles.RoomForMore).EndTokens);
    }

    [Theory]
    [InlineData("""{"chat_template":"T"}""")]
    [InlineData("""{"chat_template":[{"name":"tool_use","template":"{{ no }}"},{"name":"default","template":"T"}]}""")]
    [InlineData("""{"chat_template":[{"name":"other","template":"T"}]}""")]
    public void A_template_is_found_where_files_keep_it(string config)
    {
        Dictionary<string, byte[]> files = Files();
        files["tokenizer_config.json"] = Encoding.UTF8.GetBytes(
            config.Replace("T\"", Template + "\"", StringComparison.Ordinal));
        Assert.NotNull(TokenizerImport.Read(files, TokenizerFiles.RoomForMore).Chat);
    }

    [Theory]
    [InlineData("generation_config.json", """{"eos_token_id":100000}""", "eos_token_id")]
    [InlineData("generation_config.json", """{"eos_token_id":"x"}""", "eos_token_id")]
    [InlineData("generation_config.json", "{", "generation_config.json is not JSON")]
    [InlineData("tokenizer_config.json", """{"add_bos_token":true,"bos_token":"<none>"}""", "'<none>'")]
    [InlineData("tokenizer.json", "", "tokenizer.json is not a vocabulary")]
    public void A_damaged_file_is_named(string name, string content, string reason)
    {
        Dictionary<string, byte[]> files = Files();
        files[name] = Encoding.UTF8.GetBytes(content);
        ModelPackageException refusal = Assert.Throws<ModelPackageException>(
            () => TokenizerImport.Read(files, TokenizerFiles.RoomForMore));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_vocabulary_is_said_so()
    {
        ModelPackageException refusal = Assert.Throws<ModelPackageException>(
            () => TokenizerImport.Read(new Dictionary<string, byte[]>(), 10));
        Assert.Contains("tokenizer.json is missing", refusal.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, byte[]> Files() => new()
    {
        ["tokenizer.json"] = TokenizerFiles.ByteLevel(null, Cutting, "<|im_end|>"),
    };
}
