using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Camelid.Gateway.Errors;

namespace Camelid.Gateway.Retries;

/// <summary>
/// What tells whether two requests are one: the account, the route, the body, and what the client says.
/// </summary>
internal sealed record RequestIdentity
{
    private const int IdempotencyKeyCharactersMax = 255;

    /// <summary>Account that asks.</summary>
    public required string Account { get; init; }

    /// <summary>SHA-256 of route and body, in hexadecimal.</summary>
    public required string BodyHash { get; init; }

    /// <summary>The client's <c>Idempotency-Key</c>, or null.</summary>
    public required string? IdempotencyKey { get; init; }

    /// <summary>True where the client says that it sends this again (<c>x-stainless-retry-count</c> above 0).</summary>
    public required bool IsRetry { get; init; }

    /// <summary>Under what the request is remembered.</summary>
    public string Fingerprint => Hash($"{Account}\n{IdempotencyKey is not null}\n{IdempotencyKey ?? BodyHash}");

    /// <summary>Reads it.</summary>
    public static RequestIdentity Of(string account, string route, IHeaderDictionary headers, ReadOnlySpan<byte> body)
    {
        string? idempotencyKey = headers["Idempotency-Key"].FirstOrDefault();
        if (idempotencyKey is not null && (idempotencyKey.Length is 0 or > IdempotencyKeyCharactersMax
            || idempotencyKey.Any(letter => letter is < ' ' or > '~')))
        {
            throw ApiError.BadRequest(
                $"The header 'Idempotency-Key' takes 1 … {IdempotencyKeyCharactersMax} printable ASCII characters.",
                null);
        }

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(route + "\n"));
        hash.AppendData(body);
        return new RequestIdentity
        {
            Account = account,
            BodyHash = Convert.ToHexStringLower(hash.GetHashAndReset()),
            IdempotencyKey = idempotencyKey,
            IsRetry = int.TryParse(
                headers["x-stainless-retry-count"].FirstOrDefault(), CultureInfo.InvariantCulture, out int retries)
                && retries > 0,
        };
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
