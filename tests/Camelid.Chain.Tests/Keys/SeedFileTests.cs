using System.Security.Cryptography;
using System.Text;
using Camelid.Chain.Keys;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Secp256k1;

namespace Camelid.Chain.Tests.Keys;

/// <summary>Rule W-06: the key file, its older form, its damages, its passphrase.</summary>
public sealed class SeedFileTests : IDisposable
{
    private static readonly ScryptCost Cheap = new(4, 1, 1);
    private static readonly ISecp256k1 Curve = Secp256k1Provider.Create();

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-keys").FullName;

    private string FilePath => Path.Combine(folder, "seed");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(null)]
    [InlineData("correct horse")]
    public void A_key_file_reads_back_and_is_its_owners_only(string? passphrase)
    {
        KeySecret secret = KeySecret.Create();
        NewFile().Write(secret, passphrase, Cheap, replace: false);
        SeedFile read = NewFile();
        Assert.Equal(KeyRing.Of(secret, Network.Regtest, Curve).Id, read.ReadRing().Id);
        Assert.Equal(passphrase is not null, read.IsSealed);
        Assert.Equal(secret.ToBytes(), read.Open(passphrase)!.ToBytes());
        Assert.Equal(24, read.Open(passphrase)!.Words()!.Count);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        }
    }

    /// <summary>Such a file was read, and would have been written otherwise.</summary>
    [Fact]
    public void An_empty_line_before_the_checksum_is_refused()
    {
        const string form = "camelid-keys 2";
        string text = SealedText.Write(form, ["network regtest"], [1, 2], null, Cheap);
        Assert.Equal([1, 2], SealedText.Read("file", form, text).Open(null));
        string body = text[..text.LastIndexOf("sum ", StringComparison.Ordinal)] + "\n";
        string sum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
        Assert.Throws<InvalidDataException>(() => SealedText.Read("file", form, $"{body}sum {sum}\n"));
    }

    [Fact]
    public void The_older_form_of_128_digits_gives_the_keys_that_it_always_gave()
    {
        byte[] seed = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];
        File.WriteAllText(FilePath, Convert.ToHexStringLower(seed) + "\n");
        SeedFile file = NewFile();
        KeyRing ring = file.ReadRing();
        foreach (KeyRole role in Enum.GetValues<KeyRole>())
        {
            PrivateKey key = RoleKeys.Derive(seed, Network.Regtest, role, Curve);
            Assert.Equal(Curve.PublicKeyOf(key), ring.KeyAt(KeyPlace.Fixed(role)));
            Assert.Equal(key.Span, new OperatorKeys(seed, Network.Regtest, Curve)[role].Private.Span);
        }

        Assert.False(file.IsSealed);
        file.Write(file.Open(null)!, "secret", Cheap, replace: true);
        Assert.DoesNotContain(Convert.ToHexStringLower(seed), File.ReadAllText(FilePath), StringComparison.Ordinal);
        Assert.Equal(ring.Id, NewFile().ReadRing().Id);
    }

    [Theory]
    [InlineData("wrong")]
    [InlineData("")]
    [InlineData("Secret")]
    [InlineData(null)]
    public void A_wrong_passphrase_opens_nothing(string? passphrase)
    {
        NewFile().Write(KeySecret.Create(), "secret", Cheap, replace: false);
        SeedFile file = NewFile();
        file.ReadRing();
        Assert.Null(file.Open(passphrase));
        Assert.NotNull(file.Open("secret"));
    }

    /// <summary>One passphrase on every machine: composed and decomposed letters are the same.</summary>
    [Fact]
    public void A_passphrase_is_the_same_however_its_letters_are_composed()
    {
        NewFile().Write(KeySecret.Create(), "caf\u00e9", Cheap, replace: false);
        Assert.NotNull(NewFile().Open("cafe\u0301"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("secret")]
    public void Each_cut_and_each_changed_byte_is_named_and_not_taken_for_a_wrong_passphrase(string? passphrase)
    {
        NewFile().Write(KeySecret.Create(), passphrase, Cheap, replace: false);
        string text = File.ReadAllText(FilePath);
        for (int at = 1; at < text.Length; at += 7)
        {
            File.WriteAllText(FilePath, text[..at]);
            Refused("truncated", "form", "neither");
            File.WriteAllText(FilePath, text[..at] + (text[at] == '0' ? '1' : '0') + text[(at + 1)..]);
            Refused("truncated", "damaged", "form", "neither");
        }

        File.WriteAllText(FilePath, text);
        NewFile().ReadRing();
    }

    [Fact]
    public void What_is_no_key_file_is_refused_and_never_replaced()
    {
        File.WriteAllText(FilePath, "short");
        Assert.Contains(
            "backup", Assert.Throws<InvalidDataException>(() => NewFile().ReadRing()).Message,
            StringComparison.Ordinal);
        Assert.Throws<IOException>(() => NewFile().Write(KeySecret.Create(), null, Cheap, replace: false));
        Assert.Equal("short", File.ReadAllText(FilePath));
    }

    [Fact]
    public void A_key_file_of_another_network_is_refused()
    {
        new SeedFile(folder, Network.Test, Curve).Write(KeySecret.Create(), null, Cheap, replace: false);
        Assert.Contains(
            "another network", Assert.Throws<InvalidDataException>(() => NewFile().ReadRing()).Message,
            StringComparison.Ordinal);
    }

    /// <summary>The accounts are bound to the seed: nobody can slip in addresses of his own.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("secret")]
    public void Accounts_of_another_seed_are_found_when_the_seed_is_opened(string? passphrase)
    {
        NewFile().Write(KeySecret.Create(), passphrase, Cheap, replace: false);
        string[] own = File.ReadAllLines(FilePath);
        File.Delete(FilePath);
        NewFile().Write(KeySecret.Create(), passphrase, Cheap, replace: false);
        string[] other = File.ReadAllLines(FilePath);
        string text = string.Join('\n', [.. own[..2], .. other[2..8], .. own[8..^1]]) + "\n";
        string sum = Convert.ToHexStringLower(
            System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
        File.WriteAllText(FilePath, $"{text}sum {sum}\n");
        SeedFile file = NewFile();
        file.ReadRing();
        if (passphrase is null)
        {
            Assert.Throws<InvalidDataException>(() => file.Open(passphrase));
        }
        else
        {
            Assert.Null(file.Open(passphrase));
        }
    }

    private static void Contains(string message, string[] expected) =>
        Assert.Contains(expected, part => message.Contains(part, StringComparison.Ordinal));

    private void Refused(params string[] expected) =>
        Contains(Assert.Throws<InvalidDataException>(() => NewFile().ReadRing()).Message, expected);

    private SeedFile NewFile() => new(folder, Network.Regtest, Curve);
}
