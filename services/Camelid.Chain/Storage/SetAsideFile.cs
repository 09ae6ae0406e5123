using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Storage;

/// <summary>
/// The blocks that the operator set aside, in a small file of their own: mark (8), genesis (32), u32 count, hashes,
/// SHA-256 of all that (32). They follow from nothing else, so that each change is waited for.
/// </summary>
internal static class SetAsideFile
{
    /// <summary>The name.</summary>
    public const string Name = "set-aside";

    /// <summary>Most blocks in the list.</summary>
    public const int CountMax = 1_000;

    private const long BytesMax = 8 + 4 + ((CountMax + 2L) * Hash256.Bytes);

    private static ReadOnlySpan<byte> Mark => "CAMELSA1"u8;

    /// <summary>Writes the whole list anew, durably.</summary>
    public static void Write(IStorageFolder folder, BlockHash genesis, IReadOnlyCollection<BlockHash> hashes)
    {
        CanonicalWriter writer = new();
        writer.Raw(Mark).Hash(genesis.Value).UInt32((uint)hashes.Count);
        foreach (BlockHash hash in hashes)
        {
            writer.Hash(hash.Value);
        }

        byte[] bytes = writer.Hash(Hashes.Sha256(writer.Written)).ToArray();
        KeptFile.Write(folder, Name, bytes);
    }

    /// <summary>Reads the list; empty where there is none, or where it is damaged.</summary>
    public static IReadOnlyCollection<BlockHash> Read(
        IStorageFolder folder, BlockHash genesis, ICollection<StorageDamage> damage)
    {
        try
        {
            byte[]? bytes = KeptFile.Read(folder, Name, BytesMax);
            if (bytes is null)
            {
                return [];
            }

            if (Decode(bytes, genesis) is { } hashes)
            {
                return hashes;
            }

            damage.Add(new StorageDamage(
                folder.PathOf(Name), 0, "the list of blocks that were set aside is lost; set them aside again"));
        }
        catch (IOException error)
        {
            damage.Add(new StorageDamage(folder.PathOf(Name), 0, error.Message));
        }

        return [];
    }

    private static BlockHash[]? Decode(ReadOnlySpan<byte> bytes, BlockHash genesis)
    {
        if (bytes.Length < Hash256.Bytes
            || Hashes.Sha256(bytes[..^Hash256.Bytes]) != Hash256.FromBytes(bytes[^Hash256.Bytes..]))
        {
            return null;
        }

        CanonicalReader reader = new(bytes[..^Hash256.Bytes]);
        bool isOurs = reader.Raw(Mark.Length).SequenceEqual(Mark) && reader.Hash() == genesis.Value;
        BlockHash[] hashes = new BlockHash[reader.Count(CountMax)];
        for (int i = 0; i < hashes.Length; i++)
        {
            hashes[i] = new BlockHash(reader.Hash());
        }

        return isOurs && reader.AtEnd ? hashes : null;
    }
}
