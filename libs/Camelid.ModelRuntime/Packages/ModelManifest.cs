using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Camelid.Protocol;
using Camelid.Protocol.Models;

namespace Camelid.ModelRuntime.Packages;

/// <summary>
/// What a model package says of itself: <c>manifest.json</c>, in one canonical form (this field order, no white
/// space, UTF-8), so that its bytes and therefore the model root have one value.
/// </summary>
public sealed record ModelManifest
{
    /// <summary>The only format of this version.</summary>
    public const string FormatName = "camelid-model/1";

    /// <summary>File name of the manifest.</summary>
    public const string FileName = "manifest.json";

    /// <summary>Most end tokens of a model.</summary>
    public const int EndTokensMax = 16;

    private static readonly JsonSerializerOptions Canonical = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Always <see cref="FormatName"/>.</summary>
    [JsonPropertyOrder(0)]
    public required string Format { get; init; }

    /// <summary>The name that people use, such as <c>camelid-nano</c>.</summary>
    [JsonPropertyOrder(1)]
    public required string Name { get; init; }

    /// <summary>SPDX identifier of the licence of the weights.</summary>
    [JsonPropertyOrder(2)]
    public required string Licence { get; init; }

    /// <summary>The day on which the recipe of the model was fixed, as yyyy-MM-dd.</summary>
    [JsonPropertyOrder(3)]
    public required string Created { get; init; }

    /// <summary>
    /// Model root of the model that this one was made from, 64 hexadecimal digits; null where there is none.
    /// </summary>
    [JsonPropertyOrder(4)]
    public required string? ParentRoot { get; init; }

    /// <summary>Number format of the weights: one of <see cref="Packages.Precision.All"/>.</summary>
    [JsonPropertyOrder(5)]
    public required string Precision { get; init; }

    /// <summary>The shapes.</summary>
    [JsonPropertyOrder(6)]
    public required ModelArchitecture Architecture { get; init; }

    /// <summary>Tokens that end an answer.</summary>
    [JsonPropertyOrder(7)]
    public required IReadOnlyList<uint> EndTokens { get; init; }

    /// <summary>Token that stands before every prompt; null where the model wants none.</summary>
    [JsonPropertyOrder(8)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public uint? BeginToken { get; init; }

    /// <summary>Tokens that are no text, by id.</summary>
    [JsonPropertyOrder(9)]
    public required IReadOnlyList<SpecialToken> SpecialTokens { get; init; }

    /// <summary>How a conversation becomes tokens; null where the model knows none.</summary>
    [JsonPropertyOrder(10)]
    public required ChatTemplate? Chat { get; init; }

    /// <summary>SHA-256 of <c>tokenizer.json</c>, 64 hexadecimal digits.</summary>
    [JsonPropertyOrder(11)]
    public required string TokenizerHash { get; init; }

    /// <summary>Every other file of the package, by path.</summary>
    [JsonPropertyOrder(12)]
    public required IReadOnlyList<PackageFile> Files { get; init; }

    /// <summary>Most tokens of prompt and answer together.</summary>
    [JsonIgnore]
    public int ContextTokensMax => Architecture.ContextTokensMax;

    /// <summary>Tokens in the vocabulary.</summary>
    [JsonIgnore]
    public int VocabularySize => Architecture.VocabularySize;

    /// <summary>The canonical bytes.</summary>
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, Canonical);

    /// <summary>Reads canonical bytes; says what is wrong with any others.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out ModelManifest? manifest, out string fault)
    {
        manifest = null;
        if (bytes.Length > ModelRoot.ManifestBytesMax)
        {
            fault = $"is longer than {ModelRoot.ManifestBytesMax} bytes";
            return false;
        }

        ModelManifest? read;
        try
        {
            read = JsonSerializer.Deserialize<ModelManifest>(bytes, Canonical);
        }
        catch (JsonException e)
        {
            fault = $"is not a manifest: {e.Message}";
            return false;
        }

        fault = read is null ? "is empty" : read.Fault();
        if (fault.Length == 0 && !read!.Encode().AsSpan().SequenceEqual(bytes))
        {
            fault = "is not in canonical form";
        }

        manifest = fault.Length == 0 ? read : null;
        return manifest is not null;
    }

