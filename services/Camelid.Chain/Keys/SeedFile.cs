using System.Text;
using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Keys;

/// <summary>
/// The operator's keys on the disk, <c>keys/seed</c>, mode 0600: accounts that may be read, and the seed, sealed or
/// open (rule W-06). The older form, 64 random bytes as 128 hexadecimal digits, is still read. Never written over
/// without a whole new file beside it.
/// </summary>
internal sealed class SeedFile(string folder, Network network, ISecp256k1 curve)
{
    private const string Form = "camelid-keys 2";
    private const long FileBytesMax = 65_536;
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private SealedText? text;

    /// <summary>The network of its keys.</summary>
    public Network Network => network;

    /// <summary>Where it lies.</summary>
    public string FilePath { get; } = Path.Combine(folder, "seed");

    /// <summary>True where there is a file.</summary>
    public bool Exists => File.Exists(FilePath);

    /// <summary>True where the seed is sealed by a passphrase.</summary>
    public bool IsSealed => text is { IsSealed: true };

    /// <summary>Reads the accounts.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, truncated, or of another network.</exception>
    public KeyRing ReadRing()
    {
        string content = new FileInfo(FilePath).Length <= FileBytesMax
            ? File.ReadAllText(FilePath)
            : throw new InvalidDataException($"{FilePath}: not a key file: larger than {FileBytesMax} bytes");
        if (!content.StartsWith('#'))
        {
            return KeyRing.Of(ReadOlder(content), network, curve);
        }

        text = SealedText.Read(FilePath, Form, content);
        if (text.Lines.Count == 0 || text.Lines[0] != $"network {network.Name}")
        {
            throw new InvalidDataException(
                $"{FilePath}: keys of another network than {network.Name}. Use another data folder.");
        }

        Dictionary<KeyRole, ExtendedPublicKey> accounts = [];
        foreach (KeyRole role in Enum.GetValues<KeyRole>())
        {
            string? line = text.Lines.ElementAtOrDefault(1 + (int)role);
            accounts.Add(role, line?.Split(' ') is ["account", string name, string account] && name == NameOf(role)
                && ExtendedPublicKey.TryParse(account, network, curve, out ExtendedPublicKey? key)
                    ? key
                    : throw new InvalidDataException($"{FilePath}: the account of {NameOf(role)} is missing"));
        }

        return new KeyRing(accounts, network, curve);
    }

    /// <summary>The whole content, for a backup.</summary>
    public string ReadText() => File.ReadAllText(FilePath);

    /// <summary>Opens the seed; null where the passphrase is wrong or missing.</summary>
    /// <exception cref="InvalidDataException">The seed is not the one of the accounts.</exception>
    public KeySecret? Open(string? passphrase)
    {
        KeyRing ring = ReadRing();
        KeySecret? secret = text is null
            ? ReadOlder(File.ReadAllText(FilePath))
            : text.Open(passphrase) is { } bytes ? KeySecret.FromBytes(bytes) ?? throw Foreign() : null;
        return secret is null || KeyRing.Of(secret, network, curve).Id == ring.Id ? secret : throw Foreign();
    }

    /// <summary>Writes the first file, or one in place of it. There is a whole file at any time.</summary>
    /// <param name="secret">The seed.</param>
    /// <param name="passphrase">Null leaves it open.</param>
    /// <param name="cost">What the passphrase costs to try.</param>
    /// <param name="replace">False refuses where there is a file.</param>
    public void Write(KeySecret secret, string? passphrase, ScryptCost cost, bool replace)
    {
        KeyRing ring = KeyRing.Of(secret, network, curve);
        List<string> lines = [$"network {network.Name}"];
        lines.AddRange(Enum.GetValues<KeyRole>().Select(role => $"account {NameOf(role)} {ring.AccountText(role)}"));
        string content = SealedText.Write(Form, lines, secret.ToBytes(), passphrase, cost);
        MakeFolder(folder);
        string draft = FilePath + ".new";
        File.Delete(draft);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerFile;
        }

        using (FileStream stream = new(draft, options))
        {
            stream.Write(Encoding.UTF8.GetBytes(content));
            stream.Flush(flushToDisk: true);
        }

        File.Move(draft, FilePath, overwrite: replace);
        text = SealedText.Read(FilePath, Form, content);
    }

    /// <summary>The name of a role in files and answers.</summary>
#pragma warning disable CA1308 // The names of roles are lower case in the interface.
    public static string NameOf(KeyRole role) => role.ToString().ToLowerInvariant();
#pragma warning restore CA1308

    private KeySecret ReadOlder(string content)
    {
        string digits = content.Trim();
        return digits.Length == Mnemonic.SeedBytes * 2 && !digits.AsSpan().ContainsAnyExcept("0123456789abcdef")
            ? KeySecret.OfSeed(Convert.FromHexString(digits))
            : throw new InvalidDataException(
                $"{FilePath}: neither a key file nor {Mnemonic.SeedBytes * 2} hexadecimal digits. Restore it from your "
                + "backup: a new seed can't reach the coins of the old one.");
    }

    private InvalidDataException Foreign() => new(
        $"{FilePath}: the seed is not that of its accounts. Restore the file from your backup.");

    private static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        Directory.CreateDirectory(folder, OwnerFile | UnixFileMode.UserExecute);
    }
}
