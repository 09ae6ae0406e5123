using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Mining.Hashing;

/// <summary>
/// Rule M-30: a way of looking for nonces is used only once it found, on random headers, the nonces that the
/// platform's SHA-256 finds. Vector instructions that a processor or an emulator gets wrong would have a miner work for
/// nothing.
/// </summary>
internal static class PathCheck
{
    private const int Headers = 4;
    private const int Nonces = 64;

    /// <summary>True where a path agrees with the reference on headers that are drawn here.</summary>
    /// <param name="path">The path, supported by this machine.</param>
    /// <param name="random">Draws the headers.</param>
    public static bool Agrees(NoncePath path, Random random)
    {
        NonceSearch search = path.Create();
        for (int i = 0; i < Headers; i++)
        {
            BlockHeader header = Draw(random);
            uint first = i switch
            {
                0 => 0,
                1 => uint.MaxValue - Nonces + 1,
                _ => (uint)random.NextInt64(uint.MaxValue - Nonces),
            };
            if (!AgreesOn(search, header, first))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Walks a range from hit to hit: all, half, few and none of the nonces reach the target.</summary>
    private static bool AgreesOn(NonceSearch search, BlockHeader header, uint first)
    {
        PlatformSearch reference = new();
        foreach (uint bits in new[] { 0x21_00ffffu, 0x20_7fffffu, 0x20_0fffffu, 0x1d_00ffffu })
        {
            HeaderWork work = new(header with { Bits = bits });
            uint last = first + Nonces - 1;
            uint? found;
            for (uint from = first; ; from = found.Value + 1)
            {
                found = search.Find(work, from, last);
                if (found != reference.Find(work, from, last))
                {
                    return false;
                }

                if (found is null || found == last)
                {
                    break;
                }
            }
        }

        return true;
    }

    private static BlockHeader Draw(Random random)
    {
        byte[] bytes = new byte[2 * Hash256.Bytes];
        random.NextBytes(bytes);
        return new BlockHeader
        {
            Version = random.Next(),
            PreviousHash = new BlockHash(Hash256.FromBytes(bytes.AsSpan(0, Hash256.Bytes))),
            MerkleRoot = Hash256.FromBytes(bytes.AsSpan(Hash256.Bytes)),
            Time = (uint)random.Next(),
            Bits = 0,
            Nonce = 0,
        };
    }
}
