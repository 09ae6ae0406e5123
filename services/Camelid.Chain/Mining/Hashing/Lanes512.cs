using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Camelid.Chain.Mining.Hashing;

/// <summary>16 lanes by AVX-512: a rotation and any function of three bits are one instruction each.</summary>
internal readonly struct Lanes512 : ILanes<Vector512<uint>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>Truth tables of three bits, as VPTERNLOG takes them.</summary>
    private const byte ChooseTable = 0xca, MajorityTable = 0xe8, XorTable = 0x96;

    private static readonly Vector512<byte> Reversed = Vector512.Create(Lanes256.Reversed, Lanes256.Reversed)
        + Vector512.Create(Vector256<byte>.Zero, Vector256.Create((byte)32));

    public static bool IsSupported => Avx512F.IsSupported;

    public static int Count => Vector512<uint>.Count;

    public static Vector512<uint> Places => Vector512<uint>.Indices;

    [MethodImpl(Inline)]
    public static Vector512<uint> Of(uint word) => Vector512.Create(word);

    [MethodImpl(Inline)]
    public static Vector512<uint> Add(Vector512<uint> x, Vector512<uint> y) => x + y;

    [MethodImpl(Inline)]
    public static Vector512<uint> Choose(Vector512<uint> x, Vector512<uint> y, Vector512<uint> z) =>
        Avx512F.TernaryLogic(x, y, z, ChooseTable);

    [MethodImpl(Inline)]
    public static Vector512<uint> Majority(Vector512<uint> x, Vector512<uint> y, Vector512<uint> z) =>
        Avx512F.TernaryLogic(x, y, z, MajorityTable);

    [MethodImpl(Inline)]
    public static Vector512<uint> BigSigma0(Vector512<uint> x) =>
        Xor(Avx512F.RotateRight(x, 2), Avx512F.RotateRight(x, 13), Avx512F.RotateRight(x, 22));

    [MethodImpl(Inline)]
    public static Vector512<uint> BigSigma1(Vector512<uint> x) =>
        Xor(Avx512F.RotateRight(x, 6), Avx512F.RotateRight(x, 11), Avx512F.RotateRight(x, 25));

    [MethodImpl(Inline)]
    public static Vector512<uint> SmallSigma0(Vector512<uint> x) =>
        Xor(Avx512F.RotateRight(x, 7), Avx512F.RotateRight(x, 18), x >>> 3);

    [MethodImpl(Inline)]
    public static Vector512<uint> SmallSigma1(Vector512<uint> x) =>
        Xor(Avx512F.RotateRight(x, 17), Avx512F.RotateRight(x, 19), x >>> 10);

    public static ulong AtMost(Vector512<uint> x, uint limit) =>
        Vector512.LessThanOrEqual(x, Vector512.Create(limit)).ExtractMostSignificantBits();

    public static Vector512<uint> ReverseBytes(Vector512<uint> x) =>
        Vector512.Shuffle(x.AsByte(), Reversed).AsUInt32();

    [MethodImpl(Inline)]
    private static Vector512<uint> Xor(Vector512<uint> x, Vector512<uint> y, Vector512<uint> z) =>
        Avx512F.TernaryLogic(x, y, z, XorTable);
}
