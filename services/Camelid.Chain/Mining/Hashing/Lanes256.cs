using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Camelid.Chain.Mining.Hashing;

/// <summary>8 lanes by AVX2. Where the machine has AVX-512 too, the compiler itself takes its shorter forms.</summary>
internal readonly struct Lanes256 : ILanes<Vector256<uint>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>Where each byte comes from when the bytes of words are reversed.</summary>
    public static readonly Vector256<byte> Reversed = Vector256.Create(Lanes128.Reversed, Lanes128.Reversed)
        + Vector256.Create(Vector128<byte>.Zero, Vector128.Create((byte)16));

    public static bool IsSupported => Avx2.IsSupported;

    public static int Count => Vector256<uint>.Count;

    public static Vector256<uint> Places => Vector256<uint>.Indices;

    [MethodImpl(Inline)]
    public static Vector256<uint> Of(uint word) => Vector256.Create(word);

    [MethodImpl(Inline)]
    public static Vector256<uint> Add(Vector256<uint> x, Vector256<uint> y) => x + y;

    [MethodImpl(Inline)]
    public static Vector256<uint> Choose(Vector256<uint> x, Vector256<uint> y, Vector256<uint> z) =>
        z ^ (x & (y ^ z));

    [MethodImpl(Inline)]
    public static Vector256<uint> Majority(Vector256<uint> x, Vector256<uint> y, Vector256<uint> z) =>
        (x & y) | (z & (x | y));

    [MethodImpl(Inline)]
    public static Vector256<uint> BigSigma0(Vector256<uint> x) =>
        ((x >>> 2) | (x << 30)) ^ ((x >>> 13) | (x << 19)) ^ ((x >>> 22) | (x << 10));

    [MethodImpl(Inline)]
    public static Vector256<uint> BigSigma1(Vector256<uint> x) =>
        ((x >>> 6) | (x << 26)) ^ ((x >>> 11) | (x << 21)) ^ ((x >>> 25) | (x << 7));

    [MethodImpl(Inline)]
    public static Vector256<uint> SmallSigma0(Vector256<uint> x) =>
        ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);

    [MethodImpl(Inline)]
    public static Vector256<uint> SmallSigma1(Vector256<uint> x) =>
        ((x >>> 17) | (x << 15)) ^ ((x >>> 19) | (x << 13)) ^ (x >>> 10);

    public static ulong AtMost(Vector256<uint> x, uint limit) =>
        Vector256.LessThanOrEqual(x, Vector256.Create(limit)).ExtractMostSignificantBits();

    public static Vector256<uint> ReverseBytes(Vector256<uint> x) =>
        Vector256.Shuffle(x.AsByte(), Reversed).AsUInt32();
}
