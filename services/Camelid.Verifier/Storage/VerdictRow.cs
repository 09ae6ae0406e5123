using Camelid.Contracts.Verifier.V1;

namespace Camelid.Verifier.Storage;

/// <summary>A verdict, signed.</summary>
internal sealed record VerdictRow
{
    /// <summary>Hash of the testament that was judged, 64 hexadecimal digits.</summary>
    public string TestamentHash { get; init; } = "";

    /// <summary>The job, 64 hexadecimal digits.</summary>
    public string JobId { get; init; } = "";

    /// <summary>spot, sampled or full.</summary>
    public string Level { get; init; } = "";

    /// <summary>passed, failed or inconclusive.</summary>
    public string Verdict { get; init; } = "";

    /// <summary>continuity, integrity, truncation, fingerprint or finish-reason; empty where passed.</summary>
    public string Finding { get; init; } = "";

    /// <summary>First bad output position, or −1.</summary>
    public long Position { get; init; } = -1;

    /// <summary>The token that belongs there, where the finding is about a token.</summary>
    public long? ExpectedToken { get; init; }

    /// <summary>Canonical bytes of the attestation.</summary>
    public byte[] Attestation { get; init; } = [];

    /// <summary>The verifier's DER signature of it.</summary>
    public byte[] Signature { get; init; } = [];

    /// <summary>The verifier's public key, 33 bytes.</summary>
    public byte[] VerifierKey { get; init; } = [];

    /// <summary>What the positions were drawn with, so that the draw can be repeated.</summary>
    public byte[] DrawSecret { get; init; } = [];

    /// <summary>When the verdict was reached, Unix milliseconds.</summary>
    public long At { get; init; }

    /// <summary>How long it took.</summary>
    public long Milliseconds { get; init; }

    /// <summary>The event that tells of it, always the same.</summary>
    public JobVerified ToEvent() => new()
    {
        JobId = JobId,
        TestamentHash = Convert.FromHexString(TestamentHash),
        Verdict = Verdict,
        Finding = Finding,
        Position = (int)Position,
        Attestation = Attestation,
        Signature = Signature,
        VerifierKey = VerifierKey,
    };
}
