using Camelid.JobPool.Jobs;
using Camelid.JobPool.Steps;
using Camelid.JobPool.Submission;
using Camelid.JobPool.Trade;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Trade;
using Camelid.Protocol.Transactions;
using Google.Protobuf;

namespace Camelid.JobPool.Tests.Trade;

/// <summary>Messages in perfect form that their stated authors never wrote, and one that its author did.</summary>
internal static class TradeForgeries
{
    private static Hash256 Genesis => Network.Regtest.GenesisHash.Value;

    private static StakeId Stake { get; } = new(Hashes.Sha256([1]), 0);

    /// <summary>A refusal of the job by a stake that does not exist, signed by nobody.</summary>
    public static byte[] Refusal(ByteString jobId) => new SignedBody
    {
        Body = new OrderAnswer
        {
            Genesis = Genesis, JobId = IdOf(jobId), Stake = Stake, Code = OrderCode.Busy,
        }.Encode(),
        Signature = [0x30, 1],
    }.Encode();

    /// <summary>A commitment to the job whose envelope has the right length and no content.</summary>
    public static byte[] Commitment(ByteString jobId)
    {
        JobOutput output = new() { Tokens = [1], Fingerprints = [2], FinishReason = FinishReason.Stop };
        OutputCommitment commitment = OutputCommitment.Create(output, new byte[32]);
        Testament testament = new()
        {
            Genesis = Genesis,
            JobId = IdOf(jobId),
            OutputRoot = commitment.OutputRoot,
            CiphertextRoot = commitment.CiphertextRoot,
            ChunkCount = commitment.ChunkCount,
            TokenCount = 1,
            FinishReason = FinishReason.Stop,
            Nonce = Hashes.Sha256([2]),
            NumericsClass = Hashes.Sha256([3]),
            KeyHash = commitment.KeyHash,
            RewardAddress = Hash160.Of([4]),
            Stake = Stake,
            SlashGrains = 1,
            Expiry = 2_000_000_000,
        };
        return new JobCommitment
        {
            Testament = testament,
            Signature = [0x30, 1],
            Envelope = new byte[DeliveryEnvelope.OverheadBytes + commitment.Delivery.Encode().Length],
        }.Encode();
    }

    /// <summary>The order of a job as its client would send it once more.</summary>
    public static async Task<byte[]> OrderAsync(Operator client, ByteString jobId)
    {
        string id = Convert.ToHexStringLower(jobId.Span);
        JobRow row = (await client.Host.Store.FindAsync(id, TestContext.Current.CancellationToken))!;
        JobOrder order = new()
        {
            Parameters = OfferSteps.ParametersOf(row),
            Nonce = Hash256.FromBytes(row.Nonce),
            Signature = row.AssignmentSignature!,
            Offer = new Txid(Hash256.FromBytes(row.OfferTxid)),
        };
        return client.Host.Get<TradePost>().Seal(
            TradeMessageKind.Order, new SealedAddress(Genesis, OperatorProfile.StakeOf(row.StakeId)),
            PurchaseSteps.KeyOf(row.WorkerKey), order.Encode()).Encode();
    }

    private static JobId IdOf(ByteString jobId) => new(Hash256.FromBytes(jobId.Span));
}
