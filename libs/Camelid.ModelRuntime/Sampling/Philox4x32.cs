namespace Camelid.ModelRuntime.Sampling;

/// <summary>
/// The counter-based generator Philox4x32 with ten rounds (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As
/// Easy as 1, 2, 3, 2011). A number is addressed, not drawn: any position can be checked alone.
/// </summary>
public static class Philox4x32
{
    internal const uint Multiplier0 = 0xD2511F53, Multiplier1 = 0xCD9E8D57, Weyl0 = 0x9E3779B9, Weyl1 = 0xBB67AE85;
    internal const int Rounds = 10;

    /// <summary>The four words at a counter under a key.</summary>
    public static PhiloxWords At(ulong key, PhiloxWords counter)
    {
        (uint x0, uint x1, uint x2, uint x3) = (counter.X0, counter.X1, counter.X2, counter.X3);
        (uint key0, uint key1) = ((uint)key, (uint)(key >> 32));
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = (ulong)Multiplier0 * x0;
            ulong product1 = (ulong)Multiplier1 * x2;
            (x0, x1, x2, x3) = (
                (uint)(product1 >> 32) ^ x1 ^ key0, (uint)product1,
                (uint)(product0 >> 32) ^ x3 ^ key1, (uint)product0);
            unchecked
            {
                key0 += Weyl0;
                key1 += Weyl1;
            }
        }

        return new PhiloxWords(x0, x1, x2, x3);
    }

    /// <summary>
    /// Rule S-13: the 32 bits of one token at one output position are word <c>id mod 4</c> at counter
    /// (⌊id / 4⌋, position, 0, 0).
    /// </summary>
    public static uint Bits(ulong key, uint position, uint tokenId)
    {
        PhiloxWords words = At(key, new PhiloxWords(tokenId >> 2, position, 0, 0));
        return (tokenId & 3) switch { 0 => words.X0, 1 => words.X1, 2 => words.X2, _ => words.X3 };
    }
}

/// <summary>Four words: a counter, or what stands there.</summary>
/// <param name="X0">The first word.</param>
/// <param name="X1">The second word.</param>
/// <param name="X2">The third word.</param>
/// <param name="X3">The fourth word.</param>
public readonly record struct PhiloxWords(uint X0, uint X1, uint X2, uint X3);
