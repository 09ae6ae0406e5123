using System.Buffers.Binary;

namespace Camelid.Chain.Storage;

/// <summary>
/// Memory for records of some dozen bytes: large arrays, out of which pieces of a multiple of eight bytes are handed
/// out and taken back. A piece that was taken back serves the next record of its size.
/// </summary>
internal sealed class OutputArena
{
    /// <summary>Bytes of one array; no record is longer.</summary>
    public const int ChunkBytes = 1 << 22;

    private const int UnitBytes = 8;
    private const int ChunkUnits = ChunkBytes / UnitBytes;

    private readonly List<byte[]> chunks = [];
    private readonly uint[] freed = new uint[(OutputCoding.BytesMax / UnitBytes) + 2];
    private uint next;

    /// <summary>Bytes in all arrays, used or not.</summary>
    public long ReservedBytes => (long)chunks.Count * ChunkBytes;

    /// <summary>Bytes of the records, rounded up to the unit.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>Takes room for a record.</summary>
    /// <returns>Its address, which is never 0.</returns>
    /// <exception cref="InvalidOperationException">32 GB are used.</exception>
    public uint Take(int bytes)
    {
        int units = Units(bytes);
        UsedBytes += units * UnitBytes;
        uint address = freed[units];
        if (address != 0)
        {
            freed[units] = BinaryPrimitives.ReadUInt32LittleEndian(At(address));
            return address;
        }

        if (chunks.Count == 0 || (next % ChunkUnits) + units > ChunkUnits || next / ChunkUnits >= chunks.Count)
        {
            if (chunks.Count == uint.MaxValue / ChunkUnits)
            {
                throw new InvalidOperationException("the unspent outputs fill the 32 GB that can be addressed");
            }

            next = (uint)(chunks.Count * (long)ChunkUnits) + (chunks.Count == 0 ? 1u : 0u);
            chunks.Add(GC.AllocateUninitializedArray<byte>(ChunkBytes));
        }

        address = next;
        next += (uint)units;
        return address;
    }

    /// <summary>Gives the room of a record back.</summary>
    public void Give(uint address, int bytes)
    {
        int units = Units(bytes);
        UsedBytes -= units * UnitBytes;
        BinaryPrimitives.WriteUInt32LittleEndian(At(address), freed[units]);
        freed[units] = address;
    }

    /// <summary>The bytes from an address to the end of its array.</summary>
    public Span<byte> At(uint address) =>
        chunks[(int)(address / ChunkUnits)].AsSpan((int)(address % ChunkUnits) * UnitBytes);

    private static int Units(int bytes) => (bytes + UnitBytes - 1) / UnitBytes;
}
