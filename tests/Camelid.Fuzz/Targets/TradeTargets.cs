using Camelid.Protocol.Jobs;
using Camelid.Protocol.Models;
using Camelid.Protocol.Models.Chunks;
using Camelid.Protocol.Tests.Jobs;
using Camelid.Protocol.Tests.Trade;
using Camelid.Protocol.Trade;

namespace Camelid.Fuzz.Targets;

/// <summary>Orders, commitments and checks between operators, and the chunks of models.</summary>
internal static class TradeTargets
{
    private const int Chunks = 11;

    private static readonly ModelHead Head = ModelHead.Of(
        "a manifest"u8, [ModelFile.Of("a.bin", "abc"u8), ModelFile.Of("b/c.bin", "defg"u8)])!;

    internal static IEnumerable<IFuzzTarget> All =>
    [
        new CodecTarget<JobOrder>(
            "trade-order", input => JobOrder.TryDecode(input, out JobOrder? order) ? order : null,
            order => order.Encode())
        {
            Values = () => [TradeSamples.Order],
            Use = order => OrderJudge.Judge(order, TradeSamples.Terms, TradeSamples.Curve),
            Allowance = new FuzzAllowance(1 << 20, 128),
        },
        new CodecTarget<OrderAnswer>(
            "trade-order-answer", input => OrderAnswer.TryDecode(input, out OrderAnswer? answer) ? answer : null,
            answer => answer.Encode())
        {
            Values = () => [Answer],
        },
        new CodecTarget<JobCommitment>(
            "trade-commitment",
            input => JobCommitment.TryDecode(input, out JobCommitment? commitment) ? commitment : null,
            commitment => commitment.Encode())
        {
            Values = () => [Commitment],
            Allowance = new FuzzAllowance(1 << 20, 1_024),
        },
        new CodecTarget<object>(
            "trade-receipt",
            input => CommitmentReceipt.TryDecode(input, out CommitmentReceipt receipt) ? receipt : null,
            receipt => ((CommitmentReceipt)receipt).Encode())
        {
            Covers = ["CommitmentReceipt.TryDecode"],
            Values = () => [new CommitmentReceipt(TradeSamples.Job.Id, TradeSamples.Testament.Hash)],
        },
        new CodecTarget<CheckRequest>(
            "trade-check", input => CheckRequest.TryDecode(input, out CheckRequest? request) ? request : null,
            request => request.Encode())
        {
            Values = () => [TradeSamples.Request],
            Allowance = new FuzzAllowance(1 << 20, 128),
        },
        new CodecTarget<CheckAnswer>(
            "trade-check-answer", input => CheckAnswer.TryDecode(input, out CheckAnswer? answer) ? answer : null,
            answer => answer.Encode())
        {
            Values = () => [TradeSamples.Answer],
        },
        new CodecTarget<SealedMessage>(
            "trade-sealed", input => SealedMessage.TryDecode(input, out SealedMessage? message) ? message : null,
            message => message.Encode())
        {
            Values = () => [Sealed],
        },
        new CodecTarget<SignedBody>(
            "trade-signed", input => SignedBody.TryDecode(input, out SignedBody? signed) ? signed : null,
            signed => signed.Encode())
        {
            Values = () => [new SignedBody { Body = [1, 2], Signature = [3] }],
        },
        new CodecTarget<ModelHead>(
            "model-head", input => ModelHead.Decode(input, Head.Root), head => head.Encode())
        {
            Covers = ["ModelHead.Decode"],
            Values = () => [Head],
            AreEqual = (left, right) => left.Root == right.Root,
        },
        new CodecTarget<ChunkBits>(
            "pull-progress", input => PullProgress.Decode(input, Head.Root, Chunks),
            have => PullProgress.Encode(Head.Root, have))
        {
            Covers = ["PullProgress.Decode"],
            Values = () => [new ChunkBits(Chunks)],
            AreEqual = (left, right) => left.ToBytes().AsSpan().SequenceEqual(right.ToBytes()),
        },
    ];

    private static OrderAnswer Answer => new()
    {
        Genesis = TradeSamples.Genesis,
        JobId = TradeSamples.Job.Id,
        Stake = TradeSamples.Stake,
        Code = OrderCode.Accepted,
    };

    private static JobCommitment Commitment => new()
    {
        Testament = TradeSamples.Testament,
        Signature = [1, 2, 3],
        Envelope = new byte[DeliveryEnvelope.OverheadBytes + 4
            + (int)(2 * OutputCommitment.ChunkBytes * TradeSamples.Testament.ChunkCount)],
    };

    private static SealedMessage Sealed => SealedMessage.Seal(
        TradeMessageKind.Order, new SealedAddress(TradeSamples.Genesis, TradeSamples.Stake),
        new SealingKeys(TradeSamples.Curve, TradeSamples.KeyOf("one time")),
        TradeSamples.Curve.PublicKeyOf(TradeSamples.Worker), SampleJobs.HashOf("content").ToBytes());
}
