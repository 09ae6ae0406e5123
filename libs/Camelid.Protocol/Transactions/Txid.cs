namespace Camelid.Protocol.Transactions;

/// <summary>The identity of a transaction: SHA256d of its canonical bytes, Job ID included (rule C-05).</summary>
public readonly record struct Txid(Hash256 Value) : IComparable<Txid>
{
    /// <summary>Reads the 64 reversed hexadecimal digits that <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string? text, out Txid txid)
    {
        bool good = Hash256.TryParseReversed(text, out Hash256 hash);
        txid = good ? new Txid(hash) : default;
        return good;
    }

    /// <summary>64 hexadecimal digits, reversed as ever since Bitcoin.</summary>
    public override string ToString() => Value.ToReversedHex();

    /// <summary>Orders by bytes.</summary>
    public int CompareTo(Txid other) => Value.CompareTo(other.Value);

    /// <summary>True where the left one sorts first.</summary>
    public static bool operator <(Txid left, Txid right) => left.Value < right.Value;

    /// <summary>True where the left one sorts last.</summary>
    public static bool operator >(Txid left, Txid right) => left.Value > right.Value;

    /// <summary>True where the left one does not sort last.</summary>
    public static bool operator <=(Txid left, Txid right) => left.Value <= right.Value;

    /// <summary>True where the left one does not sort first.</summary>
    public static bool operator >=(Txid left, Txid right) => left.Value >= right.Value;
}

/// <summary>One output of one transaction.</summary>
/// <param name="Txid">The transaction.</param>
/// <param name="Index">The output, from 0.</param>
public readonly record struct OutPoint(Txid Txid, uint Index)
{
    /// <summary>Bytes in an encoded outpoint.</summary>
    public const int Bytes = 36;

    /// <summary>The outpoint of a coinbase's input: a zero id and index 0xffffffff.</summary>
    public static OutPoint None => new(default, uint.MaxValue);

    /// <summary>Reads the form <c>txid:index</c>.</summary>
    public static bool TryParse(string? text, out OutPoint outPoint)
    {
        outPoint = default;
        string[] parts = text?.Split(':') ?? [];
        if (parts.Length != 2 || !Txid.TryParse(parts[0], out Txid txid)
            || !uint.TryParse(parts[1], System.Globalization.NumberStyles.None, null, out uint index)
            || parts[1] != FormattableString.Invariant($"{index}"))
        {
            return false;
        }

        outPoint = new OutPoint(txid, index);
        return true;
    }

    /// <summary>The form <c>txid:index</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Txid}:{Index}");
}