    private string Fault()
    {
        ModelArchitecture shape = Architecture;
        return 0 switch
        {
            _ when Format != FormatName => $"has format '{Format}'; this version reads {FormatName}",
            _ when !ModelArchitecture.Families.Contains(shape.Family) =>
                $"has architecture '{shape.Family}'; this version runs {string.Join(", ", ModelArchitecture.Families)}",
            _ when !Packages.Precision.IsKnown(Precision) =>
                $"has precision '{Precision}'; this version runs {string.Join(", ", Packages.Precision.All)}",
            _ when !shape.IsSound() => "has an architecture with impossible sizes",
            _ when EndTokens.Count is 0 or > EndTokensMax => $"needs 1 to {EndTokensMax} end tokens",
            _ when SpecialTokens.Any(token => string.IsNullOrEmpty(token.Text)) => "has a special token without text",
            _ when Chat is not null && Chat.Fault(shape.VocabularySize) is { Length: > 0 } fault => fault,
            _ when NamedTokens().Any(id => id >= shape.VocabularySize) => "names a token beyond the vocabulary",
            _ when !Hash256.TryParse(TokenizerHash, out Hash256 _) => "has no tokenizer hash",
            _ when ParentRoot is not null && !Hash256.TryParse(ParentRoot, out Hash256 _) => "has a bad parent root",
            _ when Files.Count is 0 or > ModelRoot.FilesMax => $"needs 1 to {ModelRoot.FilesMax} files",
            _ when Files.Any(file => file is null || !file.IsSound()) =>
                "lists a file with a bad path, size or chunk hash",
            _ when !Files.Zip(Files.Skip(1)).All(pair => string.CompareOrdinal(pair.First.Path, pair.Second.Path) < 0)
                => "does not list its files once each, ordered by path",
            _ => "",
        };
    }

    private IEnumerable<uint> NamedTokens() => EndTokens.Concat(SpecialTokens.Select(token => token.Id)).Concat(
        BeginToken is { } begin ? [begin] : []);
}

/// <summary>A token that stands for no text.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Text">How <c>tokenizer.json</c> writes it.</param>
public readonly record struct SpecialToken(uint Id, string Text);

/// <summary>A file of a package.</summary>
public sealed record PackageFile
{
    /// <summary>Relative path.</summary>
    [JsonPropertyOrder(0)]
    public required string Path { get; init; }

    /// <summary>Size in bytes.</summary>
    [JsonPropertyOrder(1)]
    public required long Bytes { get; init; }

    /// <summary>Leaf hash of every chunk of 1 MiB, 64 hexadecimal digits each.</summary>
    [JsonPropertyOrder(2)]
    public required IReadOnlyList<string> Chunks { get; init; }

    /// <summary>Describes a file that lies in memory.</summary>
    public static PackageFile Of(string path, ReadOnlySpan<byte> content) => new()
    {
        Path = path,
        Bytes = content.Length,
        Chunks = [.. ChunkTree.Leaves(content).Select(leaf => leaf.ToString())],
    };

    /// <summary>The file as the model root counts it.</summary>
    public ModelFile ToModelFile() => new(Path, Bytes, ChunkTree.Root(Leaves()));

    /// <summary>The leaf of each chunk.</summary>
    public IReadOnlyList<Hash256> Leaves() => [.. Chunks.Select(Parse)];

    internal bool IsSound() => ModelFile.IsPath(Path) && Path != ModelManifest.FileName
        && Bytes is >= 0 and <= ChunkTree.FileBytesMax && Chunks.Count == ChunkTree.ChunkCount(Bytes)
        && Chunks.All(chunk => Hash256.TryParse(chunk, out Hash256 _));

    private static Hash256 Parse(string text) => Hash256.TryParse(text, out Hash256 hash)
        ? hash
        : throw new FormatException($"'{text}' is not a chunk hash");
}
