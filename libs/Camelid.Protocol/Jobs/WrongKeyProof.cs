using Camelid.Protocol.Models;

namespace Camelid.Protocol.Jobs;

/// <summary>What a proof about a key shows.</summary>
public enum WrongKeyFinding
{
    /// <summary>Not judged.</summary>
    Unset = 0,

    /// <summary>The key committed to leads elsewhere: the stake is slashed.</summary>
    Proved = 1,

    /// <summary>The key's hash is not the testament's.</summary>
    KeyNotCommitted = 2,

    /// <summary>The chunk is not under the ciphertext root.</summary>
    ChunkNotBound = 3,

    /// <summary>The leaf is not under the output root.</summary>
    LeafNotBound = 4,

    /// <summary>The key opens this chunk to this leaf: nothing is wrong here.</summary>
    KeyIsRight = 5,
}

/// <summary>
/// Rule E-23: one chunk and one leaf show that the key published by the claim does not open what was committed.
/// </summary>
public sealed record WrongKeyProof
{
    /// <summary>k, as the claim published it.</summary>
    public required Hash256 Key { get; init; }

    /// <summary>The chunk's index.</summary>
    public required int Index { get; init; }

    /// <summary>The 32 bytes of ciphertext chunk.</summary>
    public required Hash256 Chunk { get; init; }

    /// <summary>The output leaf at the same index.</summary>
    public required Hash256 OutputLeaf { get; init; }

    /// <summary>The path of the chunk's leaf to the ciphertext root.</summary>
    public required IReadOnlyList<Hash256> ChunkPath { get; init; }

    /// <summary>The path of the output leaf to the output root.</summary>
    public required IReadOnlyList<Hash256> OutputPath { get; init; }

    /// <summary>Judges the proof by hashes alone, as every node does.</summary>
    public WrongKeyFinding Judge(Testament testament)
    {
        byte[] key = Key.ToBytes();
        byte[] chunk = Chunk.ToBytes();
        HashPosition position = new(Index, (int)Math.Min(testament.ChunkCount, int.MaxValue));
        if (Hash160.Of(key) != testament.KeyHash)
        {
            return WrongKeyFinding.KeyNotCommitted;
        }

        Hash256 chunkLeaf = OutputCommitment.CiphertextLeaf(Math.Max(Index, 0), chunk);
        if (!HashTree.Verify(testament.CiphertextRoot, chunkLeaf, position, ChunkPath))
        {
            return WrongKeyFinding.ChunkNotBound;
        }

        if (!HashTree.Verify(testament.OutputRoot, OutputLeaf, position, OutputPath))
        {
            return WrongKeyFinding.LeafNotBound;
        }

        byte[] plain = OutputCommitment.MaskChunk(Index, chunk, key);
        return OutputCommitment.OutputLeaf(Index, plain, key) == OutputLeaf
            ? WrongKeyFinding.KeyIsRight
            : WrongKeyFinding.Proved;
    }

    /// <summary>The canonical bytes.</summary>
    public byte[] Encode()
    {
        CanonicalWriter writer = new();
        writer.Hash(Key).UInt32(checked((uint)Index)).Hash(Chunk).Hash(OutputLeaf);
        WritePath(writer, ChunkPath);
        WritePath(writer, OutputPath);
        return writer.ToArray();
    }

    /// <summary>Reads canonical bytes; refuses longer paths than any output has.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out WrongKeyProof? proof)
    {
        CanonicalReader reader = new(bytes);
        WrongKeyProof read = new()
        {
            Key = reader.Hash(),
            Index = reader.Count(OutputCommitment.ChunksMax - 1),
            Chunk = reader.Hash(),
            OutputLeaf = reader.Hash(),
            ChunkPath = ReadPath(ref reader),
            OutputPath = ReadPath(ref reader),
        };
        proof = reader.AtEnd ? read : null;
        return proof is not null;
    }

    /// <summary>Equal fields.</summary>
    public bool Equals(WrongKeyProof? other) => other is not null && Encode().AsSpan().SequenceEqual(other.Encode());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Key, Index, Chunk, OutputLeaf);

    private static void WritePath(CanonicalWriter writer, IReadOnlyList<Hash256> path)
    {
        writer.UInt32((uint)path.Count);
        foreach (Hash256 hash in path)
        {
            writer.Hash(hash);
        }
    }

    private static Hash256[] ReadPath(ref CanonicalReader reader)
    {
        Hash256[] path = new Hash256[reader.Count(HashTree.PathMax)];
        for (int i = 0; i < path.Length; i++)
        {
            path[i] = reader.Hash();
        }

        return path;
    }
}
