using System.Security.Cryptography;
using System.Text;
using Camelid.Chain.Keys;
using Camelid.Protocol.Keys;

namespace Camelid.Fuzz.Targets;

/// <summary>
/// Rule W-06: the text of a key file: a byte that says whether its last line is put right, then the text. It is read
/// or refused in words; what is read is written again, but for the comment; a changed one that is sealed opens under no
/// passphrase.
/// </summary>
internal sealed class KeyFileTarget : IFuzzTarget
{
    private const string Form = "camelid-keys 2";
    private const string Passphrase = "open";
    private const string Sum = "\nsum ";
    private const byte IsRepaired = 1;

    private static readonly byte[] Secret = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];

    private static readonly ScryptCost Cheap = new(1, 1, 1);

    /// <summary>
    /// Kept in the corpus, since salt and nonce are drawn: the sealed text that may be opened.
    /// </summary>
    private static readonly string Sealed = Corpus.Of("key-file").FirstOrDefault(file =>
        file.Name.EndsWith("/sample-01.bin", StringComparison.Ordinal)) is { } kept
        ? Encoding.UTF8.GetString(kept.Bytes.AsSpan(1))
        : SealedText.Write(Form, Lines, Secret, Passphrase, Cheap);

    /// <inheritdoc/>
    public string Name => "key-file";

    /// <inheritdoc/>
    public FuzzAllowance Allowance => new(512 << 10, 256);

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => [];

    private static string[] Lines => ["network regtest", "account client some"];

    /// <inheritdoc/>
    public IEnumerable<byte[]> Samples() =>
    [
        [IsRepaired, .. Encoding.UTF8.GetBytes(SealedText.Write(Form, Lines, Secret, null, Cheap))],
        [IsRepaired, .. Encoding.UTF8.GetBytes(Sealed)],
        [0, .. Encoding.UTF8.GetBytes(Sealed)],
    ];

    /// <inheritdoc/>
    public bool Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return false;
        }

        string text = Encoding.UTF8.GetString(input[1..]);
        text = (input[0] & IsRepaired) != 0 ? Repaired(text) : text;
        SealedText read;
        try
        {
            read = SealedText.Read("key-file", Form, text);
        }
        catch (InvalidDataException refusal)
        {
            FuzzFault.Require(refusal.Message.StartsWith("key-file: ", StringComparison.Ordinal), "which file?");
            return false;
        }

        if (!read.IsSealed)
        {
            string again = SealedText.Write(Form, read.Lines, read.Open(null), null, Cheap);
            FuzzFault.Require(
                again[..again.LastIndexOf(Sum, StringComparison.Ordinal)].Split('\n', 2)[1]
                    == text[..text.LastIndexOf(Sum, StringComparison.Ordinal)].Split('\n', 2)[1],
                "what is read is not written again");
        }
        else if (text.Contains("\nseal scrypt-aes-256-gcm 1 1 1 ", StringComparison.Ordinal))
        {
            FuzzFault.Require(read.Open(Passphrase) is null || text == Sealed, "a changed file opens");
        }

        return true;
    }

    private static string Repaired(string text)
    {
        int at = text.LastIndexOf(Sum, StringComparison.Ordinal) + 1;
        string body = at == 0 ? text : text[..at];
        return $"{body}sum {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)))}\n";
    }
}
