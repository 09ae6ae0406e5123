using System.Runtime.Intrinsics;

namespace Camelid.Chain.Mining.Hashing;

/// <summary>One way of looking for nonces that this machine may have.</summary>
/// <param name="Name">Its name in logs and in the status, such as <c>avx512</c>.</param>
/// <param name="IsSupported">True where the processor has what it needs.</param>
/// <param name="Create">Makes a search for one thread.</param>
internal sealed record NoncePath(string Name, bool IsSupported, Func<NonceSearch> Create)
{
    /// <summary>The reference, by the platform's SHA-256; always there.</summary>
    public static NoncePath Platform { get; } = new("platform", true, () => new PlatformSearch());

    /// <summary>Every way except the reference, the fastest first.</summary>
    public static IReadOnlyList<NoncePath> All { get; } =
    [
        new("avx512", Lanes512.IsSupported, () => new LaneSearch<Vector512<uint>, Lanes512>()),
        new("avx2", Lanes256.IsSupported, () => new LaneSearch<Vector256<uint>, Lanes256>()),
        new("arm-sha256", ArmSha256Search.IsSupported, () => new ArmSha256Search()),
        new("vector128", Lanes128.IsSupported, () => new LaneSearch<Vector128<uint>, Lanes128>()),
        new("scalar", true, () => new LaneSearch<uint, LaneOne>()),
    ];
}
