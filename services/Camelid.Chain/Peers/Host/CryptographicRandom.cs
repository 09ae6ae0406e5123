using System.Security.Cryptography;

namespace Camelid.Chain.Peers.Host;

/// <summary>
/// The randomness of a real node: nonces, salts and choices that no peer can foresee. A simulation passes a seeded
/// <see cref="Random"/> instead.
/// </summary>
internal sealed class CryptographicRandom : Random
{
    /// <inheritdoc/>
    public override int Next() => RandomNumberGenerator.GetInt32(int.MaxValue);

    /// <inheritdoc/>
    public override int Next(int maxValue) => Next(0, maxValue);

    /// <inheritdoc/>
    public override int Next(int minValue, int maxValue) =>
        minValue == maxValue ? minValue : RandomNumberGenerator.GetInt32(minValue, maxValue);

    /// <inheritdoc/>
    public override long NextInt64() => NextInt64(long.MaxValue);

    /// <inheritdoc/>
    public override long NextInt64(long maxValue) => NextInt64(0, maxValue);

    /// <inheritdoc/>
    public override long NextInt64(long minValue, long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        if (minValue == maxValue)
        {
            return minValue;
        }

        // 128 random bits over a range of at most 64: what the remainder favours is below 2^-64.
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        UInt128 range = (UInt128)((Int128)maxValue - minValue);
        UInt128 drawn = System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(bytes) % range;
        return (long)(minValue + (Int128)drawn);
    }

    /// <inheritdoc/>
    public override void NextBytes(byte[] buffer) => RandomNumberGenerator.Fill(buffer);

    /// <inheritdoc/>
    public override void NextBytes(Span<byte> buffer) => RandomNumberGenerator.Fill(buffer);

    /// <inheritdoc/>
    public override double NextDouble() => Sample();

    /// <inheritdoc/>
    protected override double Sample() => NextInt64(1L << 53) / (double)(1L << 53);
}
