namespace Camelid.Protocol.Market;

/// <summary>
/// Rule P-66: on regtest, where coin is worth nothing, a node without any asks a mining neighbour for some.
/// </summary>
public sealed record FundingRequest
{
    /// <summary>Canonical bytes: every field has a fixed size.</summary>
    public const int Bytes = Hash256.Bytes + Hash160.Bytes + 8;

    /// <summary>Most that is asked for, in grains: stakes and the deposit pool of one node.</summary>
    public const long GrainsMax = 40 * Amount.GrainsPerCoin;

    /// <summary>The hash of the network's first block.</summary>
    public required Hash256 Genesis { get; init; }

    /// <summary>HASH160 of the key that is to be paid.</summary>
    public required Hash160 Payee { get; init; }

    /// <summary>How much is wanted, 1 … <see cref="GrainsMax"/> grains.</summary>
    public required long Grains { get; init; }

    /// <summary>The canonical bytes: genesis ‖ payee ‖ grains (8).</summary>
    public byte[] Encode() =>
        new CanonicalWriter().Hash(Genesis).Raw(Payee.ToBytes()).Int64(Grains).ToArray();

    /// <summary>Reads canonical bytes; refuses amounts out of their bounds.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out FundingRequest? request)
    {
        request = null;
        if (bytes.Length != Bytes)
        {
            return false;
        }

        CanonicalReader reader = new(bytes);
        FundingRequest read = new()
        {
            Genesis = reader.Hash(),
            Payee = Hash160.FromBytes(reader.Raw(Hash160.Bytes)),
            Grains = reader.Int64(),
        };
        request = reader.AtEnd && read.Grains is >= 1 and <= GrainsMax ? read : null;
        return request is not null;
    }
}
