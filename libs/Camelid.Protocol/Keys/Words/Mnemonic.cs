using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Camelid.Protocol.Keys;

/// <summary>What is wrong with words that should be a seed.</summary>
public enum MnemonicFault
{
    /// <summary>Nothing was asked.</summary>
    Unset = 0,

    /// <summary>There are not 12, 15, 18, 21 or 24 words.</summary>
    WordCount = 1,

    /// <summary>A word is not in the list.</summary>
    UnknownWord = 2,

    /// <summary>All words are in the list, but one is wrong or two are exchanged.</summary>
    Checksum = 3,
}

/// <summary>Why words are no mnemonic.</summary>
public sealed record MnemonicRefusal
{
    /// <summary>The first thing that is wrong.</summary>
    public required MnemonicFault Fault { get; init; }

    /// <summary>Words given.</summary>
    public int WordCount { get; init; }

    /// <summary>Place of the unknown word, from 1; 0 otherwise.</summary>
    public int Place { get; init; }

    /// <summary>Words that may have been meant, the likeliest first.</summary>
    public IReadOnlyList<string> Nearest { get; init; } = [];

    /// <summary>A sentence for people. It holds none of the words that were given: they may be a secret.</summary>
    public override string ToString() => Fault switch
    {
        MnemonicFault.WordCount => FormattableString.Invariant(
            $"{WordCount} words, not 12, 15, 18, 21 or 24"),
        MnemonicFault.UnknownWord when Nearest.Count == 0 => FormattableString.Invariant(
            $"word {Place} is not in the list of BIP39"),
        MnemonicFault.UnknownWord => FormattableString.Invariant(
            $"word {Place} is not in the list of BIP39; nearest: {string.Join(", ", Nearest)}"),
        MnemonicFault.Checksum => "the checksum is wrong: a word is another one, or two are exchanged",
        _ => "unset",
    };
}

/// <summary>
/// Rule W-03 (BIP39): a seed as 12 to 24 words. Each word is 11 bits: the entropy, then the first bits of its SHA-256,
/// one for each 32 bits of entropy. It is a secret.
/// </summary>
public sealed class Mnemonic
{
    /// <summary>Bytes of the seed that follows.</summary>
    public const int SeedBytes = 64;

    /// <summary>Letters of the longest word.</summary>
    public const int WordLettersMax = 8;

    private const int EntropyBytesMin = 16;
    private const int EntropyBytesMax = 32;
    private const int WordBits = 11;
    private const int WordCountMin = 12;
    private const int WordCountMax = 24;
    private const int Iterations = 2048;

    private readonly byte[] entropy;

    private Mnemonic(byte[] entropy) => this.entropy = entropy;

    /// <summary>The entropy: 16, 20, 24, 28 or 32 bytes.</summary>
    public ReadOnlySpan<byte> Entropy => entropy;

    /// <summary>The words of entropy, 16 to 32 bytes, a multiple of four.</summary>
    /// <exception cref="ArgumentException">The entropy has another length.</exception>
    public static Mnemonic FromEntropy(ReadOnlySpan<byte> entropy) =>
        entropy.Length is >= EntropyBytesMin and <= EntropyBytesMax && entropy.Length % 4 == 0
            ? new Mnemonic(entropy.ToArray())
            : throw new ArgumentException("entropy has 16, 20, 24, 28 or 32 bytes", nameof(entropy));

    /// <summary>Reads words, between any white space, in upper or lower case.</summary>
    /// <param name="text">The words.</param>
    /// <param name="mnemonic">The mnemonic, or null.</param>
    /// <param name="refusal">Why not, or null.</param>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out Mnemonic? mnemonic,
        [NotNullWhen(false)] out MnemonicRefusal? refusal)
    {
        string[] words = (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        mnemonic = null;
        if (words.Length is < WordCountMin or > WordCountMax || words.Length % 3 != 0)
        {
            refusal = new MnemonicRefusal { Fault = MnemonicFault.WordCount, WordCount = words.Length };
            return false;
        }

        // Bits are gathered in a number of 24 · 11 = 264 bits at most: an array of bytes and what is left over.
        byte[] bytes = new byte[((words.Length * WordBits) + 7) / 8];
        for (int i = 0; i < words.Length; i++)
        {
#pragma warning disable CA1308 // The list is in lower case.
            string word = words[i].ToLowerInvariant();
#pragma warning restore CA1308
            int index = WordList.IndexOf(word);
            if (index < 0)
            {
                refusal = new MnemonicRefusal
                {
                    Fault = MnemonicFault.UnknownWord,
                    WordCount = words.Length,
                    Place = i + 1,
                    Nearest = WordList.Nearest(word),
                };
                return false;
            }

            PutBits(bytes, i * WordBits, index);
        }

        Mnemonic read = new(bytes[..(words.Length * WordBits * 32 / 33 / 8)]);
        bool good = read.Bits().AsSpan(0, bytes.Length).SequenceEqual(bytes);
        mnemonic = good ? read : null;
        refusal = good ? null : new MnemonicRefusal { Fault = MnemonicFault.Checksum, WordCount = words.Length };
        return good;
    }

    /// <summary>The words.</summary>
    public IReadOnlyList<string> Words()
    {
        byte[] bits = Bits();
        int count = entropy.Length * 8 * 33 / 32 / WordBits;
        return [.. Enumerable.Range(0, count).Select(i => WordList.All[TakeBits(bits, i * WordBits)])];
    }

    /// <summary>The seed: PBKDF2-HMAC-SHA512, 2,048 rounds, of the words and a passphrase in form KD.</summary>
    /// <param name="passphrase">A further secret, or empty. Each gives its own seed; none is wrong.</param>
    public byte[] ToSeed(string passphrase = "") => SeedOf(string.Join(' ', Words()), passphrase);

    /// <summary>Says only that it is one: no log can leak it.</summary>
    public override string ToString() => "mnemonic";

    internal static byte[] SeedOf(string words, string passphrase) => Rfc2898DeriveBytes.Pbkdf2(
        Encoding.UTF8.GetBytes(CompatibilityDecomposition.Decompose(words)),
        Encoding.UTF8.GetBytes(CompatibilityDecomposition.Decompose("mnemonic" + passphrase)),
        Iterations,
        HashAlgorithmName.SHA512,
        SeedBytes);

    private static void PutBits(byte[] bytes, int at, int word)
    {
        for (int bit = 0; bit < WordBits; bit++)
        {
            if ((word & (1 << (WordBits - 1 - bit))) != 0)
            {
                bytes[(at + bit) / 8] |= (byte)(0x80 >> ((at + bit) % 8));
            }
        }
    }

    private static int TakeBits(byte[] bytes, int at)
    {
        int word = 0;
        for (int bit = 0; bit < WordBits; bit++)
        {
            word = (word << 1) | ((bytes[(at + bit) / 8] >> (7 - ((at + bit) % 8))) & 1);
        }

        return word;
    }

    /// <summary>The entropy with its checksum; bits behind it are zero.</summary>
    private byte[] Bits()
    {
        int checksumBits = entropy.Length * 8 / 32;
        byte checksum = (byte)(Hashes.Sha256(entropy).ToBytes()[0] & (0xff << (8 - checksumBits)));
        return [.. entropy, checksum];
    }
}
