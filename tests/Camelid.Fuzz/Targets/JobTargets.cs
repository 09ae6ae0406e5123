using Camelid.Protocol.Jobs;
using Camelid.Protocol.Tests.Jobs;
using Camelid.Protocol.Verification;
using ChainSamples = Camelid.Protocol.Tests.Transactions.Samples;

namespace Camelid.Fuzz.Targets;

/// <summary>What clients, workers and verifiers sign and send.</summary>
internal static class JobTargets
{
    private static readonly byte[] Key = SampleJobs.HashOf("key").ToBytes();
    private static readonly JobOutput Output = SampleJobs.Output(20);
    private static readonly OutputCommitment Commitment = OutputCommitment.Create(Output, Key);
    private static readonly StakeId Stake = new(SampleJobs.HashOf("stake"), 1);

    private static OutputDelivery Delivery => new()
    {
        Ciphertext = Commitment.Ciphertext,
        OutputLeaves = [.. Enumerable.Repeat(SampleJobs.HashOf("leaf"), (int)Commitment.ChunkCount)],
    };

    internal static IEnumerable<IFuzzTarget> All =>
    [
        new CodecTarget<JobParameters>(
            "job", input => JobParameters.TryDecode(input, out JobParameters? job) ? job : null, job => job.Encode())
        {
            Values = () => [SampleJobs.Small(), SampleJobs.Rich()],
            Covers = ["JobParameters.TryDecode", "JobEncoding.TryDecode"],

            // The lists of logit biases and classes are made at their bounds before they are read.
            Allowance = new FuzzAllowance(1 << 20, 128),
        },
        new CodecTarget<JobOutput>(
            "job-output", input => JobOutput.TryDecode(input, out JobOutput? output) ? output : null,
            output => output.Encode())
        {
            Values = () => [Output, SampleJobs.Output(0, FinishReason.Cancelled)],
        },
        new CodecTarget<Testament>(
            "testament", input => Testament.TryDecode(input, out Testament? testament) ? testament : null,
            testament => testament.Encode())
        {
            Values = () => [SampleJobs.TestamentOf(Commitment, Output)],
        },
        new CodecTarget<OutputDelivery>(
            "delivery", input => OutputDelivery.TryDecode(input, out OutputDelivery? delivery) ? delivery : null,
            delivery => delivery.Encode())
        {
            Values = () => [Delivery],
            Use = delivery => delivery.ProveWrongKey(Key),
            Allowance = new FuzzAllowance(1 << 20, 1_024),
        },
        new CodecTarget<WrongKeyProof>(
            "wrong-key-proof", input => WrongKeyProof.TryDecode(input, out WrongKeyProof? proof) ? proof : null,
            proof => proof.Encode())
        {
            Values = () => [Delivery.ProveWrongKey(Key)!],
        },
        new CodecTarget<Assignment>(
            "assignment", input => Assignment.TryDecode(input, out Assignment? assignment) ? assignment : null,
            assignment => assignment.Encode())
        {
            Values = () =>
            [
                new Assignment
                {
                    Genesis = SampleJobs.HashOf("genesis"), JobId = SampleJobs.Small().Id, Stake = Stake,
                    Nonce = SampleJobs.HashOf("nonce"),
                },
            ],
        },
        new CodecTarget<VerificationAttestation>(
            "attestation",
            input => VerificationAttestation.TryDecode(input, out VerificationAttestation? word) ? word : null,
            word => word.Encode())
        {
            Values = () =>
            [
                new VerificationAttestation
                {
                    Genesis = SampleJobs.HashOf("genesis"), JobId = SampleJobs.Small().Id,
                    TestamentHash = SampleJobs.HashOf("testament"), Level = VerificationLevel.Full,
                    Verdict = VerificationState.Failed, FirstBadPosition = 7,
                    NumericsClass = SampleJobs.HashOf("class"), Verifier = Stake,
                },
            ],
        },
        new SealedEnvelopeTarget(),
        new CommitmentTarget(),
        new TextTarget("job-text", text => JobId.TryParse(text, out JobId id) ? id.ToString() : null)
        {
            Covers = ["JobId.TryParse", "Hash256.TryParse"],
            Texts = () => [SampleJobs.Small().Id.ToString()],
        },
        new TextTarget("stake-text", text => StakeId.TryParse(text, out StakeId stake) ? stake.ToString() : null)
        {
            Covers = ["StakeId.TryParse"],
            Texts = () => [Stake.ToString()],
        },
    ];

    /// <summary>An envelope to a client: any change is refused, and none throws.</summary>
    private sealed class SealedEnvelopeTarget : IFuzzTarget
    {
        private static readonly byte[] Sealed = DeliveryEnvelope.Seal(
            ChainSamples.Curve, ChainSamples.Worker, ChainSamples.Public(ChainSamples.Client),
            "for one client's eyes"u8, "job"u8);

        public string Name => "sealed-envelope";

        public FuzzAllowance Allowance => FuzzAllowance.Decoder;

        public IReadOnlyList<string> Covers => ["DeliveryEnvelope.TryOpen"];

        public IEnumerable<byte[]> Samples() => [Sealed];

        public bool Run(ReadOnlySpan<byte> input)
        {
            bool opens = DeliveryEnvelope.TryOpen(
                ChainSamples.Curve, ChainSamples.Client, input,
                "job"u8, out byte[] _);
            FuzzFault.Require(!opens || input.SequenceEqual(Sealed), "a changed envelope opens");
            return opens;
        }
    }

    /// <summary>A ciphertext under the committed root opens, and no other does.</summary>
    private sealed class CommitmentTarget : IFuzzTarget
    {
        public string Name => "ciphertext";

        public FuzzAllowance Allowance => FuzzAllowance.Decoder;

        public IReadOnlyList<string> Covers => ["OutputCommitment.TryOpen"];

        public IEnumerable<byte[]> Samples() => [Commitment.Ciphertext];

        public bool Run(ReadOnlySpan<byte> input)
        {
            bool opens = OutputCommitment.TryOpen(input, Key, Commitment.OutputRoot, out JobOutput? output);
            FuzzFault.Require(opens == output is not null, "the verdict and the output disagree");
            FuzzFault.Require(
                !opens || input.SequenceEqual(Commitment.Ciphertext), "another ciphertext opens under the same root");
            return opens;
        }
    }
}
