using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Rpc;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Submission;
using Google.Protobuf;

namespace Camelid.JobPool.Receipts;

/// <summary>All that an offline check of a job needs but the weights.</summary>
internal sealed class ReceiptView(JobStore store, OperatorDirectory directory)
{
    /// <summary>The receipt of a committed job.</summary>
    public async Task<Receipt> OfAsync(JobRow row, CancellationToken cancellationToken)
    {
        OperatorProfile profile = await directory.GetAsync(cancellationToken);
        IReadOnlyList<JobTransitionRow> transitions = await store.ListTransitionsAsync(row.JobId, cancellationToken);
        bool isRejected = row.Failure.Length > 0;
        return new Receipt
        {
            JobParameters = ByteString.CopyFrom(row.Parameters),
            GenesisHash = ByteString.CopyFrom(profile.Genesis.ToBytes()),
            Network = profile.Network.Name,
            Nonce = ByteString.CopyFrom(row.Nonce),
            Seed = JobMapping.Bytes(row.Seed),
            AssignmentSignature = JobMapping.Bytes(row.AssignmentSignature),
            ClientKey = JobMapping.Bytes(row.ClientKey),
            Output = JobMapping.Bytes(row.Output),
            OutputKey = JobMapping.Bytes(row.OutputKey),
            Testament = JobMapping.Bytes(row.Testament),
            TestamentSignature = JobMapping.Bytes(row.TestamentSignature),
            WorkerKey = JobMapping.Bytes(row.WorkerKey),
            Attestation = JobMapping.Bytes(row.Attestation),
            AttestationSignature = JobMapping.Bytes(row.AttestationSignature),
            VerifierKey = JobMapping.Bytes(row.VerifierKey),
            Text = isRejected ? "" : row.OutputText ?? "",
            Job = JobMapping.Details(row, transitions),
            PaymentRaw = JobMapping.Bytes(row.PaymentRaw),
            CancellationSignature = JobMapping.Bytes(row.CancellationSignature),
            StakeId = JobMapping.Bytes(row.StakeId),
            Fields = new ReceiptFields
            {
                Parameters = ReceiptFieldsMapping.Of(OfferSteps.ParametersOf(row)),
                Output = ReceiptFieldsMapping.Of(CommitSteps.OutputOf(row)),
                Testament = ReceiptFieldsMapping.OfTestament(row.Testament, profile.Network),
                Attestation = row.Attestation is null ? null : ReceiptFieldsMapping.OfAttestation(row.Attestation),
            },
        };
    }
}
