using Camelid.Client.Receipts;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Secp256k1;

namespace Camelid.Cli.Verification;

/// <summary>
/// All of a receipt that needs no model: readable fields against canonical bytes, hashes, commitments, signatures and
/// the payment (docs/receipt.md). Pure; every disagreement is named, not only the first.
/// </summary>
internal sealed class ReceiptCheck
{
    private static readonly ISecp256k1 Curve = Secp256k1Provider.Create();
    private readonly FindingList findings = new();

    private ReceiptCheck(ReceiptDocument receipt) => Receipt = receipt;

    /// <summary>The document that was checked.</summary>
    public ReceiptDocument Receipt { get; }

    /// <summary>The job, decoded from its canonical bytes; null where these are not canonical.</summary>
    public JobParameters? Parameters { get; private set; }

    /// <summary>The testament, decoded; null where its bytes are not canonical.</summary>
    public Testament? Testament { get; private set; }

    /// <summary>The sampling seed that follows from the signed facts.</summary>
    public Hash256 Seed { get; private set; }

    /// <summary>True where the client signed that the job ends at this length.</summary>
    public bool CancelSigned { get; private set; }

    /// <summary>What is wrong.</summary>
    public IReadOnlyList<ReceiptFinding> Findings => findings.All;

    /// <summary>Checks a receipt.</summary>
    /// <param name="receipt">What was read.</param>
    /// <param name="unknown">Paths of fields in the document that are not part of a receipt.</param>
    public static ReceiptCheck Of(ReceiptDocument receipt, IReadOnlyList<string>? unknown = null)
    {
        ReceiptCheck check = new(receipt);
        foreach (string field in unknown ?? [])
        {
            check.findings.Add(field, "is not part of a receipt: nobody signed it");
        }

        check.Run();
        return check;
    }

    private void Run()
    {
        if (!Network.TryParse(Receipt.Network, out Network? network))
        {
            findings.Add("network", $"'{Receipt.Network}' is no network");
            return;
        }

        findings.Same("genesis", Receipt.Genesis, network.GenesisHash.Value.ToString());
        CheckParameters();
        if (Parameters is not { } parameters)
        {
            return;
        }

        findings.Same("jobId", Receipt.JobId, parameters.Id.ToString());
        CheckAssignment(parameters, network);
        JobOutput? output = CheckOutput();
        CheckTestament(network);
        if (Testament is not { } testament)
        {
            return;
        }

        CheckCommitment(parameters, testament, output);
        ReceiptAttestationCheck.Run(Receipt, testament, Curve, findings);
        ReceiptPaymentCheck.Run(Receipt, new PaymentFacts(parameters, testament, network), findings);
    }

    private void CheckParameters()
    {
        if (!ReceiptBytes.TryHex(Receipt.Parameters.Canonical, out byte[] bytes)
            || !JobParameters.TryDecode(bytes, out JobParameters? parameters) || parameters is null)
        {
            findings.Add("parameters.canonical", "is no canonical encoding of job parameters");
            return;
        }

        Parameters = parameters;
        ReceiptFieldsCheck.Parameters(Receipt.Parameters, parameters, findings);
    }

    private void CheckAssignment(JobParameters parameters, Network network)
    {
        if (!Hash256.TryParse(Receipt.Nonce, out Hash256 nonce))
        {
            findings.Add("nonce", "is not 64 hexadecimal digits");
            return;
        }

        if (!StakeId.TryParse(Receipt.StakeId, out StakeId stake))
        {
            findings.Add("stakeId", "is not TXID:INDEX");
            return;
        }

        Assignment assignment = new()
        {
            Genesis = network.GenesisHash.Value, JobId = parameters.Id, Stake = stake, Nonce = nonce,
        };
        findings.Require(assignment.Fits(parameters), "nonce", "does not hash to the nonceHash of the parameters");
        findings.Same("clientKey", Receipt.ClientKey, parameters.ClientKey.ToString());
        Signature("assignmentSignature", parameters.ClientKey, assignment.SigningHash, Receipt.AssignmentSignature);
        Seed = JobSeed.Of(parameters, nonce, stake);
        findings.Same("seed", Receipt.Seed, Seed.ToString());
    }

