namespace Camelid.Protocol.Jobs;

/// <summary>
/// Rule E-29: a node's identity is its stake: the first outpoint of the stake, kept when change moves it.
/// </summary>
/// <param name="Txid">The transaction that made the stake, in byte order.</param>
/// <param name="Index">The output's index.</param>
public readonly record struct StakeId(Hash256 Txid, uint Index)
{
    /// <summary>Bytes in a stake id.</summary>
    public const int Bytes = Hash256.Bytes + 4;

    /// <summary>True for <c>default</c>, which is nobody's stake.</summary>
    public bool IsNone => Txid.IsZero;

    /// <summary>The transaction id as it is shown, a colon, the index.</summary>
    public override string ToString() => FormattableString.Invariant($"{Txid.ToReversedHex()}:{Index}");

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string? text, out StakeId id)
    {
        id = default;
        int colon = text?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        if (text is null || colon < 0 || !Hash256.TryParseReversed(text[..colon], out Hash256 txid)
            || !uint.TryParse(text.AsSpan(colon + 1), out uint index) || txid.IsZero)
        {
            return false;
        }

        StakeId read = new(txid, index);
        bool canonical = read.ToString() == text;
        id = canonical ? read : default;
        return canonical;
    }

    internal void Write(CanonicalWriter writer) => writer.Hash(Txid).UInt32(Index);

    internal static StakeId Read(ref CanonicalReader reader) => new(reader.Hash(), reader.UInt32());
}
