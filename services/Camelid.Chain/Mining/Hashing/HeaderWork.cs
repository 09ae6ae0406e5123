using System.Buffers.Binary;
using System.Numerics;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Mining.Hashing;

/// <summary>
/// What all nonces of a header have in common, computed once: the state after the first 64 bytes, that of the second
/// block after three rounds, and the words of its schedule as far as the nonce does not change them. Immutable.
/// </summary>
/// <remarks>
/// The second block is 3 words of the header, the nonce, a one bit, zeros and the length (640). The nonce is word 3: it
/// enters words 3, 18, 19 and what follows from those.
/// </remarks>
internal sealed class HeaderWork
{
    /// <summary>The word of the second block that is the nonce.</summary>
    public const int NonceWord = 3;

    /// <summary>The word after a message: its first bit is a one.</summary>
    public const uint PaddingWord = 0x8000_0000;

    private const int NonceOffset = 76;
    private const int HeaderBits = 8 * BlockHeader.Bytes;

    private readonly byte[] bytes;
    private readonly BigInteger target;
    private readonly uint[] midstate = [.. Sha256Words.Initial];
    private readonly uint[] words = new uint[20];
    private readonly uint[] afterNonce = new uint[Sha256Words.StateWords];

    /// <summary>Prepares a header.</summary>
    /// <exception cref="ArgumentException">No target has its bits.</exception>
    public HeaderWork(BlockHeader header)
        : this(header, ProofOfWork.TargetOf(header.Bits))
    {
    }

    /// <summary>Prepares a header for any target.</summary>
    /// <param name="header">The header; its bits are hashed and do not matter else.</param>
    /// <param name="target">The greatest hash that counts, below 2^256.</param>
    public HeaderWork(BlockHeader header, BigInteger target)
    {
        Header = header;
        this.target = target;
        Limit = (uint)(target >> 224);
        bytes = header.Encode();
        Span<uint> all = stackalloc uint[BlockHeader.Bytes / 4];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(4 * i));
        }

        Sha256Words.Compress(midstate, all[..Sha256Words.BlockWords]);
        all[Sha256Words.BlockWords..].CopyTo(words);
        words[NonceWord] = 0;
        words[NonceWord + 1] = PaddingWord;
        words[15] = HeaderBits;
        for (int i = Sha256Words.BlockWords; i < words.Length; i++)
        {
            words[i] = words[i - 16] + words[i - 7]
                + LaneOne.SmallSigma0(words[i - 15]) + LaneOne.SmallSigma1(words[i - 2]);
        }

        // The words that depend on the nonce lack its part: σ0(nonce) in word 18, the nonce in word 19. Words 16 and 17
        // do not; what they gave to 18 and 19 is whole.
        midstate.CopyTo(afterNonce, 0);
        for (int i = 0; i <= NonceWord; i++)
        {
            Sha256Words.Round(afterNonce, words[i] + Sha256Words.RoundConstants[i]);
        }
    }

    /// <summary>The header, whatever its nonce.</summary>
    public BlockHeader Header { get; }

    /// <summary>The 32 highest bits of the target: a hash whose highest bits are above it does not reach it.</summary>
    public uint Limit { get; }

    /// <summary>The state after the first 64 bytes.</summary>
    public ReadOnlySpan<uint> Midstate => midstate;

    /// <summary>
    /// The state after the rounds 0 to 3 of the second block with nonce 0: a nonce is to be added to its words 0 and 4.
    /// </summary>
    public ReadOnlySpan<uint> AfterNonce => afterNonce;

    /// <summary>
    /// The first 20 words of the second block's schedule with nonce 0. The nonce is to be added to the words 3 and 19,
    /// σ0 of it to word 18.
    /// </summary>
    public ReadOnlySpan<uint> Words => words;

    /// <summary>True where the hash with this nonce is at most the target, by the platform's SHA-256.</summary>
    public bool Reaches(uint nonce) =>
        new BigInteger(Hash(nonce).ToBytes(), isUnsigned: true) <= target;

    /// <summary>The header's hash with this nonce, by the platform's SHA-256.</summary>
    public Hash256 Hash(uint nonce)
    {
        Span<byte> copy = stackalloc byte[BlockHeader.Bytes];
        bytes.CopyTo(copy);
        BinaryPrimitives.WriteUInt32LittleEndian(copy[NonceOffset..], nonce);
        return Hashes.Sha256d(copy);
    }
}
