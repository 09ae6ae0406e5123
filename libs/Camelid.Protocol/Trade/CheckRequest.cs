using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Verification;

namespace Camelid.Protocol.Trade;

/// <summary>
/// Rule J-25: a client asks another operator's verifier to check a delivered output. Travels as a
/// <see cref="SealedMessage"/>; k lets the verifier see that this output is the one that the testament binds.
/// </summary>
public sealed record CheckRequest
{
    /// <summary>The tag of the hash that the client signs.</summary>
    public const string Tag = "camelid/check-request";

    /// <summary>The job, in form.</summary>
    public required JobParameters Parameters { get; init; }

    /// <summary>The client's nonce, from which the seed follows.</summary>
    public required Hash256 Nonce { get; init; }

    /// <summary>The testament.</summary>
    public required Testament Testament { get; init; }

    /// <summary>k.</summary>
    public required Hash256 Key { get; init; }

    /// <summary>The output that k opened.</summary>
    public required JobOutput Output { get; init; }

    /// <summary>The client's signature of <see cref="SigningHash"/>, DER. Never written to.</summary>
    public required byte[] Signature { get; init; }

    /// <summary>What the client signs: this verifier is to check that testament.</summary>
    /// <param name="genesis">The network.</param>
    /// <param name="verifier">The verifier's stake.</param>
    /// <param name="testamentHash">H(testament).</param>
    public static Hash256 SigningHash(Hash256 genesis, StakeId verifier, Hash256 testamentHash)
    {
        CanonicalWriter writer = new();
        verifier.Write(writer.Hash(genesis));
        return Hashes.Tagged(Tag, writer.Hash(testamentHash).Written);
    }

    /// <summary>The canonical bytes.</summary>
    public byte[] Encode() => new CanonicalWriter().Hash(Nonce).Hash(Key).Raw(Testament.Encode()).Bytes(Signature)
        .Bytes(Output.Encode()).Bytes(Parameters.Encode()).ToArray();

    /// <summary>Reads canonical bytes; refuses parts out of form.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out CheckRequest? request)
    {
        request = null;
        CanonicalReader reader = new(bytes);
        Hash256 nonce = reader.Hash();
        Hash256 key = reader.Hash();
        ReadOnlySpan<byte> encoded = reader.Raw(Testament.Bytes);
        byte[] signature = reader.Bytes(JobOrder.SignatureBytesMax);
        byte[] output = reader.Bytes(JobOutput.BytesMax);
        byte[] parameters = reader.Bytes(JobParameters.BytesMax);
        if (!reader.AtEnd || signature.Length == 0
            || !Testament.TryDecode(encoded, out Testament? testament) || testament is null
            || !JobOutput.TryDecode(output, out JobOutput? read) || read is null
            || !JobParameters.TryDecode(parameters, out JobParameters? job) || job is null)
        {
            return false;
        }

        request = new CheckRequest
        {
            Parameters = job, Nonce = nonce, Testament = testament, Key = key, Output = read, Signature = signature,
        };
        return true;
    }

    /// <summary>
    /// True where the client of the job asks this verifier, and the output is the one that the testament binds: else
    /// a verifier would be an oracle that attests to anything.
    /// </summary>
    public bool IsFor(Hash256 genesis, StakeId verifier, ISecp256k1 curve) =>
        Testament.Genesis == genesis && Testament.JobId == Parameters.Id && Testament.Nonce == Nonce
        && Hashes.Sha256(Nonce.ToBytes()) == Parameters.NonceHash && Testament.Describes(Output)
        && curve.Verify(Parameters.ClientKey, SigningHash(genesis, verifier, Testament.Hash), Signature)
        && Binds(OutputCommitment.Create(Output, Key.ToBytes()));

    /// <summary>Equal fields.</summary>
    public bool Equals(CheckRequest? other) => other is not null && Parameters.Equals(other.Parameters)
        && Nonce == other.Nonce && Testament == other.Testament && Key == other.Key && Output.Equals(other.Output)
        && Signature.AsSpan().SequenceEqual(other.Signature);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Nonce, Testament.JobId);

    private bool Binds(OutputCommitment commitment) => commitment.OutputRoot == Testament.OutputRoot
        && commitment.CiphertextRoot == Testament.CiphertextRoot && commitment.KeyHash == Testament.KeyHash;
}

/// <summary>Rule J-26: the verifier's answer: its attestation (rule V-08), signed, and which rule was broken.</summary>
public sealed record CheckAnswer
{
    /// <summary>The attestation.</summary>
    public required VerificationAttestation Attestation { get; init; }

    /// <summary>What was found; <see cref="RasticFinding.None"/> where nothing was.</summary>
    public required RasticFinding Finding { get; init; }

    /// <summary>The verifier's key. That it is the stake's, the client asks the chain.</summary>
    public required PublicKey VerifierKey { get; init; }

    /// <summary>Its signature of the attestation, DER. Never written to.</summary>
    public required byte[] Signature { get; init; }

    /// <summary>The canonical bytes.</summary>
    public byte[] Encode() => new CanonicalWriter().Byte((byte)Finding).Raw(VerifierKey.Span).Bytes(Signature)
        .Bytes(Attestation.Encode()).ToArray();

    /// <summary>Reads canonical bytes; refuses an attestation out of form.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out CheckAnswer? answer)
    {
        answer = null;
        CanonicalReader reader = new(bytes);
        RasticFinding finding = (RasticFinding)reader.Byte();
        ReadOnlySpan<byte> encodedKey = reader.Raw(PublicKey.Bytes);
        byte[] signature = reader.Bytes(JobOrder.SignatureBytesMax);
        byte[] encoded = reader.Bytes(SignedBody.BodyBytesMax);
        if (!reader.AtEnd || signature.Length == 0 || !Enum.IsDefined(finding)
            || !PublicKey.TryFromBytes(encodedKey, out PublicKey key)
            || !VerificationAttestation.TryDecode(encoded, out VerificationAttestation? attestation)
            || attestation is null)
        {
            return false;
        }

        answer = new CheckAnswer
        {
            Attestation = attestation, Finding = finding, VerifierKey = key, Signature = signature,
        };
        return true;
    }

    /// <summary>Equal fields.</summary>
    public bool Equals(CheckAnswer? other) => other is not null && Attestation == other.Attestation
        && Finding == other.Finding && VerifierKey == other.VerifierKey
        && Signature.AsSpan().SequenceEqual(other.Signature);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Attestation.JobId, Finding);
}
