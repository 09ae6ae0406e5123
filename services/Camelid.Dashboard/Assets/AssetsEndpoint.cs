using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Camelid.Dashboard.Assets;

/// <summary><c>/assets/{name}</c>: styles, scripts and pictures, out of the assembly.</summary>
internal static class AssetsEndpoint
{
    private static readonly Dictionary<string, string> ContentTypes = new()
    {
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    private static readonly Dictionary<string, Asset> Files = Load();

    /// <summary>Maps the route.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/assets/{name}", (string name) =>
        Files.TryGetValue(name, out Asset? file)
            ? Results.Bytes(file.Bytes, file.ContentType, entityTag: file.Tag)
            : Results.NotFound());

    private static Dictionary<string, Asset> Load()
    {
        string prefix = typeof(AssetsEndpoint).Namespace + ".";
        Dictionary<string, Asset> files = [];
        foreach (string resource in typeof(AssetsEndpoint).Assembly.GetManifestResourceNames())
        {
            if (!resource.StartsWith(prefix, StringComparison.Ordinal)
                || !ContentTypes.TryGetValue(Path.GetExtension(resource), out string? contentType))
            {
                continue;
            }

            using Stream stream = typeof(AssetsEndpoint).Assembly.GetManifestResourceStream(resource)!;
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            EntityTagHeaderValue tag = new($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\"");
            files[resource[prefix.Length..]] = new Asset(bytes, contentType, tag);
        }

        return files;
    }

    private sealed record Asset(byte[] Bytes, string ContentType, EntityTagHeaderValue Tag);
}
