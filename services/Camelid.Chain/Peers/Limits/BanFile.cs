using Camelid.Protocol;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Limits;

/// <summary>Keeps the operator's bans over a restart, by the wall clock. A damaged file bans nobody.</summary>
internal sealed class BanFile(PeerSetting setting)
{
    private const string FileName = "bans";
    private const byte Format = 1;

    /// <summary>Reads the bans that are not over.</summary>
    public static HostList Load(PeerSetting setting)
    {
        HostList list = new(setting.Options.DiscouragedMax);
        ReadOnlySpan<byte> file = setting.Store.Read(FileName);
        bool isWhole = file.Length >= Hash256.Bytes
            && Hashes.Sha256(file[..^Hash256.Bytes]) == Hash256.FromBytes(file[^Hash256.Bytes..]);
        CanonicalReader reader = new(isWhole ? file[..^Hash256.Bytes] : default);
        int count = reader.Byte() == Format ? reader.Count(setting.Options.DiscouragedMax) : 0;
        long now = setting.Time.GetUtcNow().ToUnixTimeSeconds();
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            ReadOnlySpan<byte> ip = reader.Raw(PeerAddress.IpBytes);
            long left = reader.Int64() - now;
            if (!reader.Failed && left > 0 && PeerAddress.FromBytes(ip, 1) is { } address)
            {
                list.Add(PeerHost.Of(address), TimeSpan.FromSeconds(Math.Min(left, 366 * 86_400)));
            }
        }

        return list;
    }

    /// <summary>Writes the bans.</summary>
    public void Save(HostList list, TimeSpan now)
    {
        long wall = setting.Time.GetUtcNow().ToUnixTimeSeconds();
        CanonicalWriter writer = new CanonicalWriter().Byte(Format).UInt32((uint)list.Count);
        foreach ((PeerHost host, TimeSpan end) in list.All)
        {
            writer.Raw(host.At(1)!.Value.IpToBytes()).Int64(wall + (long)(end - now).TotalSeconds);
        }

        setting.Store.Write(FileName, writer.Hash(Hashes.Sha256(writer.Written)).ToArray());
    }
}
