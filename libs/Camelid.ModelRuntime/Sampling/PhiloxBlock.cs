using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Camelid.ModelRuntime.Sampling;

/// <summary>
/// The bits of <see cref="Philox4x32.Bits"/> for many tokens in a row, by the widest vectors there are.
/// </summary>
/// <remarks>
/// One 64-bit lane holds one counter. Only the low halves of lanes mean something between rounds: the multiplication
/// reads nothing else. The counters stand in such an order that unpacking puts the words in the order of tokens.
/// </remarks>
internal static class PhiloxBlock
{
    private const int Tokens512 = 32, Tokens256 = 16, TokensOfCounter = 4, HalfBits = 32;

    /// <summary>Fills in the bits of the tokens from one on.</summary>
    /// <param name="key">Key of Philox.</param>
    /// <param name="position">Index of the token in the output.</param>
    /// <param name="firstToken">The first token, a multiple of 4.</param>
    /// <param name="bits">One word for each token; a multiple of 32 long.</param>
    internal static void Fill(ulong key, uint position, uint firstToken, Span<uint> bits)
    {
        if (Avx512F.IsSupported)
        {
            Fill512(key, position, firstToken, bits);
        }
        else if (Avx2.IsSupported)
        {
            Fill256(key, position, firstToken, bits);
        }
        else
        {
            FillScalar(key, position, firstToken, bits);
        }
    }

    internal static void Fill512(ulong key, uint position, uint firstToken, Span<uint> bits)
    {
        Vector512<ulong> low = Vector512.Create((ulong)uint.MaxValue);
        Vector512<uint> multiplier0 = Vector512.Create((ulong)Philox4x32.Multiplier0).AsUInt32();
        Vector512<uint> multiplier1 = Vector512.Create((ulong)Philox4x32.Multiplier1).AsUInt32();
        ref uint first = ref MemoryMarshal.GetReference(bits);
        for (int done = 0; done < bits.Length; done += Tokens512)
        {
            Vector512<ulong> x0 = Vector512.Create((firstToken + (ulong)done) / TokensOfCounter)
                + Vector512.Create(0UL, 4, 1, 5, 2, 6, 3, 7);
            Vector512<ulong> x1 = Vector512.Create((ulong)position);
            (Vector512<ulong> x2, Vector512<ulong> x3) = (Vector512<ulong>.Zero, Vector512<ulong>.Zero);
            Vector512<ulong> key0 = Vector512.Create((ulong)(uint)key), key1 = Vector512.Create(key >> HalfBits);
            for (int round = 0; round < Philox4x32.Rounds; round++)
            {
                Vector512<ulong> product0 = Avx512F.Multiply(x0.AsUInt32(), multiplier0);
                Vector512<ulong> product1 = Avx512F.Multiply(x2.AsUInt32(), multiplier1);
                x0 = (product1 >>> HalfBits) ^ x1 ^ key0;
                x2 = (product0 >>> HalfBits) ^ x3 ^ key1;
                (x1, x3) = (product1, product0);
                key0 += Vector512.Create((ulong)Philox4x32.Weyl0);
                key1 += Vector512.Create((ulong)Philox4x32.Weyl1);
            }

            Vector512<ulong> words01 = (x0 & low) | (x1 << HalfBits);
            Vector512<ulong> words23 = (x2 & low) | (x3 << HalfBits);
            Avx512F.UnpackLow(words01, words23).AsUInt32().StoreUnsafe(ref first, (nuint)done);
            Avx512F.UnpackHigh(words01, words23).AsUInt32().StoreUnsafe(ref first, (nuint)(done + Tokens512 / 2));
        }
    }

    internal static void Fill256(ulong key, uint position, uint firstToken, Span<uint> bits)
    {
        Vector256<ulong> low = Vector256.Create((ulong)uint.MaxValue);
        Vector256<uint> multiplier0 = Vector256.Create((ulong)Philox4x32.Multiplier0).AsUInt32();
        Vector256<uint> multiplier1 = Vector256.Create((ulong)Philox4x32.Multiplier1).AsUInt32();
        ref uint first = ref MemoryMarshal.GetReference(bits);
        for (int done = 0; done < bits.Length; done += Tokens256)
        {
            Vector256<ulong> x0 = Vector256.Create((firstToken + (ulong)done) / TokensOfCounter)
                + Vector256.Create(0UL, 2, 1, 3);
            Vector256<ulong> x1 = Vector256.Create((ulong)position);
            (Vector256<ulong> x2, Vector256<ulong> x3) = (Vector256<ulong>.Zero, Vector256<ulong>.Zero);
            Vector256<ulong> key0 = Vector256.Create((ulong)(uint)key), key1 = Vector256.Create(key >> HalfBits);
            for (int round = 0; round < Philox4x32.Rounds; round++)
            {
                Vector256<ulong> product0 = Avx2.Multiply(x0.AsUInt32(), multiplier0);
                Vector256<ulong> product1 = Avx2.Multiply(x2.AsUInt32(), multiplier1);
                x0 = (product1 >>> HalfBits) ^ x1 ^ key0;
                x2 = (product0 >>> HalfBits) ^ x3 ^ key1;
                (x1, x3) = (product1, product0);
                key0 += Vector256.Create((ulong)Philox4x32.Weyl0);
                key1 += Vector256.Create((ulong)Philox4x32.Weyl1);
            }

            Vector256<ulong> words01 = (x0 & low) | (x1 << HalfBits);
            Vector256<ulong> words23 = (x2 & low) | (x3 << HalfBits);
            Avx2.UnpackLow(words01, words23).AsUInt32().StoreUnsafe(ref first, (nuint)done);
            Avx2.UnpackHigh(words01, words23).AsUInt32().StoreUnsafe(ref first, (nuint)(done + Tokens256 / 2));
        }
    }

    internal static void FillScalar(ulong key, uint position, uint firstToken, Span<uint> bits)
    {
        for (int done = 0; done < bits.Length; done += TokensOfCounter)
        {
            PhiloxWords words = Philox4x32.At(
                key, new PhiloxWords((firstToken + (uint)done) / TokensOfCounter, position, 0, 0));
            (bits[done], bits[done + 1], bits[done + 2], bits[done + 3]) = (words.X0, words.X1, words.X2, words.X3);
        }
    }
}
