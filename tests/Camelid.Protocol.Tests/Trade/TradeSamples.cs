using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Jobs;
using Camelid.Protocol.Trade;
using Camelid.Protocol.Transactions;
using Camelid.Protocol.Verification;
using Camelid.Secp256k1;

namespace Camelid.Protocol.Tests.Trade;

/// <summary>A client, a worker and a verifier with one job between them, signed by their own keys.</summary>
internal static class TradeSamples
{
    internal const uint Window = 10;

    internal static ISecp256k1 Curve { get; } = Secp256k1Provider.Create();

    internal static PrivateKey Client { get; } = KeyOf("client");

    internal static PrivateKey Worker { get; } = KeyOf("worker");

    internal static PrivateKey Verifier { get; } = KeyOf("verifier");

    internal static Hash256 Genesis { get; } = SampleJobs.HashOf("genesis");

    internal static StakeId Stake { get; } = new(SampleJobs.HashOf("stake"), 1);

    internal static StakeId VerifierStake { get; } = new(SampleJobs.HashOf("verifier's stake"), 0);

    internal static Hash256 Key { get; } = SampleJobs.HashOf("k");

    internal static JobParameters Job { get; } = SampleJobs.Small() with { ClientKey = Curve.PublicKeyOf(Client) };

    internal static JobOutput Output { get; } = SampleJobs.Output(5);

    internal static OutputCommitment Commitment { get; } = OutputCommitment.Create(Output, Key.ToBytes());

    internal static Testament Testament { get; } = SampleJobs.TestamentOf(Commitment, Output) with
    {
        JobId = Job.Id, Stake = Stake, Genesis = Genesis, Nonce = SampleJobs.HashOf("nonce"),
    };

    internal static JobOrder Order { get; } = Signed(new JobOrder
    {
        Parameters = Job,
        Nonce = SampleJobs.HashOf("nonce"),
        Signature = [1],
        Offer = new Txid(SampleJobs.HashOf("J0")),
    });

    internal static WorkerTerms Terms { get; } = new()
    {
        Genesis = Genesis,
        Stake = Stake,
        StakeTime = Job.Created,
        Now = Job.Created + 5,
        PriceGrainsPerToken = Job.PriceGrainsPerToken,
        SlashGrains = 2 * (ulong)Pricing.RewardGrains(Job).Grains,
        Models = new Dictionary<Hash256, Hash256> { [Job.ModelRoot] = SampleJobs.HashOf("class") },
    };

    internal static CheckRequest Request { get; } = new()
    {
        Parameters = Job,
        Nonce = SampleJobs.HashOf("nonce"),
        Testament = Testament,
        Key = Key,
        Output = Output,
        Signature = Curve.Sign(Client, CheckRequest.SigningHash(Genesis, VerifierStake, Testament.Hash)),
    };

    internal static CheckAnswer Answer { get; } = AnswerOf(new VerificationAttestation
    {
        Genesis = Genesis,
        JobId = Job.Id,
        TestamentHash = Testament.Hash,
        Level = VerificationLevel.Full,
        Verdict = VerificationState.Failed,
        FirstBadPosition = 3,
        NumericsClass = SampleJobs.HashOf("class"),
        Verifier = VerifierStake,
    });

    private static OutPoint Deposit { get; } = new(new Txid(SampleJobs.HashOf("deposit")), 0);

    internal static PrivateKey KeyOf(string name) =>
        PrivateKey.FromBytes(SampleJobs.HashOf(name).ToBytes(), Curve) ?? throw new InvalidOperationException(name);

    /// <summary>The order with an assignment that the client signed.</summary>
    internal static JobOrder Signed(JobOrder order) => order with
    {
        Signature = Curve.Sign(Client, order.AssignmentTo(Genesis, Stake).SigningHash),
    };

    /// <summary>J1 as the client builds it.</summary>
    internal static Transaction Payment(
        Func<PaymentScript, PaymentScript>? script = null, long? grains = null, uint? lockTime = null,
        JobId? jobId = null)
    {
        EscrowSchedule schedule = EscrowSchedule.Of(Job, Window);
        PaymentScript honest = new(
            Testament.Hash, Testament.KeyHash, Curve.PublicKeyOf(Worker), schedule.RefundTime, Job.ClientKey);
        long due = Pricing.PaymentGrains(Job, Pricing.TokensRun(Job, Testament.TokenCount)).Grains;
        return Transaction.Create(
            2,
            [new TxInput(Deposit, Script.Empty, TxInput.SequenceLocked)],
            [new TxOutput(Amount.Grain(grains ?? due), (script is null ? honest : script(honest)).Build())],
            lockTime ?? schedule.PaymentLockTime,
            jobId ?? Job.Id);
    }

    private static CheckAnswer AnswerOf(VerificationAttestation attestation) => new()
    {
        Attestation = attestation,
        Finding = RasticFinding.Integrity,
        VerifierKey = Curve.PublicKeyOf(Verifier),
        Signature = Curve.Sign(Verifier, attestation.SigningHash),
    };
}
