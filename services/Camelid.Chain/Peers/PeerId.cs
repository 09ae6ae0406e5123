namespace Camelid.Chain.Peers;

/// <summary>A connection, numbered by the engine from 1; a number is never used again while the engine lives.</summary>
/// <param name="Number">1 or more.</param>
internal readonly record struct PeerId(long Number)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Number}");
}
