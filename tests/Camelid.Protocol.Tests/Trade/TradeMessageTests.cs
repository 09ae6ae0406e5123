using Camelid.Protocol.Jobs;
using Camelid.Protocol.Tests.Jobs;
using Camelid.Protocol.Trade;

namespace Camelid.Protocol.Tests.Trade;

/// <summary>Rules J-20 to J-26: what operators send each other about a job.</summary>
public sealed class TradeMessageTests
{
    private delegate byte[]? Reencode(ReadOnlySpan<byte> bytes);

    private static readonly Dictionary<string, (byte[] Bytes, Reencode Read)> Messages = new()
    {
        ["order"] = (TradeSamples.Order.Encode(),
            bytes => JobOrder.TryDecode(bytes, out JobOrder? read) ? read!.Encode() : null),
        ["order answer"] = (AnswerOf(OrderCode.Busy).Encode(),
            bytes => OrderAnswer.TryDecode(bytes, out OrderAnswer? read) ? read!.Encode() : null),
        ["signed body"] = (new SignedBody { Body = [1, 2], Signature = [3] }.Encode(),
            bytes => SignedBody.TryDecode(bytes, out SignedBody? read) ? read!.Encode() : null),
        ["commitment"] = (Commitment().Encode(),
            bytes => JobCommitment.TryDecode(bytes, out JobCommitment? read) ? read!.Encode() : null),
        ["commitment receipt"] = (new CommitmentReceipt(TradeSamples.Job.Id, TradeSamples.Testament.Hash).Encode(),
            bytes => CommitmentReceipt.TryDecode(bytes, out CommitmentReceipt read) ? read.Encode() : null),
        ["check request"] = (TradeSamples.Request.Encode(),
            bytes => CheckRequest.TryDecode(bytes, out CheckRequest? read) ? read!.Encode() : null),
        ["check answer"] = (TradeSamples.Answer.Encode(),
            bytes => CheckAnswer.TryDecode(bytes, out CheckAnswer? read) ? read!.Encode() : null),
        ["sealed message"] = (Sealed().Encode(),
            bytes => SealedMessage.TryDecode(bytes, out SealedMessage? read) ? read!.Encode() : null),
    };

    public static TheoryData<string> Names => [.. Messages.Keys];

    [Theory]
    [Trait("Rule", "J-20")]
    [Trait("Rule", "J-21")]
    [Trait("Rule", "J-22")]
    [Trait("Rule", "J-23")]
    [Trait("Rule", "J-24")]
    [Trait("Rule", "J-25")]
    [Trait("Rule", "J-26")]
    [MemberData(nameof(Names))]
    public void A_message_has_one_encoding(string name)
    {
        (byte[] bytes, Reencode read) = Messages[name];
        Assert.Equal(bytes, read(bytes));
        Assert.Null(read([.. bytes, 0]));
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Null(read(bytes.AsSpan(0, length)));
        }

