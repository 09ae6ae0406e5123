namespace Camelid.Protocol.Peers.Addresses;

/// <summary>
/// Rule P-21: small files of the peer engine: kind (1) ‖ magic of the network (4) ‖ content ‖ SHA-256 of all before it.
/// A damaged file is refused and its owner starts empty.
/// </summary>
internal static class PeerFile
{
    internal const int OverheadBytes = 1 + 4 + Hash256.Bytes;

    internal static byte[] Seal(byte kind, Network network, ReadOnlySpan<byte> content)
    {
        CanonicalWriter writer = new();
        writer.Byte(kind).UInt32(network.Magic).Raw(content);
        return writer.Hash(Hashes.Sha256(writer.Written)).ToArray();
    }

    internal static RuleCode Open(byte kind, Network network, ReadOnlySpan<byte> file, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (file.Length < OverheadBytes
            || Hashes.Sha256(file[..^Hash256.Bytes]) != Hash256.FromBytes(file[^Hash256.Bytes..]))
        {
            return RuleCode.PeerFileDamaged;
        }

        CanonicalReader reader = new(file);
        if (reader.Byte() != kind || reader.UInt32() != network.Magic)
        {
            return RuleCode.PeerFileOther;
        }

        content = file[5..^Hash256.Bytes];
        return RuleCode.Accepted;
    }
}
