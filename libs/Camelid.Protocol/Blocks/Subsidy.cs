namespace Camelid.Protocol.Blocks;

/// <summary>Rule C-03: the coin that a block makes: 50 CML, halved every 1,000,000 blocks (whitepaper 2.3.1).</summary>
public static class Subsidy
{
    /// <summary>The subsidy of the first era, in grains.</summary>
    public const long FirstGrains = 50 * Amount.GrainsPerCoin;

    /// <summary>Blocks between two halvings.</summary>
    public const int HalvingBlocks = 1_000_000;

    /// <summary>The subsidy at a height.</summary>
    public static Amount At(int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(height);
        int halvings = height / HalvingBlocks;
        return Amount.Grain(halvings >= 63 ? 0 : FirstGrains >> halvings);
    }
}
