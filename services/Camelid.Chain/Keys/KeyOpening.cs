using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Keys;

/// <summary>What happens to the keys when a node starts.</summary>
internal static class KeyOpening
{
    private const long PassphraseBytesMax = 4_096;

    /// <summary>
    /// Reads the keys, or makes some on regtest, so that a node starts there without anybody. Elsewhere a node whose
    /// folder holds no key file starts without a wallet: it validates and signs nothing.
    /// </summary>
    public static OperatorKeys Open(
        SeedFile file, Network network, ChainOptions options, ISecp256k1 curve, TimeProvider time)
    {
        OperatorKeys keys = new(network, curve, time);
        if (!file.Exists)
        {
            if (!options.CreateWallet || network != Network.Regtest)
            {
                return keys;
            }

            file.Write(KeySecret.Create(), null, ScryptCost.Strong, replace: false);
        }

        keys.Adopt(file.ReadRing());
        string? passphrase = file.IsSealed ? ReadPassphrase(options.PassphraseFile) : null;
        if (!file.IsSealed || passphrase is not null)
        {
            KeySecret secret = file.Open(passphrase) ?? throw new InvalidDataException(
                $"{options.PassphraseFile}: not the passphrase of {file.FilePath}");
            keys.Vault.Unlock(secret, DateTimeOffset.MaxValue);
            secret.Forget();
        }

        return keys;
    }

    /// <summary>The passphrase in a file that only its owner can read; null where no file is named.</summary>
    private static string? ReadPassphrase(string path)
    {
        if (path.Length == 0)
        {
            return null;
        }

        if (!OperatingSystem.IsWindows()
            && (File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0)
        {
            throw new InvalidDataException($"{path}: others may read the passphrase. Say: chmod 600 {path}");
        }

        return new FileInfo(path).Length <= PassphraseBytesMax
            ? File.ReadAllText(path).TrimEnd('\r', '\n')
            : throw new InvalidDataException($"{path}: a passphrase has at most {PassphraseBytesMax} bytes");
    }
}
