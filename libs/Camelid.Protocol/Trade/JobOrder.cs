using Camelid.Protocol.Jobs;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Trade;

/// <summary>
/// Rule J-21: what a client gives to the worker that it chose, and to nobody else: the job with its prompt, the nonce,
/// the signed assignment, the offer J0. Travels as a <see cref="SealedMessage"/>.
/// </summary>
public sealed record JobOrder
{
    /// <summary>Most bytes of a DER signature.</summary>
    public const int SignatureBytesMax = 72;

    /// <summary>The job, in form.</summary>
    public required JobParameters Parameters { get; init; }

    /// <summary>The client's nonce.</summary>
    public required Hash256 Nonce { get; init; }

    /// <summary>The client's signature of the assignment (rule J-05), DER. Never written to.</summary>
    public required byte[] Signature { get; init; }

    /// <summary>J0.</summary>
    public required Txid Offer { get; init; }

    /// <summary>The assignment that the client signed.</summary>
    /// <param name="genesis">The network.</param>
    /// <param name="stake">The stake that it was sealed to.</param>
    public Assignment AssignmentTo(Hash256 genesis, StakeId stake) =>
        new() { Genesis = genesis, JobId = Parameters.Id, Stake = stake, Nonce = Nonce };

    /// <summary>The canonical bytes: nonce, J0, signature and parameters with their lengths.</summary>
    public byte[] Encode() => new CanonicalWriter().Hash(Nonce).Hash(Offer.Value).Bytes(Signature)
        .Bytes(Parameters.Encode()).ToArray();

    /// <summary>Reads canonical bytes; refuses a job out of form, a zero J0, an empty or long signature.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out JobOrder? order)
    {
        order = null;
        CanonicalReader reader = new(bytes);
        Hash256 nonce = reader.Hash();
        Hash256 offer = reader.Hash();
        byte[] signature = reader.Bytes(SignatureBytesMax);
        byte[] parameters = reader.Bytes(JobParameters.BytesMax);
        if (!reader.AtEnd || offer.IsZero || signature.Length == 0
            || !JobParameters.TryDecode(parameters, out JobParameters? job) || job is null)
        {
            return false;
        }

        order = new JobOrder { Parameters = job, Nonce = nonce, Signature = signature, Offer = new Txid(offer) };
        return true;
    }

    /// <summary>Equal fields.</summary>
    public bool Equals(JobOrder? other) => other is not null && Parameters.Equals(other.Parameters)
        && Nonce == other.Nonce && Offer == other.Offer && Signature.AsSpan().SequenceEqual(other.Signature);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Nonce, Offer);
}
