using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Camelid.Gateway.Keys;

/// <summary>Who may do what.</summary>
internal sealed record ApiKey
{
    /// <summary>May use <c>/v1</c>.</summary>
    public const string CompletionsScope = "completions";

    /// <summary>May use <c>/api</c> and see every job.</summary>
    public const string OperatorScope = "operator";

    private const string Prefix = "cml-";
    private const int SecretBytes = 32;
    private const int CharactersMax = 128;

    /// <summary>SHA-256 of the key, in hexadecimal. The key itself is stored nowhere but in its owner's file.</summary>
    public required string KeyHash { get; init; }

    /// <summary>Name of the account.</summary>
    public required string Account { get; init; }

    /// <summary>Scopes, separated by spaces.</summary>
    public required string Scopes { get; init; }

    /// <summary>True where the key has a scope.</summary>
    public bool Has(string scope) => Scopes.Split(' ').Contains(scope);

    /// <summary>A fresh key from 256 random bits.</summary>
    public static string Generate() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>What is stored of a key.</summary>
    public static string HashOf(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>The key of an <c>Authorization</c> header (<c>Bearer KEY</c>), or null.</summary>
    public static string? FromHeader(string? header)
    {
        const string Scheme = "Bearer ";
        return header is not null && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && header.Length <= Scheme.Length + CharactersMax && header[Scheme.Length..].Trim() is { Length: > 0 } key
            ? key
            : null;
    }
}
