namespace Camelid.Chain.Mining.Hashing;

/// <summary>SHA-256's constants (FIPS 180-4), and its compression of one block, word by word.</summary>
internal static class Sha256Words
{
    /// <summary>Rounds of a compression, and words of its schedule.</summary>
    public const int Rounds = 64;

    /// <summary>Words in a block.</summary>
    public const int BlockWords = 16;

    /// <summary>Words in a state or digest.</summary>
    public const int StateWords = 8;

    /// <summary>The state before the first block.</summary>
    public static ReadOnlySpan<uint> Initial =>
    [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ];

    /// <summary>The constant of each round.</summary>
    public static ReadOnlySpan<uint> RoundConstants =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>Takes one block into a state.</summary>
    /// <param name="state">8 words.</param>
    /// <param name="block">16 words, big-endian as they stood in the message.</param>
    public static void Compress(Span<uint> state, ReadOnlySpan<uint> block)
    {
        Span<uint> words = stackalloc uint[Rounds];
        block.CopyTo(words);
        for (int i = BlockWords; i < Rounds; i++)
        {
            words[i] = words[i - 16] + words[i - 7]
                + LaneOne.SmallSigma0(words[i - 15]) + LaneOne.SmallSigma1(words[i - 2]);
        }

        Span<uint> turned = stackalloc uint[StateWords];
        state.CopyTo(turned);
        for (int i = 0; i < Rounds; i++)
        {
            Round(turned, words[i] + RoundConstants[i]);
        }

        for (int i = 0; i < StateWords; i++)
        {
            state[i] += turned[i];
        }
    }

    /// <summary>One round; the state's words move on by one place.</summary>
    /// <param name="state">8 words, a to h.</param>
    /// <param name="word">The round's word and its constant, added.</param>
    public static void Round(Span<uint> state, uint word)
    {
        uint first = state[7] + word + LaneOne.Choose(state[4], state[5], state[6]) + LaneOne.BigSigma1(state[4]);
        uint second = LaneOne.Majority(state[0], state[1], state[2]) + LaneOne.BigSigma0(state[0]);
        state[..7].CopyTo(state[1..]);
        state[4] += first;
        state[0] = first + second;
    }
}