        for (int i = 0; i < bytes.Length * 8; i++)
        {
            byte[] changed = [.. bytes];
            changed[i / 8] ^= (byte)(1 << (i % 8));
            Assert.True(read(changed) is not { } again || again.SequenceEqual(changed), $"{name}, bit {i}");
        }
    }

    /// <summary>Rule J-20: purpose, network and stake are bound; the key is the stake's.</summary>
    [Fact]
    [Trait("Rule", "J-20")]
    public void A_sealed_message_opens_for_its_stake_its_network_and_its_purpose_alone()
    {
        SealedMessage message = Sealed();
        SealingKeys own = new(TradeSamples.Curve, TradeSamples.Worker);
        Assert.True(message.TryOpen(TradeMessageKind.Order, TradeSamples.Genesis, own, out byte[] content));
        Assert.Equal(TradeSamples.Order.Encode(), content);
        Assert.False(message.TryOpen(TradeMessageKind.CheckRequest, TradeSamples.Genesis, own, out _));
        Assert.False(message.TryOpen(TradeMessageKind.Order, SampleJobs.HashOf("other"), own, out _));
        Assert.False((message with { Stake = TradeSamples.VerifierStake }).TryOpen(
            TradeMessageKind.Order, TradeSamples.Genesis, own, out _));
        Assert.False(message.TryOpen(
            TradeMessageKind.Order, TradeSamples.Genesis,
            own with { OneTime = TradeSamples.Client }, out byte[] nothing));
        Assert.Empty(nothing);
        Assert.Throws<ArgumentOutOfRangeException>(() => Sealed(new byte[SealedMessage.ContentBytesMax + 1]));
    }

    /// <summary>Rule J-22: every field is under the signature.</summary>
    [Fact]
    [Trait("Rule", "J-22")]
    public void A_change_of_any_field_of_an_answer_changes_what_is_signed()
    {
        OrderAnswer answer = AnswerOf(OrderCode.Accepted);
        Hash256 other = SampleJobs.HashOf("other");
        OrderAnswer[] all =
        [
            answer, answer with { Genesis = other }, answer with { JobId = new JobId(other) },
            answer with { Stake = TradeSamples.VerifierStake }, answer with { Code = OrderCode.Busy },
        ];
        Assert.Distinct(all.Select(each => each.SigningHash));
        Assert.Equal(4, typeof(OrderAnswer).GetProperties().Count(property => property.CanWrite));
    }

    /// <summary>Rule J-23: the envelope is as long as the chunk count says, not a byte less or more.</summary>
    [Theory]
    [Trait("Rule", "J-23")]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void A_truncated_envelope_is_refused(int more, bool isGood)
    {
        JobCommitment commitment = Commitment();
        byte[] envelope = new byte[commitment.Envelope.Length + more];
        Assert.Equal(isGood, JobCommitment.TryDecode(
            (commitment with { Envelope = envelope }).Encode(), out JobCommitment? _));
    }

    /// <summary>
    /// Rule J-25: a verifier is no oracle: it checks what the job's client asks it to, and nothing else.
    /// </summary>
    [Fact]
    [Trait("Rule", "J-25")]
    public void A_check_is_made_for_the_client_of_the_job_and_for_the_bound_output_alone()
    {
        CheckRequest request = TradeSamples.Request;
        Assert.True(IsFor(request));
        Assert.False(request.IsFor(SampleJobs.HashOf("other"), TradeSamples.VerifierStake, TradeSamples.Curve));
        Assert.False(request.IsFor(TradeSamples.Genesis, TradeSamples.Stake, TradeSamples.Curve));
        Assert.False(IsFor(request with { Signature = SignedBy(request, "worker") }));
        Assert.False(IsFor(request with { Key = SampleJobs.HashOf("another k") }));
        Assert.False(IsFor(request with { Output = SampleJobs.Output(5, FinishReason.Length) }));
        Assert.False(IsFor(request with { Output = SampleJobs.Output(6) }));
        Assert.False(IsFor(request with { Nonce = SampleJobs.HashOf("another nonce") }));
        Assert.False(IsFor(request with { Parameters = request.Parameters with { MaxTokens = 17 } }));
        Assert.False(IsFor(request with { Testament = request.Testament with { TokenCount = 4 } }));
    }

    private static bool IsFor(CheckRequest request) =>
        request.IsFor(TradeSamples.Genesis, TradeSamples.VerifierStake, TradeSamples.Curve);

    private static byte[] SignedBy(CheckRequest request, string name) => TradeSamples.Curve.Sign(
        TradeSamples.KeyOf(name),
        CheckRequest.SigningHash(TradeSamples.Genesis, TradeSamples.VerifierStake, request.Testament.Hash));

    private static OrderAnswer AnswerOf(OrderCode code) => new()
    {
        Genesis = TradeSamples.Genesis, JobId = TradeSamples.Job.Id, Stake = TradeSamples.Stake, Code = code,
    };

    private static JobCommitment Commitment() => new()
    {
        Testament = TradeSamples.Testament,
        Signature = [7],
        Envelope = DeliveryEnvelope.Seal(
            TradeSamples.Curve, TradeSamples.KeyOf("one-time"), TradeSamples.Job.ClientKey,
            TradeSamples.Commitment.Delivery.Encode(), TradeSamples.Testament.Hash.ToBytes()),
    };

    private static SealedMessage Sealed(byte[]? content = null) => SealedMessage.Seal(
        TradeMessageKind.Order, new SealedAddress(TradeSamples.Genesis, TradeSamples.Stake),
        new SealingKeys(TradeSamples.Curve, TradeSamples.KeyOf("one-time")),
        TradeSamples.Curve.PublicKeyOf(TradeSamples.Worker), content ?? TradeSamples.Order.Encode());
}
