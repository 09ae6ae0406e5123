using System.Globalization;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.ModelRuntime.Packages;
using Google.Protobuf;

namespace Camelid.ModelRegistry.Catalog;

/// <summary>What the registry tells of a model.</summary>
internal static class ModelFacts
{
    /// <summary>The facts of an intact model.</summary>
    public static Model Of(ModelPackage package)
    {
        ModelManifest manifest = package.Manifest;
        Model model = new()
        {
            Root = ByteString.CopyFrom(package.Root.ToBytes()),
            Name = manifest.Name,
            Architecture = manifest.Architecture.Family,
            ContextTokensMax = (uint)manifest.ContextTokensMax,
            VocabularySize = (uint)manifest.VocabularySize,
            CreatedUnix = CreatedUnix(manifest.Created),
            Licence = manifest.Licence,
            ParameterCount = ParameterCount(manifest.Architecture),
            BytesCount = manifest.Files.Sum(file => file.Bytes),
            Precision = manifest.Precision,
            ParentRoot = manifest.ParentRoot is null
                ? ByteString.Empty
                : ByteString.CopyFrom(Convert.FromHexString(manifest.ParentRoot)),
            HasChatTemplate = manifest.Chat is not null,
        };
        model.EndTokens.AddRange(manifest.EndTokens);
        model.Files.AddRange(manifest.Files.Select(
            file => new ModelFile { Path = file.Path, BytesCount = file.Bytes }));
        return model;
    }

    /// <summary>Weights of a Llama model, its rotary tables left out.</summary>
    public static long ParameterCount(ModelArchitecture shape)
    {
        long embedding = (long)shape.VocabularySize * shape.HiddenSize;
        long attention = (long)shape.HiddenSize * (shape.QueryKeyValueSize + shape.Heads * shape.HeadSize);
        long feedForward = 3L * shape.HiddenSize * shape.FeedForwardSize;
        long norms = 2L * shape.HiddenSize;
        return (shape.TiedEmbedding ? 1 : 2) * embedding
            + shape.Layers * (attention + feedForward + norms) + shape.HiddenSize;
    }

    private static long CreatedUnix(string day) =>
        DateTimeOffset.TryParseExact(
            day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset created)
            ? created.ToUnixTimeSeconds()
            : 0;
}
