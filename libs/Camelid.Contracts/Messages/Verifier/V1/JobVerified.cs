namespace Camelid.Contracts.Verifier.V1;

/// <summary>Event: a verifier reached a verdict on a testament.</summary>
public sealed record JobVerified
{
    /// <summary>The job, 64 hexadecimal digits.</summary>
    public required string JobId { get; init; }

    /// <summary>Hash of the testament that was judged, 32 bytes.</summary>
    public required byte[] TestamentHash { get; init; }

    /// <summary><c>passed</c>, <c>failed</c> or <c>inconclusive</c>.</summary>
    public required string Verdict { get; init; }

    /// <summary>
    /// <c>continuity</c>, <c>integrity</c>, <c>truncation</c> or <c>fingerprint</c>; empty where passed.
    /// </summary>
    public string Finding { get; init; } = "";

    /// <summary>First bad output position, or −1.</summary>
    public int Position { get; init; } = -1;

    /// <summary>Canonical bytes of the attestation (Camelid.Protocol.Verification).</summary>
    public required byte[] Attestation { get; init; }

    /// <summary>The verifier's DER signature of it.</summary>
    public required byte[] Signature { get; init; }

    /// <summary>The verifier's public key, 33 bytes.</summary>
    public required byte[] VerifierKey { get; init; }
}