    private JobOutput? CheckOutput()
    {
        if (!ReceiptBytes.TryHex(Receipt.Output.Canonical, out byte[] bytes)
            || !JobOutput.TryDecode(bytes, out JobOutput? output) || output is null)
        {
            findings.Add("output.canonical", "is no canonical encoding of an output");
            return null;
        }

        findings.Same("output.tokens", Receipt.Output.Tokens, output.Tokens);
        findings.Same("output.fingerprints", Receipt.Output.Fingerprints, output.Fingerprints);
        findings.Same("output.finishReason", Receipt.Output.FinishReason, ReceiptWords.Of(output.FinishReason));
        return output;
    }

    private void CheckTestament(Network network)
    {
        if (!ReceiptBytes.TryHex(Receipt.Testament.Canonical, out byte[] bytes)
            || !Testament.TryDecode(bytes, out Testament? testament) || testament is null)
        {
            findings.Add("testament.canonical", "is no canonical encoding of a testament");
            return;
        }

        Testament = testament;
        ReceiptFieldsCheck.Testament(Receipt.Testament, testament, network, findings);
        if (PublicKey.TryParse(Receipt.WorkerKey, out PublicKey worker))
        {
            Signature("testament.signature", worker, testament.Hash, Receipt.Testament.Signature);
        }
        else
        {
            findings.Add("workerKey", "is no public key");
        }
    }

    private void CheckCommitment(JobParameters parameters, Testament testament, JobOutput? output)
    {
        findings.Same("testament.jobId", testament.JobId.ToString(), parameters.Id.ToString());
        findings.Same("stakeId", Receipt.StakeId, testament.Stake.ToString());
        findings.Same("nonce", Receipt.Nonce, testament.Nonce.ToString());
        CheckCancellation(parameters, testament);
        if (!ReceiptBytes.TryHex(Receipt.OutputKey, out byte[] key) || key.Length != OutputCommitment.KeyBytes)
        {
            findings.Add("outputKey", $"is not {OutputCommitment.KeyBytes} bytes in hexadecimal");
            return;
        }

        if (output is null)
        {
            return;
        }

        OutputCommitment commitment = OutputCommitment.Create(output, key);
        findings.Same("outputKey", commitment.KeyHash.ToString(), testament.KeyHash.ToString());
        findings.Require(commitment.OutputRoot == testament.OutputRoot, "testament.outputRoot",
            "the output and its key do not lead to the root that the worker signed");
        findings.Require(commitment.CiphertextRoot == testament.CiphertextRoot, "testament.ciphertextRoot",
            "the output and its key do not lead to the ciphertext root that the worker signed");
        findings.Require(testament.Describes(output), "testament.tokenCount",
            "token count, chunk count or finish reason is not that of the output");
    }

    private void CheckCancellation(JobParameters parameters, Testament testament)
    {
        if (testament.FinishReason != FinishReason.Cancelled)
        {
            findings.Require(Receipt.CancellationSignature is null, "cancellationSignature",
                $"stands there, but the output ends by '{ReceiptWords.Of(testament.FinishReason)}'");
            return;
        }

        Hash256 digest = Cancellation.SigningHash(testament.Genesis, parameters.Id, testament.TokenCount);
        CancelSigned = ReceiptBytes.TryHex(Receipt.CancellationSignature, out byte[] der)
            && Curve.Verify(parameters.ClientKey, digest, der);
        findings.Require(CancelSigned, "cancellationSignature", Receipt.CancellationSignature is null
            ? "is missing: only the client may end a job early"
            : $"is no valid signature by the client's key that the job ends after {testament.TokenCount} tokens");
    }

    private void Signature(string field, PublicKey key, Hash256 digest, string? signature) => findings.Require(
        ReceiptBytes.TryHex(signature, out byte[] der) && Curve.Verify(key, digest, der), field,
        "is no valid signature of these facts by that key");
}
