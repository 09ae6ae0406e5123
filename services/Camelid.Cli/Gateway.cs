using System.CommandLine;
using Camelid.Client;

namespace Camelid.Cli;

/// <summary>Where the gateway is, and the key that opens it: options, then environment, then the data folder.</summary>
internal static class Gateway
{
    private const string UrlDefault = "http://127.0.0.1:8080";
    private const string KeyFileName = "api-key";
    private const int KeyCharactersMax = 4096;

    public static readonly Option<string?> Url = new("--url")
    {
        Description = $"address of the gateway (CAMELID_URL; default {UrlDefault})", Recursive = true, HelpName = "URL",
    };

    public static readonly Option<FileInfo?> ApiKeyFile = new("--api-key-file")
    {
        Description = "file with the API key (CAMELID_API_KEY holds the key itself; default DATA-DIR/api-key)",
        Recursive = true, HelpName = "FILE",
    };

    public static readonly Option<DirectoryInfo?> DataDir = new("--data-dir")
    {
        Description = "data folder of the node (CAMELID_DATA_DIR; default ~/.camelid)", Recursive = true, HelpName =
            "DIR",
    };

    public static readonly Option<bool> Json = new("--json")
    {
        Description = "write one JSON document to standard output", Recursive = true,
    };

    /// <summary>A client for the addressed gateway.</summary>
    public static CamelidClient Open(ParseResult parse) => CamelidClient.Create(AddressOf(parse), KeyOf(parse));

    /// <summary>The address, checked.</summary>
    public static Uri AddressOf(ParseResult parse)
    {
        string text = parse.GetValue(Url) ?? Environment.GetEnvironmentVariable("CAMELID_URL") ?? UrlDefault;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
            ? new Uri(text)
            : throw new CommandFailure(ExitCode.Usage,
                $"--url: '{text}' is not an http address; give one like {UrlDefault}");
    }

    /// <summary>The data folder, which may not exist.</summary>
    public static string DataFolderOf(ParseResult parse)
    {
        string? chosen = parse.GetValue(DataDir)?.FullName ?? Environment.GetEnvironmentVariable("CAMELID_DATA_DIR");
        return Path.GetFullPath(string.IsNullOrEmpty(chosen)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".camelid")
            : chosen);
    }

    /// <summary>The key; null where there is none, and the gateway will say so.</summary>
    public static string? KeyOf(ParseResult parse)
    {
        FileInfo? named = parse.GetValue(ApiKeyFile);
        if (named is { Exists: false })
        {
            throw new CommandFailure(ExitCode.NotFound, $"--api-key-file: no file {named.FullName}");
        }

        if (named is null && Environment.GetEnvironmentVariable("CAMELID_API_KEY") is { Length: > 0 } key)
        {
            return key.Trim();
        }

        string path = named?.FullName ?? KeyFileIn(DataFolderOf(parse));
        return File.Exists(path) && new FileInfo(path).Length <= KeyCharactersMax
            ? File.ReadAllText(path).Trim() : null;
    }

    /// <summary>A cluster keeps its key, as all of its files, in a folder of its own within the data folder.</summary>
    private static string KeyFileIn(string dataFolder)
    {
        string file = Path.Combine(dataFolder, KeyFileName);
        string cluster = Path.Combine(dataFolder, "cluster", KeyFileName);
        return !File.Exists(file) && File.Exists(cluster) ? cluster : file;
    }
}
