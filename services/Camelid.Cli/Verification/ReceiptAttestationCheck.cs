using Camelid.Client.Receipts;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Verification;

namespace Camelid.Cli.Verification;

/// <summary>The verifier's word: signed, about this testament, and that it passed.</summary>
internal static class ReceiptAttestationCheck
{
    public static void Run(ReceiptDocument receipt, Testament testament, ISecp256k1 curve, FindingList findings)
    {
        if (receipt.Attestation is not { } said)
        {
            findings.Add("attestation", "is missing: verification is not complete yet: fetch the receipt again");
            return;
        }

        if (!ReceiptBytes.TryHex(said.Canonical, out byte[] bytes)
            || !VerificationAttestation.TryDecode(bytes, out VerificationAttestation? signed) || signed is null)
        {
            findings.Add("attestation.canonical", "is no canonical encoding of an attestation");
            return;
        }

        findings.Same("attestation.genesis", said.Genesis, signed.Genesis.ToString());
        findings.Same("attestation.genesis", said.Genesis, testament.Genesis.ToString());
        findings.Same("attestation.jobId", said.JobId, signed.JobId.ToString());
        findings.Same("attestation.testamentHash", said.TestamentHash, signed.TestamentHash.ToString());
        findings.Require(signed.TestamentHash == testament.Hash && signed.JobId == testament.JobId,
            "attestation.testamentHash", "is about another testament");
        findings.Same("attestation.level", said.Level, ReceiptWords.Of(signed.Level));
        findings.Same("attestation.verdict", said.Verdict, ReceiptWords.Of(signed.Verdict));
        findings.Require(signed.Verdict == VerificationState.Passed, "attestation.verdict",
            $"is '{ReceiptWords.Of(signed.Verdict)}', not 'passed'");
        findings.Same("attestation.position", said.Position, signed.FirstBadPosition);
        findings.Same("attestation.numericsClass", said.NumericsClass, signed.NumericsClass.ToString());
        findings.Same("attestation.verifierStakeId", said.VerifierStakeId, signed.Verifier.ToString());
        findings.Require(
            PublicKey.TryParse(said.VerifierKey, out PublicKey key)
                && ReceiptBytes.TryHex(said.Signature, out byte[] der) && curve.Verify(key, signed.SigningHash, der),
            "attestation.signature", "is no valid signature of these facts by the verifier's key");
    }
}
