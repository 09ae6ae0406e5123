using System.Security.Cryptography;
using Camelid.Protocol.Models;

namespace Camelid.Protocol.Jobs;

/// <summary>
/// Rules E-20 to E-22: an output hidden under a key k and committed to. Chunks p_i of 32 bytes, the last padded with
/// zeros; c_i = p_i ⊕ SHA256(k ‖ "pad" ‖ i); output leaf = SHA256(0x00 ‖ i ‖ SHA256(k ‖ "salt" ‖ i) ‖ p_i);
/// ciphertext leaf = SHA256(0x00 ‖ i ‖ c_i); i is a little-endian u32.
/// </summary>
/// <remarks>
/// Without the salt a one-token answer could be found by hashing the vocabulary. The output leaves travel with the
/// ciphertext: without them a client that is given a wrong key could not show which leaf it contradicts.
/// </remarks>
public sealed record OutputCommitment
{
    /// <summary>Bytes in a chunk.</summary>
    public const int ChunkBytes = 32;

    /// <summary>Bytes in the key k.</summary>
    public const int KeyBytes = 32;

    /// <summary>Most chunks of an output.</summary>
    public const int ChunksMax = (JobOutput.BytesMax + ChunkBytes - 1) / ChunkBytes;

    private OutputCommitment()
    {
    }

    /// <summary>The root over the output leaves.</summary>
    public required Hash256 OutputRoot { get; init; }

    /// <summary>The ciphertext, a multiple of <see cref="ChunkBytes"/>. Never written to.</summary>
    public required byte[] Ciphertext { get; init; }

    /// <summary>The root over the ciphertext leaves.</summary>
    public required Hash256 CiphertextRoot { get; init; }

    /// <summary>The number of chunks.</summary>
    public required uint ChunkCount { get; init; }

    /// <summary>h(k) = HASH160(k), which the payment's script asks for.</summary>
    public required Hash160 KeyHash { get; init; }

    /// <summary>The output leaves, in order.</summary>
    public required IReadOnlyList<Hash256> OutputLeaves { get; init; }

    /// <summary>What goes to the client besides the testament.</summary>
    public OutputDelivery Delivery => new() { Ciphertext = Ciphertext, OutputLeaves = OutputLeaves };

    /// <summary>Hides and commits an output.</summary>
    /// <param name="output">The output.</param>
    /// <param name="key">k: 32 random bytes, used for this job only.</param>
    /// <exception cref="ArgumentException">The key has another length, or the output is out of form.</exception>
    public static OutputCommitment Create(JobOutput output, ReadOnlySpan<byte> key)
    {
        CheckKey(key);
        byte[] plain = Pad(output.Encode());
        Hash256[] leaves = OutputLeavesOf(plain, key);
        byte[] ciphertext = Mask(plain, key);
        return new OutputCommitment
        {
            OutputRoot = HashTree.Root(leaves),
            Ciphertext = ciphertext,
            CiphertextRoot = HashTree.Root(CiphertextLeaves(ciphertext)),
            ChunkCount = (uint)leaves.Length,
            KeyHash = Hash160.Of(key),
            OutputLeaves = leaves,
        };
    }

    /// <summary>Opens a ciphertext; true only where the key leads exactly to the committed root.</summary>
    public static bool TryOpen(
        ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> key, Hash256 outputRoot, out JobOutput? output)
    {
        output = null;
        if (key.Length != KeyBytes || !IsCiphertextLength(ciphertext.Length))
        {
            return false;
        }

        byte[] plain = Mask(ciphertext, key);
        return HashTree.Root(OutputLeavesOf(plain, key)) == outputRoot && TryUnpad(plain, out output);
    }

    /// <summary>The leaves of a ciphertext.</summary>
    /// <exception cref="ArgumentException">Not a whole number of chunks.</exception>
    public static IReadOnlyList<Hash256> CiphertextLeaves(ReadOnlySpan<byte> ciphertext)
    {
        if (!IsCiphertextLength(ciphertext.Length))
        {
            throw new ArgumentException(
                $"{ciphertext.Length} bytes are not 1 … {ChunksMax} chunks", nameof(ciphertext));
        }

        Hash256[] leaves = new Hash256[ciphertext.Length / ChunkBytes];
        for (int i = 0; i < leaves.Length; i++)
        {
            leaves[i] = CiphertextLeaf(i, ciphertext.Slice(i * ChunkBytes, ChunkBytes));
        }

        return leaves;
    }

