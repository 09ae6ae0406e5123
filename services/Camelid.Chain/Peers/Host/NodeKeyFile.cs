using System.Security.Cryptography;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Peers.Host;

/// <summary>
/// The key that names this node among its peers: 32 bytes of its own, not of the wallet. So a node whose wallet is
/// locked, or that has none, has a name, and no message between peers is signed with a key that holds coin.
/// </summary>
internal static class NodeKeyFile
{
    private const string FileName = "node-key";
    private const int Bytes = 32;

    /// <summary>Reads the key; makes one at the first start, and where the file holds none.</summary>
    /// <param name="folder">The folder; it is made.</param>
    /// <param name="curve">The curve.</param>
    /// <exception cref="IOException">The file can be neither read nor written.</exception>
    public static PrivateKey ReadOrCreate(string folder, ISecp256k1 curve)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, FileName);
        if (File.Exists(path) && new FileInfo(path).Length == Bytes
            && PrivateKey.FromBytes(File.ReadAllBytes(path), curve) is { } found)
        {
            return found;
        }

        byte[] drawn;
        PrivateKey? made;
        do
        {
            drawn = RandomNumberGenerator.GetBytes(Bytes);
            made = PrivateKey.FromBytes(drawn, curve);
        }
        while (made is null);

        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        string beside = path + ".new";
        using (FileStream file = new(beside, options))
        {
            file.Write(drawn);
            file.Flush(flushToDisk: true);
        }

        File.Move(beside, path, overwrite: true);
        return made;
    }
}
