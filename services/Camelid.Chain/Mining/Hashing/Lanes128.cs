using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Camelid.Chain.Mining.Hashing;

/// <summary>4 lanes by what every x64 and Arm64 machine has: SSE2 or AdvSimd.</summary>
internal readonly struct Lanes128 : ILanes<Vector128<uint>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>Where each byte comes from when the bytes of words are reversed.</summary>
    public static readonly Vector128<byte> Reversed =
        Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);

    public static bool IsSupported => Vector128.IsHardwareAccelerated;

    public static int Count => Vector128<uint>.Count;

    public static Vector128<uint> Places => Vector128<uint>.Indices;

    [MethodImpl(Inline)]
    public static Vector128<uint> Of(uint word) => Vector128.Create(word);

    [MethodImpl(Inline)]
    public static Vector128<uint> Add(Vector128<uint> x, Vector128<uint> y) => x + y;

    [MethodImpl(Inline)]
    public static Vector128<uint> Choose(Vector128<uint> x, Vector128<uint> y, Vector128<uint> z) =>
        AdvSimd.IsSupported ? AdvSimd.BitwiseSelect(x, y, z) : z ^ (x & (y ^ z));

    [MethodImpl(Inline)]
    public static Vector128<uint> Majority(Vector128<uint> x, Vector128<uint> y, Vector128<uint> z) =>
        AdvSimd.IsSupported ? AdvSimd.BitwiseSelect(x ^ y, z, y) : (x & y) | (z & (x | y));

    [MethodImpl(Inline)]
    public static Vector128<uint> BigSigma0(Vector128<uint> x) =>
        RotateRight(x, 2) ^ RotateRight(x, 13) ^ RotateRight(x, 22);

    [MethodImpl(Inline)]
    public static Vector128<uint> BigSigma1(Vector128<uint> x) =>
        RotateRight(x, 6) ^ RotateRight(x, 11) ^ RotateRight(x, 25);

    [MethodImpl(Inline)]
    public static Vector128<uint> SmallSigma0(Vector128<uint> x) =>
        RotateRight(x, 7) ^ RotateRight(x, 18) ^ (x >>> 3);

    [MethodImpl(Inline)]
    public static Vector128<uint> SmallSigma1(Vector128<uint> x) =>
        RotateRight(x, 17) ^ RotateRight(x, 19) ^ (x >>> 10);

    public static ulong AtMost(Vector128<uint> x, uint limit) =>
        Vector128.LessThanOrEqual(x, Vector128.Create(limit)).ExtractMostSignificantBits();

    public static Vector128<uint> ReverseBytes(Vector128<uint> x) =>
        Vector128.Shuffle(x.AsByte(), Reversed).AsUInt32();

    [MethodImpl(Inline)]
    private static Vector128<uint> RotateRight(
        Vector128<uint> x, [ConstantExpected(Min = (byte)1, Max = (byte)31)] byte bits) => AdvSimd.IsSupported
        ? AdvSimd.ShiftRightAndInsert(x << (32 - bits), x, bits)
        : (x >>> bits) | (x << (32 - bits));
}
