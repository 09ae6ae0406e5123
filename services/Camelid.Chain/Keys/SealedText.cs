using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Keys;

/// <summary>
/// Rule W-06: a secret in a text file: lines that everybody may read, then the secret, sealed by a passphrase (scrypt,
/// AES-256-GCM over secret and readable lines) or open where there is none, then the SHA-256 of all of it, so that a
/// damaged file is told apart from a wrong passphrase.
/// </summary>
internal sealed class SealedText
{
    private const int SaltBytes = 16;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int KeyBytes = 32;
    private const string Sum = "sum ";

    private readonly byte[] readable;
    private readonly byte[] body;
    private readonly (ScryptCost Cost, byte[] Salt, byte[] Nonce)? seal;

    private SealedText(
        IReadOnlyList<string> lines, byte[] readable, byte[] body, (ScryptCost, byte[], byte[])? seal)
    {
        Lines = lines;
        this.readable = readable;
        this.body = body;
        this.seal = seal;
    }

    /// <summary>The readable lines, the comment and the form aside.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>True where a passphrase is needed.</summary>
    public bool IsSealed => seal is not null;

    /// <summary>Writes a secret.</summary>
    /// <param name="form">The first line after the comment, such as <c>camelid-keys 2</c>.</param>
    /// <param name="lines">Readable lines.</param>
    /// <param name="secret">The secret.</param>
    /// <param name="passphrase">Null leaves the secret open.</param>
    /// <param name="cost">What the passphrase costs to try.</param>
    public static string Write(
        string form, IReadOnlyList<string> lines, ReadOnlySpan<byte> secret, string? passphrase, ScryptCost cost)
    {
        string comment = passphrase is null
            ? "# OPEN: no passphrase is set. Whoever can read this file can spend the coins.\n"
            : "# Sealed by a passphrase. Whoever has both can spend the coins: keep this file and it apart.\n";
        StringBuilder text = new(comment);
        text.Append(form).Append('\n');
        foreach (string line in lines)
        {
            text.Append(line).Append('\n');
        }

        if (passphrase is null)
        {
            text.Append("seal none\nsecret ").Append(Convert.ToHexStringLower(secret));
        }
        else
        {
            byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
            byte[] nonce = RandomNumberGenerator.GetBytes(NonceBytes);
            text.Append(CultureInfo.InvariantCulture, $"seal scrypt-aes-256-gcm {cost.LogN} {cost.R} {cost.P} ")
                .Append(Convert.ToHexStringLower(salt)).Append(' ').Append(Convert.ToHexStringLower(nonce))
                .Append("\nsecret ");
            byte[] head = Encoding.UTF8.GetBytes(text.ToString());
            byte[] body = new byte[secret.Length + TagBytes];
            byte[] key = KeyOf(passphrase, salt, cost);
            using (AesGcm cipher = new(key, TagBytes))
            {
                cipher.Encrypt(nonce, secret, body.AsSpan(0, secret.Length), body.AsSpan(secret.Length), head);
            }

            CryptographicOperations.ZeroMemory(key);
            text.Append(Convert.ToHexStringLower(body));
        }

        text.Append('\n');
        string hash = Hash(text.ToString());
        return text.Append(Sum).Append(hash).Append('\n').ToString();
    }

    /// <summary>Reads a text; refuses what <see cref="Write"/> would not have written, the comment aside.</summary>
    /// <param name="name">Where the text comes from, for messages.</param>
    /// <param name="form">The form that is expected.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="InvalidDataException">It is truncated, damaged, or of another form.</exception>
    public static SealedText Read(string name, string form, string text)
    {
        int at = text.LastIndexOf("\n" + Sum, StringComparison.Ordinal) + 1;
        if (at == 0 || text.Length != at + Sum.Length + 64 + 1 || text[^1] != '\n')
        {
            throw new InvalidDataException(
                text.Contains(form, StringComparison.Ordinal)
                    ? $"{name}: truncated: the last line, the checksum, is missing or cut off"
                    : $"{name}: not a file of the form '{form}'");
        }

        if (text.AsSpan(at + Sum.Length, 64).CompareTo(Hash(text[..at]), StringComparison.Ordinal) != 0)
        {
            throw new InvalidDataException(
                $"{name}: damaged: its checksum is wrong. Restore it from another copy; no passphrase can open it.");
        }

        string[] lines = text[..(at - 1)].Split('\n');
        SealedText? read = lines.Length >= 4 && lines[0].StartsWith("# ", StringComparison.Ordinal) && lines[1] == form
            ? ReadLines(lines)
            : null;
        return read ?? throw new InvalidDataException($"{name}: not a file of the form '{form}'");
    }

    /// <summary>The secret; null where the passphrase is wrong or missing.</summary>
    public byte[]? Open(string? passphrase)
    {
        if (seal is not { } given)
        {
            return (byte[])body.Clone();
        }

        if (passphrase is null)
        {
            return null;
        }

        byte[] key = KeyOf(passphrase, given.Salt, given.Cost);
        byte[] secret = new byte[body.Length - TagBytes];
        try
        {
            using AesGcm cipher = new(key, TagBytes);
            cipher.Decrypt(
                given.Nonce, body.AsSpan(0, secret.Length), body.AsSpan(secret.Length), secret, readable);
            return secret;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static SealedText? ReadLines(string[] lines)
    {
        string secret = lines[^1];
        if (!secret.StartsWith("secret ", StringComparison.Ordinal)
            || !TryHex(secret["secret ".Length..], out byte[] body))
        {
            return null;
        }

        byte[] readable = Encoding.UTF8.GetBytes(string.Join('\n', lines[..^1]) + "\nsecret ");
        IReadOnlyList<string> rest = lines[2..^2];
        if (lines[^2] == "seal none")
        {
            return new SealedText(rest, readable, body, null);
        }

        return lines[^2].Split(' ') is ["seal", "scrypt-aes-256-gcm", string n, string r, string p, string s, string c]
            && byte.TryParse(n, NumberStyles.None, null, out byte logN)
            && byte.TryParse(r, NumberStyles.None, null, out byte blocks)
            && byte.TryParse(p, NumberStyles.None, null, out byte passes)
            && new ScryptCost(logN, blocks, passes) is { IsAllowed: true } cost
            && TryHex(s, out byte[] salt) && salt.Length == SaltBytes
            && TryHex(c, out byte[] nonce) && nonce.Length == NonceBytes && body.Length > TagBytes
                ? new SealedText(rest, readable, body, (cost, salt, nonce))
                : null;
    }

    private static bool TryHex(string text, out byte[] bytes)
    {
        bool good = text.Length % 2 == 0 && !text.AsSpan().ContainsAnyExcept("0123456789abcdef");
        bytes = good ? Convert.FromHexString(text) : [];
        return good;
    }

    private static byte[] KeyOf(string passphrase, byte[] salt, ScryptCost cost) => Scrypt.Derive(
        Encoding.UTF8.GetBytes(CompatibilityDecomposition.Decompose(passphrase)), salt, cost, KeyBytes);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
