using Camelid.Protocol.Jobs;

namespace Camelid.Protocol.Trade;

/// <summary>
/// Rule J-23: what a worker sends when it has computed: its testament, signed, and the sealed delivery (rule E-26).
/// </summary>
public sealed record JobCommitment
{
    /// <summary>Most bytes of the envelope.</summary>
    public const int EnvelopeBytesMax = DeliveryEnvelope.OverheadBytes + OutputDelivery.BytesMax;

    /// <summary>Most canonical bytes.</summary>
    public const int BytesMax = Testament.Bytes + JobOrder.SignatureBytesMax + EnvelopeBytesMax + 12;

    /// <summary>The testament.</summary>
    public required Testament Testament { get; init; }

    /// <summary>The stake key's signature of its hash, DER. Never written to.</summary>
    public required byte[] Signature { get; init; }

    /// <summary>The delivery, sealed to the client and bound to the testament's hash. Never written to.</summary>
    public required byte[] Envelope { get; init; }

    /// <summary>The canonical bytes.</summary>
    public byte[] Encode() => new CanonicalWriter().Raw(Testament.Encode()).Bytes(Signature).Bytes(Envelope).ToArray();

    /// <summary>
    /// Reads canonical bytes; refuses a testament out of form, an empty signature, a truncated envelope.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out JobCommitment? commitment)
    {
        commitment = null;
        CanonicalReader reader = new(bytes);
        ReadOnlySpan<byte> encoded = reader.Raw(Testament.Bytes);
        byte[] signature = reader.Bytes(JobOrder.SignatureBytesMax);
        byte[] envelope = reader.Bytes(EnvelopeBytesMax);
        if (!reader.AtEnd || signature.Length == 0 || !Testament.TryDecode(encoded, out Testament? testament)
            || testament is null || envelope.Length != EnvelopeBytes(testament))
        {
            return false;
        }

        commitment = new JobCommitment { Testament = testament, Signature = signature, Envelope = envelope };
        return true;
    }

    /// <summary>Equal fields.</summary>
    public bool Equals(JobCommitment? other) => other is not null && Testament == other.Testament
        && Signature.AsSpan().SequenceEqual(other.Signature) && Envelope.AsSpan().SequenceEqual(other.Envelope);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Testament.JobId, Envelope.Length);

    /// <summary>The chunk count fixes the length of the delivery, and with it that of the envelope.</summary>
    private static long EnvelopeBytes(Testament testament) => DeliveryEnvelope.OverheadBytes + 4
        + (2L * OutputCommitment.ChunkBytes * testament.ChunkCount);
}

/// <summary>
/// Rule J-24: the client has the commitment and has checked it: the worker need not send it again. It stands for
/// nothing else, so that its sender's node is proof enough.
/// </summary>
/// <param name="JobId">The job.</param>
/// <param name="TestamentHash">Which testament.</param>
public readonly record struct CommitmentReceipt(JobId JobId, Hash256 TestamentHash)
{
    /// <summary>Canonical bytes.</summary>
    public const int Bytes = 2 * Hash256.Bytes;

    /// <summary>The canonical bytes.</summary>
    public byte[] Encode() => new CanonicalWriter().Hash(JobId.Value).Hash(TestamentHash).ToArray();

    /// <summary>Reads canonical bytes; refuses the zero job.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out CommitmentReceipt receipt)
    {
        CanonicalReader reader = new(bytes);
        CommitmentReceipt read = new(new JobId(reader.Hash()), reader.Hash());
        bool good = reader.AtEnd && !read.JobId.IsNone;
        receipt = good ? read : default;
        return good;
    }
}
