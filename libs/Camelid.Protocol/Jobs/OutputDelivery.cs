using Camelid.Protocol.Models;

namespace Camelid.Protocol.Jobs;

/// <summary>
/// Rule E-24: what a client holds, and has checked against the testament, before it pays: the ciphertext and the
/// output leaves. With both, a wrong key is proved by one chunk.
/// </summary>
public sealed record OutputDelivery
{
    /// <summary>Most canonical bytes.</summary>
    public const int BytesMax = 4 + (2 * OutputCommitment.ChunkBytes * OutputCommitment.ChunksMax);

    /// <summary>The ciphertext, a multiple of 32 bytes. Never written to.</summary>
    public required byte[] Ciphertext { get; init; }

    /// <summary>One output leaf for each chunk.</summary>
    public required IReadOnlyList<Hash256> OutputLeaves { get; init; }

    /// <summary>The canonical bytes: ciphertext with its length, then the leaves.</summary>
    public byte[] Encode()
    {
        CanonicalWriter writer = new();
        writer.Bytes(Ciphertext);
        foreach (Hash256 leaf in OutputLeaves)
        {
            writer.Hash(leaf);
        }

        return writer.ToArray();
    }

    /// <summary>Reads canonical bytes; refuses a broken number of chunks or leaves.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out OutputDelivery? delivery)
    {
        delivery = null;
        CanonicalReader reader = new(bytes);
        byte[] ciphertext = reader.Bytes(OutputCommitment.ChunksMax * OutputCommitment.ChunkBytes);
        if (!OutputCommitment.IsCiphertextLength(ciphertext.Length)
            || bytes.Length - reader.Position != ciphertext.Length)
        {
            return false;
        }

        Hash256[] leaves = new Hash256[ciphertext.Length / OutputCommitment.ChunkBytes];
        for (int i = 0; i < leaves.Length; i++)
        {
            leaves[i] = reader.Hash();
        }

        delivery = reader.AtEnd ? new OutputDelivery { Ciphertext = ciphertext, OutputLeaves = leaves } : null;
        return delivery is not null;
    }

    /// <summary>
    /// Rule E-24: true where ciphertext and leaves are the ones that the testament binds. Else: don't pay.
    /// </summary>
    public bool IsBoundBy(Testament testament) =>
        OutputCommitment.IsCiphertextLength(Ciphertext.Length)
        && Ciphertext.Length / OutputCommitment.ChunkBytes == testament.ChunkCount
        && OutputLeaves.Count == testament.ChunkCount
        && HashTree.Root(OutputCommitment.CiphertextLeaves(Ciphertext)) == testament.CiphertextRoot
        && HashTree.Root(OutputLeaves) == testament.OutputRoot;

    /// <summary>
    /// The proof that k does not open what was committed to, or null: every chunk leads to its leaf, and if the output
    /// is nonsense all the same, that is for the verification rules.
    /// </summary>
    /// <param name="key">The key that the claim published, 32 bytes.</param>
    public WrongKeyProof? ProveWrongKey(ReadOnlySpan<byte> key)
    {
        for (int i = 0; i < OutputLeaves.Count; i++)
        {
            byte[] chunk = Ciphertext.AsSpan(i * OutputCommitment.ChunkBytes, OutputCommitment.ChunkBytes).ToArray();
            byte[] plain = OutputCommitment.MaskChunk(i, chunk, key);
            if (OutputCommitment.OutputLeaf(i, plain, key) != OutputLeaves[i])
            {
                return new WrongKeyProof
                {
                    Key = Hash256.FromBytes(key),
                    Index = i,
                    Chunk = Hash256.FromBytes(chunk),
                    OutputLeaf = OutputLeaves[i],
                    ChunkPath = HashTree.Path(OutputCommitment.CiphertextLeaves(Ciphertext), i),
                    OutputPath = HashTree.Path(OutputLeaves, i),
                };
            }
        }

        return null;
    }

    /// <summary>Equal ciphertext and leaves.</summary>
    public bool Equals(OutputDelivery? other) => other is not null
        && Ciphertext.AsSpan().SequenceEqual(other.Ciphertext) && OutputLeaves.SequenceEqual(other.OutputLeaves);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Ciphertext.Length, OutputLeaves.Count);
}
