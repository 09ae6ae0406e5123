using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Camelid.Protocol.Blocks;

/// <summary>Rule C-12: SHA256d of the header, read as a little-endian number, is at most the target.</summary>
public static class ProofOfWork
{
    private const int NonceOffset = 76;

    /// <summary>
    /// Rule C-12: the bits are in form and no easier than the network's limit, and the hash is at most the target. That
    /// they are the bits that are due is rule C-24.
    /// </summary>
    public static RuleCode Check(BlockHeader header, Network network)
    {
        if (Target(header.Bits) is not { } target || target > TargetOf(network.LimitBits)
            || (network.HasFixedDifficulty && header.Bits != network.GenesisBits))
        {
            return RuleCode.WrongBits;
        }

        return Number(header.Hash.Value) <= target ? RuleCode.Accepted : RuleCode.ProofOfWorkTooLow;
    }

    /// <summary>The target of compact bits; null where they are negative, zero or above 256 bits.</summary>
    public static BigInteger? Target(uint bits)
    {
        int exponent = (int)(bits >> 24);
        uint mantissa = bits & 0x007f_ffff;
        BigInteger target = exponent <= 3
            ? mantissa >> (8 * (3 - exponent))
            : new BigInteger(mantissa) << (8 * (exponent - 3));
        bool bad = (bits & 0x0080_0000) != 0 || target.IsZero || target >= BigInteger.One << 256;
        return bad ? null : target;
    }

    /// <summary>The target of compact bits that are known to be in form.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They are not.</exception>
    public static BigInteger TargetOf(uint bits) =>
        Target(bits) ?? throw new ArgumentOutOfRangeException(nameof(bits), bits, "no target has these bits");

    /// <summary>The compact bits of a target: its three highest bytes; what is below is lost.</summary>
    public static uint BitsOf(BigInteger target)
    {
        int exponent = (int)((target.GetBitLength() + 7) / 8);
        uint mantissa = (uint)(exponent <= 3 ? target << (8 * (3 - exponent)) : target >> (8 * (exponent - 3)));
        if ((mantissa & 0x0080_0000) != 0)
        {
            mantissa >>= 8;
            exponent++;
        }

        return mantissa | ((uint)exponent << 24);
    }

    /// <summary>The hashes expected for a block of these bits, 2^256 / (target + 1); zero for bad bits.</summary>
    public static BigInteger Work(uint bits) =>
        Target(bits) is { } target ? (BigInteger.One << 256) / (target + 1) : BigInteger.Zero;

    /// <summary>Tries nonces from <paramref name="startNonce"/>, at most <paramref name="count"/> of them.</summary>
    /// <returns>The header with a nonce that reaches the target, or null.</returns>
    public static BlockHeader? TryFind(BlockHeader header, uint startNonce, uint count)
    {
        if (Target(header.Bits) is not { } target)
        {
            return null;
        }

        byte[] bytes = header.Encode();
        Span<byte> digest = stackalloc byte[Hash256.Bytes];
        for (ulong tried = 0; tried < count && startNonce + tried <= uint.MaxValue; tried++)
        {
            uint nonce = (uint)(startNonce + tried);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(NonceOffset), nonce);
            SHA256.HashData(bytes, digest);
            SHA256.HashData(digest, digest);
            if (new BigInteger(digest, isUnsigned: true) <= target)
            {
                return header with { Nonce = nonce };
            }
        }

        return null;
    }

    private static BigInteger Number(Hash256 hash) => new(hash.ToBytes(), isUnsigned: true);
}
