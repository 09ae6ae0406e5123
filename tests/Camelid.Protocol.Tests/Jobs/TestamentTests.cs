using Camelid.Protocol.Jobs;

namespace Camelid.Protocol.Tests.Jobs;

/// <summary>Rules E-25, E-27 and E-28: the testament and the order of payment.</summary>
public sealed class TestamentTests
{
    private static readonly JobOutput Output = SampleJobs.Output(20);

    private static Testament Sample => SampleJobs.TestamentOf(
        OutputCommitment.Create(Output, SampleJobs.HashOf("k").ToBytes()), Output);

    /// <summary>Rule E-25: a signature over the hash binds every field.</summary>
    [Fact]
    [Trait("Rule", "E-25")]
    public void A_change_of_any_field_changes_the_hash()
    {
        Testament t = Sample;
        Hash256 other = SampleJobs.HashOf("other");
        Hash160 shortHash = Hash160.Of("other"u8);
        Testament[] changed =
        [
            t, t with { Genesis = other }, t with { JobId = new JobId(other) }, t with { OutputRoot = other },
            t with { CiphertextRoot = other }, t with { ChunkCount = 7 }, t with { TokenCount = 21 },
            t with { FinishReason = FinishReason.Length }, t with { Nonce = other }, t with { NumericsClass = other },
            t with { KeyHash = shortHash }, t with { RewardAddress = shortHash },
            t with { Stake = t.Stake with { Index = 2 } }, t with { Stake = t.Stake with { Txid = other } },
            t with { SlashGrains = 1 }, t with { Expiry = 1 },
        ];
        Assert.Distinct(changed.Select(x => x.Hash));
        Assert.Equal(14, typeof(Testament).GetProperties().Count(p => p.CanWrite));
    }

    /// <summary>Rule E-25: every bit of the encoding is refused or is another testament with that encoding.</summary>
    [Fact]
    [Trait("Rule", "E-25")]
    public void A_testament_has_one_encoding()
    {
        byte[] bytes = Sample.Encode();
        Assert.Equal(Testament.Bytes, bytes.Length);
        Assert.True(Testament.TryDecode(bytes, out Testament? read));
        Assert.Equal(Sample, read);
        Assert.False(Testament.TryDecode([.. bytes, 0], out _));
        Assert.False(Testament.TryDecode(bytes.AsSpan()[..^1], out _));
        for (int i = 0; i < bytes.Length * 8; i++)
        {
            byte[] changed = [.. bytes];
            changed[i / 8] ^= (byte)(1 << (i % 8));
            Assert.True(!Testament.TryDecode(changed, out Testament? other) || other!.Encode().SequenceEqual(changed));
        }
    }

    [Theory]
    [Trait("Rule", "E-25")]
    [InlineData(20u, 6u, FinishReason.Stop, true)]
    [InlineData(20u, 5u, FinishReason.Stop, false)]
    [InlineData(20u, 7u, FinishReason.Stop, false)]
    [InlineData(20u, 6u, FinishReason.Unset, false)]
    [InlineData(20u, 6u, (FinishReason)4, false)]
    [InlineData(0u, 1u, FinishReason.Cancelled, true)]
    [InlineData(0u, 1u, FinishReason.Stop, false)]
    [InlineData(131_072u, 32_769u, FinishReason.Length, true)]
    [InlineData(131_073u, 32_769u, FinishReason.Length, false)]
    public void Counts_and_reason_agree(uint tokens, uint chunks, FinishReason reason, bool good)
    {
        Testament testament = Sample with { TokenCount = tokens, ChunkCount = chunks, FinishReason = reason };
        Assert.Equal(good, testament.IsInForm);
        Assert.Equal(good, Testament.TryDecode(testament.Encode(), out _));
    }

    [Fact]
    [Trait("Rule", "E-25")]
    public void A_testament_describes_only_its_own_count_and_end()
    {
        Assert.True(Sample.Describes(Output));
        Assert.False(Sample.Describes(SampleJobs.Output(19)));
        Assert.False(Sample.Describes(SampleJobs.Output(20, FinishReason.Length)));
        Assert.False((Sample with { SlashGrains = Amount.GrainsMax + 1L }).IsInForm);
    }

    /// <summary>Rule E-27: with W = 10 s and a deadline 60 s after creation.</summary>
    [Fact]
    [Trait("Rule", "E-27")]
    public void The_times_of_an_escrow_follow_each_other()
    {
        JobParameters job = SampleJobs.Small();
        EscrowSchedule times = EscrowSchedule.Of(job, 10);
        Assert.Equal(job.Created + 10, times.PaymentLockTime);
        Assert.Equal(job.Deadline + 10, times.OfferLockTime);
        Assert.Equal(times.OfferLockTime + 120, times.DepositExpiryMin);
        Assert.True(times.OfferLockTime > times.PaymentLockTime);
        Assert.True(times.RefundTime >= times.PaymentLockTime + 360);
        Assert.Equal(times.RefundTime + 60, times.TestamentExpiry);
        Assert.Equal(times.TestamentExpiry + 360, times.StakeReleaseMin);
        JobParameters last = job with { Deadline = JobParameters.TimeMax, Created = JobParameters.TimeMax - 1 };
        Assert.True(EscrowSchedule.Of(last, 3600).StakeReleaseMin > JobParameters.TimeMax);
    }

    /// <summary>Rule E-28: six blocks only above a tenth of the subsidy.</summary>
    [Theory]
    [Trait("Rule", "E-28")]
    [InlineData(500_000_000, 2)]
    [InlineData(500_000_001, 6)]
    public void A_large_reward_is_buried_deeper(long rewardGrains, uint depth) =>
        Assert.Equal(depth, EscrowSchedule.ClaimDepth(Amount.Grain(rewardGrains), Amount.Grain(5_000_000_000)));

    /// <summary>Rule E-28: the claim's window, at its limits, for W = 10 s and T_r = 1,000.</summary>
    [Theory]
    [Trait("Rule", "E-28")]
    [InlineData(2, 880, true, true)]
    [InlineData(1, 880, false, true)]
    [InlineData(0, 0, false, true)]
    [InlineData(2, 881, false, true)]
    [InlineData(9, 939, false, true)]
    [InlineData(9, 940, false, false)]
    [InlineData(9, 2000, false, false)]
    public void A_claim_starts_buried_and_early_and_stops_before_the_refund(
        uint depth, uint medianTimePast, bool mayStart, bool mayRepeat)
    {
        EscrowSchedule times = EscrowSchedule.Of(SampleJobs.Small(), 10);
        Assert.Equal(mayStart, times.MayStartClaim(depth, 2, 1000, medianTimePast));
        Assert.Equal(mayRepeat, times.MayRepeatClaim(1000, medianTimePast));
    }

    /// <summary>Rule E-29.</summary>
    [Fact]
    [Trait("Rule", "E-29")]
    public void A_slash_is_twice_reward_and_bond() =>
        Assert.Equal(2 * 150, EscrowSchedule.SlashGrainsMin(Amount.Grain(100), Amount.Grain(50)));
}
