using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Storage;

/// <summary>
/// Rule C-35: the unspent outputs as files: mark (8), genesis (32), tip (32), height (4), count (8), content hash (32),
/// the records, SHA-256 of all that (32). Written beside, flushed, and renamed; the last two are kept.
/// </summary>
internal sealed class SnapshotFiles(IStorageFolder folder, BlockHash genesis)
{
    /// <summary>Snapshots that are kept: where the newest is damaged, the other one serves.</summary>
    public const int KeptCount = 2;

    private const int HeadBytes = 8 + (3 * Hash256.Bytes) + 4 + 8;
    private const int BufferBytes = 1 << 20;
    private const string Prefix = "outputs-", Suffix = ".snapshot", Unfinished = "outputs.new";

    private static ReadOnlySpan<byte> Mark => "CAMELUX1"u8;

    /// <summary>Bytes of the last snapshot that was written or loaded; 0 before.</summary>
    public long LastBytes { get; private set; }

    /// <summary>The snapshots of this network, newest first; what was left unfinished is removed.</summary>
    public IReadOnlyList<StoredSnapshot> List(ICollection<StorageDamage> damage)
    {
        folder.Delete(Unfinished);
        List<StoredSnapshot> found = [];
        foreach (string name in Names().Reverse())
        {
            try
            {
                if (ReadHead(name) is { } snapshot)
                {
                    found.Add(snapshot);
                    continue;
                }

                damage.Add(new StorageDamage(folder.PathOf(name), 0, "the head of the snapshot is damaged"));
                folder.Delete(name);
            }
            catch (IOException error)
            {
                damage.Add(new StorageDamage(folder.PathOf(name), 0, error.Message));
            }
        }

        return found;
    }

    /// <summary>Writes a snapshot, and removes those that are not needed any more.</summary>
    /// <exception cref="IOException">It was not written: the older ones are as before.</exception>
    public void Save(BlockHash tip, int height, CompactOutputs outputs)
    {
        string[] before = [.. Names()];
        long number = before.Length == 0 ? 0 : NumberOf(before[^1]) + 1;
        try
        {
            using (IStorageFile file = folder.Open(Unfinished))
            {
                file.SetLength(0);
                LastBytes = Write(file, tip, height, outputs);
                file.Flush();
            }

            folder.Rename(Unfinished, NameOf(number));
            folder.Flush();
        }
        catch (IOException)
        {
            folder.Delete(Unfinished);
            throw;
        }

        foreach (string name in before.SkipLast(KeptCount - 1))
        {
            folder.Delete(name);
        }
    }

    /// <summary>Reads a snapshot and checks both of its hashes.</summary>
    /// <param name="snapshot">Which.</param>
    /// <param name="salt">The salt of the set.</param>
    /// <param name="damage">Where a damage is named; a file with a wrong hash is removed.</param>
    /// <returns>Null where it is damaged, or the disk does not give it.</returns>
    public CompactOutputs? Load(StoredSnapshot snapshot, UInt128 salt, ICollection<StorageDamage> damage)
    {
        string path = folder.PathOf(snapshot.Name);
        try
        {
            CompactOutputs? outputs;
            using (IStorageFile file = folder.Open(snapshot.Name))
            {
                LastBytes = file.Length;
                outputs = Read(file, new CompactOutputs(salt));
            }

            if (outputs is null)
            {
                damage.Add(new StorageDamage(path, 0, "the snapshot does not have the hash it was written with"));
                folder.Delete(snapshot.Name);
            }

            return outputs;
        }
        catch (IOException error)
        {
            damage.Add(new StorageDamage(path, 0, error.Message));
            return null;
        }
    }

    private static string NameOf(long number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:000000000}{Suffix}");

    private static long NumberOf(string name) =>
        long.TryParse(name[Prefix.Length..^Suffix.Length], CultureInfo.InvariantCulture, out long number) ? number : -1;

    private IEnumerable<string> Names() => folder.List().Where(name =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal)
        && NumberOf(name) is >= 0 and var number && NameOf(number) == name);

    private StoredSnapshot? ReadHead(string name)
    {
        byte[] head = new byte[HeadBytes];
        using IStorageFile file = folder.Open(name);
        if (!file.TryReadFully(head, 0))
        {
            return null;
        }

        CanonicalReader reader = new(head);
        bool isOurs = reader.Raw(Mark.Length).SequenceEqual(Mark) && reader.Hash() == genesis.Value;
        return isOurs ? new StoredSnapshot(name, new BlockHash(reader.Hash()), reader.Int32()) : null;
    }

    private long Write(IStorageFile file, BlockHash tip, int height, CompactOutputs outputs)
    {
        byte[] buffer = new byte[BufferBytes];
        byte[] head = new CanonicalWriter().Raw(Mark).Hash(genesis.Value).Hash(tip.Value).Int32(height)
            .Int64(outputs.Count).Hash(outputs.ContentHash()).ToArray();
        head.CopyTo(buffer, 0);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int used = head.Length;
        long offset = 0;
        foreach (ReadOnlyMemory<byte> record in outputs.Records())
        {
            if (used + record.Length > buffer.Length)
            {
                hash.AppendData(buffer, 0, used);
                file.Write(buffer.AsSpan(0, used), offset);
                offset += used;
                used = 0;
            }

            record.CopyTo(buffer.AsMemory(used));
            used += record.Length;
        }

        hash.AppendData(buffer, 0, used);
        file.Write(buffer.AsSpan(0, used), offset);
        file.Write(hash.GetHashAndReset(), offset + used);
        return offset + used + Hash256.Bytes;
    }

    private static CompactOutputs? Read(IStorageFile file, CompactOutputs outputs)
    {
        byte[] buffer = new byte[BufferBytes];
        long length = file.Length - Hash256.Bytes;
        byte[] head = new byte[HeadBytes];
        byte[] end = new byte[Hash256.Bytes];
        if (length < HeadBytes || !file.TryReadFully(head, 0) || !file.TryReadFully(end, length))
        {
            return null;
        }

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(head);
        int used = 0;
        for (long offset = HeadBytes; offset < length;)
        {
            int piece = (int)Math.Min(buffer.Length - used, length - offset);
            if (!file.TryReadFully(buffer.AsSpan(used, piece), offset))
            {
                return null;
            }

            hash.AppendData(buffer, used, piece);
            offset += piece;
            used += piece;
            int read = AddRecords(outputs, buffer.AsSpan(0, used));
            if (read < 0 || (read == 0 && used == buffer.Length))
            {
                return null;
            }

            buffer.AsSpan(read, used - read).CopyTo(buffer);
            used -= read;
        }

        ReadOnlySpan<byte> tail = head.AsSpan(HeadBytes - Hash256.Bytes - 8);
        bool isGood = used == 0 && hash.GetHashAndReset().AsSpan().SequenceEqual(end)
            && BinaryPrimitives.ReadInt64LittleEndian(tail) == outputs.Count
            && outputs.ContentHash() == Hash256.FromBytes(tail[8..]);
        return isGood ? outputs : null;
    }

    /// <summary>Adds the whole records with which the bytes begin.</summary>
    /// <returns>Bytes of them, or -1 where one is in the set already.</returns>
    private static int AddRecords(CompactOutputs outputs, ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        for (int length; (length = OutputCoding.LengthOf(bytes[at..])) > 0; at += length)
        {
            if (!outputs.TryAdd(bytes.Slice(at, length)))
            {
                return -1;
            }
        }

        return at;
    }
}
