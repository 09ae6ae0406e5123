using System.Security.Cryptography;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Peers.Compact;

/// <summary>
/// Rule P-14: what the short ids of one compact block are made with: SipHash-2-4 of the transaction id, the lower 48
/// bits, under the first 16 bytes of SHA256(header ‖ nonce).
/// </summary>
/// <remarks>
/// Nobody knows the key before the block is found, so nobody can make two transactions whose short ids will be equal;
/// and each sender draws another nonce, so a pair that is equal by chance is not so for everybody.
/// </remarks>
/// <param name="Hash">The keyed hash.</param>
/// <param name="Mask">Which bits of it count.</param>
internal readonly record struct ShortIdKey(SipHash Hash, ulong Mask)
{
    /// <summary>The bits of a short id.</summary>
    public const ulong FullMask = 0xffff_ffff_ffff;

    /// <summary>The key of a compact block.</summary>
    /// <param name="header">The header of the block.</param>
    /// <param name="nonce">The sender's nonce.</param>
    /// <param name="mask">Fewer bits than <see cref="FullMask"/> are for tests that want equal short ids.</param>
    public static ShortIdKey Of(BlockHeader header, ulong nonce, ulong mask = FullMask)
    {
        byte[] seed = new CanonicalWriter().Raw(header.Encode()).UInt64(nonce).ToArray();
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(seed, digest);
        return new ShortIdKey(SipHash.WithKey(digest), mask);
    }

    /// <summary>The short id of a transaction.</summary>
    public ulong ShortId(Txid txid) => Hash.Hash(txid.Value) & Mask;
}
