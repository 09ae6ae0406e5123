namespace Camelid.Protocol.Blocks;

/// <summary>What a header is judged against: its parent and what follows from the parent's past.</summary>
/// <param name="Network">The network.</param>
/// <param name="PreviousHash">The parent.</param>
/// <param name="MedianTimePast">The median time of the last eleven blocks, the parent included, Unix seconds.</param>
/// <param name="Bits">Rule C-24: the bits that are due (<see cref="Difficulty.NextBits"/>).</param>
public readonly record struct HeaderContext(
    Network Network, BlockHash PreviousHash, uint MedianTimePast, uint Bits);
