namespace Camelid.Protocol.Models.Chunks;

/// <summary>
/// Rule J-38: what an interrupted download left on disk: version (u8, 1) ‖ model root (32) ‖ chunks (u32) ‖ bitmap ‖
/// SHA-256 of all before. A torn or foreign file is refused.
/// </summary>
/// <remarks>A bit says where to look, no more: a chunk counts once it was read back and its leaf is right.</remarks>
public static class PullProgress
{
    /// <summary>Most bytes of a file.</summary>
    public const int BytesMax = HeadBytes + (ModelLayout.ChunksMax / 8) + Hash256.Bytes;

    private const byte Version = 1;
    private const int HeadBytes = 1 + Hash256.Bytes + 4;

    /// <summary>The file.</summary>
    public static byte[] Encode(Hash256 root, ChunkBits have)
    {
        CanonicalWriter writer = new();
        writer.Byte(Version).Hash(root).UInt32((uint)have.Count).Raw(have.ToBytes());
        return writer.Hash(Hashes.Sha256(writer.Written)).ToArray();
    }

    /// <summary>Reads the file of that model; null where it is torn, or another model's.</summary>
    public static ChunkBits? Decode(ReadOnlySpan<byte> file, Hash256 root, int chunksCount)
    {
        if (file.Length != HeadBytes + ChunkBits.BytesOf(chunksCount) + Hash256.Bytes
            || Hashes.Sha256(file[..^Hash256.Bytes]) != Hash256.FromBytes(file[^Hash256.Bytes..]))
        {
            return null;
        }

        CanonicalReader reader = new(file);
        return reader.Byte() == Version && reader.Hash() == root && reader.UInt32() == (uint)chunksCount
            ? ChunkBits.FromBytes(chunksCount, file[HeadBytes..^Hash256.Bytes])
            : null;
    }
}
