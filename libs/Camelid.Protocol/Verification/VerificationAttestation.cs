using Camelid.Protocol.Jobs;

namespace Camelid.Protocol.Verification;

/// <summary>Rule V-08: a verifier's signed word about one testament.</summary>
public sealed record VerificationAttestation
{
    /// <summary>The tag of the hash.</summary>
    public const string Tag = "camelid/attestation";

    /// <summary>The hash of the network's first block.</summary>
    public required Hash256 Genesis { get; init; }

    /// <summary>The job.</summary>
    public required JobId JobId { get; init; }

    /// <summary>H(testament) that was checked.</summary>
    public required Hash256 TestamentHash { get; init; }

    /// <summary>How much was recomputed.</summary>
    public required VerificationLevel Level { get; init; }

    /// <summary>Passed, Failed or Inconclusive.</summary>
    public required VerificationState Verdict { get; init; }

    /// <summary>The first bad output position, or −1: always −1 for passed, never for failed.</summary>
    public required int FirstBadPosition { get; init; }

    /// <summary>The numerics class that recomputed.</summary>
    public required Hash256 NumericsClass { get; init; }

    /// <summary>The verifier's stake.</summary>
    public required StakeId Verifier { get; init; }

    /// <summary>What the verifier's key signs.</summary>
    public Hash256 SigningHash => Hashes.Tagged(Tag, Encode());

    /// <summary>Rule V-08: a decided verdict, a known level, a position that agrees.</summary>
    public bool IsInForm => !JobId.IsNone && !Verifier.IsNone
        && FirstBadPosition is >= -1 and <= JobParameters.TokensMax
        && Level is VerificationLevel.Spot or VerificationLevel.Sampled or VerificationLevel.Full
        && Verdict switch
        {
            VerificationState.Passed => FirstBadPosition == -1,
            VerificationState.Failed => FirstBadPosition >= 0,
            VerificationState.Inconclusive => true,
            _ => false,
        };

    /// <summary>The canonical bytes.</summary>
    public byte[] Encode()
    {
        CanonicalWriter writer = new();
        writer.Hash(Genesis).Hash(JobId.Value).Hash(TestamentHash).Byte((byte)Level).Byte((byte)Verdict)
            .Int32(FirstBadPosition).Hash(NumericsClass);
        Verifier.Write(writer);
        return writer.ToArray();
    }

    /// <summary>Reads canonical bytes; refuses what <see cref="IsInForm"/> refuses.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out VerificationAttestation? attestation)
    {
        CanonicalReader reader = new(bytes);
        VerificationAttestation read = new()
        {
            Genesis = reader.Hash(),
            JobId = new JobId(reader.Hash()),
            TestamentHash = reader.Hash(),
            Level = (VerificationLevel)reader.Byte(),
            Verdict = (VerificationState)reader.Byte(),
            FirstBadPosition = reader.Int32(),
            NumericsClass = reader.Hash(),
            Verifier = StakeId.Read(ref reader),
        };
        attestation = reader.AtEnd && read.IsInForm ? read : null;
        return attestation is not null;
    }
}
