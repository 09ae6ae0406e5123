using System.Security.Cryptography;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Keys;

/// <summary>A seed, and the entropy of its words where it came from words.</summary>
internal sealed class KeySecret
{
    /// <summary>Bytes of entropy in a new wallet: 24 words.</summary>
    public const int NewEntropyBytes = 32;

    private readonly byte[] seed;
    private readonly byte[] entropy;

    private KeySecret(byte[] seed, byte[] entropy)
    {
        this.seed = seed;
        this.entropy = entropy;
    }

    /// <summary>The seed, 64 bytes.</summary>
    public ReadOnlySpan<byte> Seed => seed;

    /// <summary>Seed and entropy in one piece, for sealing.</summary>
    public byte[] ToBytes() => [.. seed, .. entropy];

    /// <summary>A new secret, of 24 words.</summary>
    public static KeySecret Create() =>
        Of(Mnemonic.FromEntropy(RandomNumberGenerator.GetBytes(NewEntropyBytes)), "");

    /// <summary>The secret of words.</summary>
    /// <param name="mnemonic">The words.</param>
    /// <param name="passphrase">BIP39's further secret; with one, the words alone do not lead to the coins.</param>
    public static KeySecret Of(Mnemonic mnemonic, string passphrase) =>
        new(mnemonic.ToSeed(passphrase), passphrase.Length == 0 ? mnemonic.Entropy.ToArray() : []);

    /// <summary>A seed whose words are not known.</summary>
    public static KeySecret OfSeed(ReadOnlySpan<byte> seed) => new(seed.ToArray(), []);

    /// <summary>Reads <see cref="ToBytes"/>; null where the bytes are something else.</summary>
    public static KeySecret? FromBytes(ReadOnlySpan<byte> bytes)
    {
        int rest = bytes.Length - Mnemonic.SeedBytes;
        return rest is 0 or 16 or 20 or 24 or 28 or 32
            ? new KeySecret(bytes[..Mnemonic.SeedBytes].ToArray(), bytes[Mnemonic.SeedBytes..].ToArray())
            : null;
    }

    /// <summary>The words; null where they are not known.</summary>
    public IReadOnlyList<string>? Words() => entropy.Length == 0 ? null : Mnemonic.FromEntropy(entropy).Words();

    /// <summary>Overwrites the secret in memory.</summary>
    public void Forget()
    {
        CryptographicOperations.ZeroMemory(seed);
        CryptographicOperations.ZeroMemory(entropy);
    }
}
