using Camelid.Protocol.Jobs;
using Camelid.Protocol.Tests.Jobs;
using Camelid.Protocol.Verification;

namespace Camelid.Protocol.Tests.Verification;

/// <summary>Rules V-07 and V-08.</summary>
public sealed class PositionDrawTests
{
    private static readonly Hash256 Secret = SampleJobs.HashOf("secret");
    private static readonly Hash256 Testament = SampleJobs.HashOf("testament");

    [Theory]
    [Trait("Rule", "V-07")]
    [InlineData(VerificationLevel.Spot, 0, 0, 0)]
    [InlineData(VerificationLevel.Spot, 0, 1, 1)]
    [InlineData(VerificationLevel.Spot, 0, 3, 3)]
    [InlineData(VerificationLevel.Spot, 0, 4, 3)]
    [InlineData(VerificationLevel.Spot, 0, 500, 3)]
    [InlineData(VerificationLevel.Sampled, 8, 9, 9)]
    [InlineData(VerificationLevel.Sampled, 8, 10, 10)]
    [InlineData(VerificationLevel.Sampled, 8, 11, 10)]
    [InlineData(VerificationLevel.Sampled, 4096, 131_072, 4098)]
    [InlineData(VerificationLevel.Full, 0, 500, 500)]
    public void A_level_checks_so_many_positions_first_and_last_among_them(
        VerificationLevel level, uint sampled, int tokens, int count)
    {
        IReadOnlyList<int> positions = PositionDraw.Draw(level, sampled, tokens, Secret, Testament);
        Assert.Equal(count, positions.Count);
        Assert.Equal(positions.Distinct().Order(), positions);
        Assert.All(positions, position => Assert.InRange(position, 0, tokens - 1));
        Assert.True(tokens == 0 || (positions[0] == 0 && positions[^1] == tokens - 1));
    }

    /// <summary>Rule V-07: over many secrets every inner position is drawn about equally often.</summary>
    [Fact]
    [Trait("Rule", "V-07")]
    public void The_drawn_position_depends_on_secret_and_testament_and_reaches_every_place()
    {
        int[] hits = new int[12];
        for (int i = 0; i < 2000; i++)
        {
            hits[PositionDraw.Draw(VerificationLevel.Spot, 0, 12, SampleJobs.HashOf($"{i}"), Testament)[1]]++;
        }

        Assert.All(hits[1..11], count => Assert.InRange(count, 140, 260));
        Assert.NotEqual(
            PositionDraw.Draw(VerificationLevel.Sampled, 20, 5000, Secret, Testament),
            PositionDraw.Draw(VerificationLevel.Sampled, 20, 5000, Secret, Secret));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => PositionDraw.Draw(VerificationLevel.Unset, 0, 5, Secret, Testament));
    }

    /// <summary>Rule V-08: every field is signed.</summary>
    [Fact]
    [Trait("Rule", "V-08")]
    public void An_attestation_binds_every_field_and_comes_back_equal()
    {
        VerificationAttestation a = Attestation();
        Assert.True(VerificationAttestation.TryDecode(a.Encode(), out VerificationAttestation? read));
        Assert.Equal(a, read);
        Assert.False(VerificationAttestation.TryDecode([.. a.Encode(), 0], out _));
        VerificationAttestation[] changed =
        [
            a, a with { Genesis = Secret }, a with { JobId = new JobId(Secret) }, a with { TestamentHash = Secret },
            a with { Level = VerificationLevel.Spot }, a with { Verdict = VerificationState.Inconclusive },
            a with { FirstBadPosition = 1 }, a with { NumericsClass = Secret },
            a with { Verifier = new StakeId(Secret, 0) }, a with { Verifier = a.Verifier with { Index = 9 } },
        ];
        Assert.Distinct(changed.Select(x => x.SigningHash));
    }

    [Theory]
    [Trait("Rule", "V-08")]
    [InlineData(VerificationState.Passed, -1, true)]
    [InlineData(VerificationState.Passed, 0, false)]
    [InlineData(VerificationState.Failed, -1, false)]
    [InlineData(VerificationState.Failed, 131_072, true)]
    [InlineData(VerificationState.Failed, 131_073, false)]
    [InlineData(VerificationState.Inconclusive, -1, true)]
    [InlineData(VerificationState.Inconclusive, -2, false)]
    [InlineData(VerificationState.Pending, -1, false)]
    [InlineData(VerificationState.Unset, -1, false)]
    public void A_verdict_and_its_position_agree(VerificationState verdict, int position, bool good)
    {
        VerificationAttestation attestation = Attestation() with { Verdict = verdict, FirstBadPosition = position };
        Assert.Equal(good, VerificationAttestation.TryDecode(attestation.Encode(), out _));
    }

    private static VerificationAttestation Attestation() => new()
    {
        Genesis = SampleJobs.HashOf("genesis"),
        JobId = SampleJobs.Small().Id,
        TestamentHash = Testament,
        Level = VerificationLevel.Full,
        Verdict = VerificationState.Passed,
        FirstBadPosition = -1,
        NumericsClass = SampleJobs.HashOf("class"),
        Verifier = new StakeId(SampleJobs.HashOf("verifier"), 3),
    };
}
