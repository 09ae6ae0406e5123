using System.Security.Cryptography;

namespace Camelid.Chain.Keys;

/// <summary>
/// The operator's seed, <c>keys/seed</c>: 64 random bytes (a BIP39 seed) as 128 hexadecimal digits, mode 0600.
/// </summary>
internal static class SeedFile
{
    private const int SeedBytes = 64;
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Reads the seed, or makes it at the first start.</summary>
    /// <param name="folder">The keys folder; it is made, mode 0700.</param>
    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    public static byte[] ReadOrCreate(string folder)
    {
        string path = Path.Combine(folder, "seed");
        if (!File.Exists(path))
        {
            Create(folder, path);
        }

        string text = File.ReadAllText(path).Trim();
        if (text.Length != SeedBytes * 2 || text.AsSpan().ContainsAnyExcept("0123456789abcdef"))
        {
            throw new InvalidDataException(
                $"{path}: not {SeedBytes * 2} hexadecimal digits. Restore it from your backup: a new seed can't reach "
                + "the coins of the old one.");
        }

        return Convert.FromHexString(text);
    }

    /// <summary>Written beside, flushed, then renamed: there is a whole seed or none.</summary>
    private static void Create(string folder, string path)
    {
        MakeFolder(folder);
        string draft = path + ".new";
        File.Delete(draft);
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerFile;
        }

        using (FileStream stream = new(draft, options))
        {
            byte[] text = System.Text.Encoding.ASCII.GetBytes(
                Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SeedBytes)) + "\n");
            stream.Write(text);
            stream.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: false);
    }

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
