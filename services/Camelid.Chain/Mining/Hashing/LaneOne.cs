using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Camelid.Chain.Mining.Hashing;

/// <summary>One lane, for machines without vectors.</summary>
internal readonly struct LaneOne : ILanes<uint>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Count => 1;

    public static uint Places => 0;

    [MethodImpl(Inline)]
    public static uint Of(uint word) => word;

    [MethodImpl(Inline)]
    public static uint Add(uint x, uint y) => x + y;

    [MethodImpl(Inline)]
    public static uint Choose(uint x, uint y, uint z) => z ^ (x & (y ^ z));

    [MethodImpl(Inline)]
    public static uint Majority(uint x, uint y, uint z) => (x & y) | (z & (x | y));

    [MethodImpl(Inline)]
    public static uint BigSigma0(uint x) =>
        BitOperations.RotateRight(x, 2) ^ BitOperations.RotateRight(x, 13) ^ BitOperations.RotateRight(x, 22);

    [MethodImpl(Inline)]
    public static uint BigSigma1(uint x) =>
        BitOperations.RotateRight(x, 6) ^ BitOperations.RotateRight(x, 11) ^ BitOperations.RotateRight(x, 25);

    [MethodImpl(Inline)]
    public static uint SmallSigma0(uint x) =>
        BitOperations.RotateRight(x, 7) ^ BitOperations.RotateRight(x, 18) ^ (x >>> 3);

    [MethodImpl(Inline)]
    public static uint SmallSigma1(uint x) =>
        BitOperations.RotateRight(x, 17) ^ BitOperations.RotateRight(x, 19) ^ (x >>> 10);

    public static ulong AtMost(uint x, uint limit) => x <= limit ? 1UL : 0;

    public static uint ReverseBytes(uint x) => BinaryPrimitives.ReverseEndianness(x);
}