    /// <summary>Rule E-22: the leaf of one ciphertext chunk.</summary>
    internal static Hash256 CiphertextLeaf(int index, ReadOnlySpan<byte> chunk) => Hashes.Sha256(
        new CanonicalWriter().Byte(HashTree.LeafPrefix).UInt32((uint)index).Raw(chunk).Written);

    /// <summary>Rule E-21: the salted leaf of one plain chunk.</summary>
    internal static Hash256 OutputLeaf(int index, ReadOnlySpan<byte> chunk, ReadOnlySpan<byte> key) => Hashes.Sha256(
        new CanonicalWriter().Byte(HashTree.LeafPrefix).UInt32((uint)index)
            .Hash(KeyStream(key, "salt"u8, index)).Raw(chunk).Written);

    /// <summary>Rule E-20: masks or unmasks one chunk.</summary>
    internal static byte[] MaskChunk(int index, ReadOnlySpan<byte> chunk, ReadOnlySpan<byte> key)
    {
        byte[] masked = KeyStream(key, "pad"u8, index).ToBytes();
        for (int i = 0; i < masked.Length; i++)
        {
            masked[i] ^= chunk[i];
        }

        return masked;
    }

    internal static bool IsCiphertextLength(int bytes) =>
        bytes > 0 && bytes % ChunkBytes == 0 && bytes / ChunkBytes <= ChunksMax;

    private static Hash256 KeyStream(ReadOnlySpan<byte> key, ReadOnlySpan<byte> use, int index) =>
        Hashes.Sha256(new CanonicalWriter().Raw(key).Raw(use).UInt32((uint)index).Written);

    private static Hash256[] OutputLeavesOf(ReadOnlySpan<byte> plain, ReadOnlySpan<byte> key)
    {
        Hash256[] leaves = new Hash256[plain.Length / ChunkBytes];
        for (int i = 0; i < leaves.Length; i++)
        {
            leaves[i] = OutputLeaf(i, plain.Slice(i * ChunkBytes, ChunkBytes), key);
        }

        return leaves;
    }

    private static byte[] Mask(ReadOnlySpan<byte> text, ReadOnlySpan<byte> key)
    {
        byte[] masked = new byte[text.Length];
        for (int i = 0; i < text.Length / ChunkBytes; i++)
        {
            MaskChunk(i, text.Slice(i * ChunkBytes, ChunkBytes), key).CopyTo(masked.AsSpan(i * ChunkBytes));
        }

        return masked;
    }

    private static byte[] Pad(byte[] bytes)
    {
        byte[] padded = new byte[(bytes.Length + ChunkBytes - 1) / ChunkBytes * ChunkBytes];
        bytes.CopyTo(padded, 0);
        return padded;
    }

    /// <summary>
    /// The head says how long the output is; the rest of the last chunk is zero, or two texts were one output.
    /// </summary>
    private static bool TryUnpad(ReadOnlySpan<byte> plain, out JobOutput? output)
    {
        output = null;
        CanonicalReader head = new(plain);
        head.Byte();
        int bytes = JobOutput.BytesOf(head.Count(JobParameters.TokensMax));
        return !head.Failed && bytes <= plain.Length && plain.Length - bytes < ChunkBytes
            && !plain[bytes..].ContainsAnyExcept((byte)0) && JobOutput.TryDecode(plain[..bytes], out output);
    }

    private static void CheckKey(ReadOnlySpan<byte> key)
    {
        if (key.Length != KeyBytes)
        {
            throw new ArgumentException($"the key has {KeyBytes} bytes, not {key.Length}", nameof(key));
        }
    }

    /// <summary>Equal roots and ciphertext.</summary>
    public bool Equals(OutputCommitment? other) => other is not null && OutputRoot == other.OutputRoot
        && KeyHash == other.KeyHash && CryptographicOperations.FixedTimeEquals(Ciphertext, other.Ciphertext);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(OutputRoot, CiphertextRoot, KeyHash);
}
