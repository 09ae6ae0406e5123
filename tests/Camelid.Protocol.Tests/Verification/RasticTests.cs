using Camelid.Protocol.Jobs;
using Camelid.Protocol.Verification;

namespace Camelid.Protocol.Tests.Verification;

/// <summary>Rules V-01 to V-05. Token 0 is the end token; the sampler's choices are 5, 6, 7, 8, 0.</summary>
public sealed class RasticTests
{
    private static readonly uint[] Lawful = [5, 6, 7, 8, 0];

    private static RasticEvidence Honest => new()
    {
        Served = [.. Lawful],
        Choices = [.. Lawful],
        EndTokens = [0],
        MaxTokens = 16,
        FinishReason = FinishReason.Stop,
        ServedFingerprints = [1, 2, 3, 4, 5],
        Fingerprints = [1, 2, 3, 4, 5],
    };

    [Fact]
    public void An_honest_output_passes() => Assert.Equal(RasticVerdict.Passed, Rastic.Judge(Honest));

    /// <summary>Rules V-01 and V-02: one edited token is named with the token that belongs there.</summary>
    [Theory]
    [Trait("Rule", "V-01")]
    [Trait("Rule", "V-02")]
    [InlineData(0, RasticFinding.Continuity)]
    [InlineData(1, RasticFinding.Integrity)]
    [InlineData(3, RasticFinding.Integrity)]
    [InlineData(4, RasticFinding.Integrity)]
    public void An_edited_token_is_named(int position, RasticFinding finding)
    {
        RasticEvidence evidence = Honest;
        evidence.Served[position] = 99;
        RasticVerdict expected = new(VerificationState.Failed, finding, position, Lawful[position]);
        Assert.Equal(expected, Rastic.Judge(evidence));
    }

    /// <summary>Rule V-03: the paper looks only at what the model says, so this cheap end would pass there.</summary>
    [Fact]
    [Trait("Rule", "V-03")]
    public void An_end_token_that_is_not_the_choice_is_a_truncation()
    {
        RasticEvidence evidence = Cut([5, 6, 0], [5, 6, 7]);
        RasticVerdict expected = new(VerificationState.Failed, RasticFinding.Truncation, 2, 7);
        Assert.Equal(expected, Rastic.Judge(evidence));
    }

    /// <summary>Rule V-03: stopping early without any end.</summary>
    [Fact]
    [Trait("Rule", "V-03")]
    public void An_output_that_merely_stops_is_a_truncation()
    {
        RasticVerdict expected = new(VerificationState.Failed, RasticFinding.Truncation, 3, null);
        Assert.Equal(expected, Rastic.Judge(Cut([5, 6, 7], [5, 6, 7])));
        Assert.Equal(expected with { Position = 0 }, Rastic.Judge(Cut([], [])));
    }

    /// <summary>
    /// Rule V-03: B = T is an end; T + 1 tokens are too many; an early end named Length is a wrong reason.
    /// </summary>
    [Theory]
    [Trait("Rule", "V-03")]
    [Trait("Rule", "V-05")]
    [InlineData(3u, FinishReason.Length, RasticFinding.None, -1)]
    [InlineData(3u, FinishReason.Stop, RasticFinding.FinishReason, 2)]
    [InlineData(3u, FinishReason.Cancelled, RasticFinding.FinishReason, 2)]
    [InlineData(2u, FinishReason.Length, RasticFinding.Truncation, 2)]
    [InlineData(4u, FinishReason.Length, RasticFinding.Truncation, 3)]
    public void The_length_limit_is_an_end_exactly_at_the_limit(
        uint maxTokens, FinishReason reason, RasticFinding finding, int position)
    {
        RasticVerdict verdict = Rastic.Judge(
            Cut([5, 6, 7], [5, 6, 7]) with { MaxTokens = maxTokens, FinishReason = reason });
        Assert.Equal((finding, position), (verdict.Finding, verdict.Position));
    }

    /// <summary>Rule V-03: a signed cancellation at B ends lawfully, an unsigned one does not.</summary>
    [Theory]
    [Trait("Rule", "V-03")]
    [InlineData(3, true, RasticFinding.None)]
    [InlineData(0, true, RasticFinding.None)]
    [InlineData(3, false, RasticFinding.Truncation)]
    [InlineData(0, false, RasticFinding.Truncation)]
    public void A_cancellation_ends_only_when_signed(int tokens, bool cancelSigned, RasticFinding finding)
    {
        RasticEvidence evidence = Cut(Lawful[..tokens], Lawful[..tokens]) with
        {
            FinishReason = FinishReason.Cancelled,
            CancelSigned = cancelSigned,
        };
        Assert.Equal(finding, Rastic.Judge(evidence).Finding);
    }

    /// <summary>Rule V-03: a stop string is an end where it is complete, and only there.</summary>
    [Theory]
    [Trait("Rule", "V-03")]
    [InlineData(2, RasticFinding.None, -1)]
    [InlineData(1, RasticFinding.Truncation, 2)]
    [InlineData(0, RasticFinding.Truncation, 1)]
    [InlineData(-1, RasticFinding.Truncation, 3)]
    public void An_output_ends_at_the_first_stop_string(int stopStringPosition, RasticFinding finding, int position)
    {
        RasticVerdict verdict = Rastic.Judge(
            Cut([5, 6, 7], [5, 6, 7]) with { StopStringPosition = stopStringPosition });
        Assert.Equal((finding, position), (verdict.Finding, verdict.Position));
    }

    /// <summary>Rule V-03: tokens after an end were not ordered, even where the sampler would choose them.</summary>
    [Fact]
    [Trait("Rule", "V-03")]
    public void Going_on_after_an_end_token_fails_at_the_first_token_too_many()
    {
        RasticVerdict verdict = Rastic.Judge(Cut([5, 0, 6, 0], [5, 0, 6, 0]));
        Assert.Equal(new RasticVerdict(VerificationState.Failed, RasticFinding.Truncation, 2, null), verdict);
    }

    /// <summary>
    /// Rule V-02: at the limit a false end token is an edited token, since the output ended there anyway.
    /// </summary>
    [Fact]
    [Trait("Rule", "V-02")]
    public void A_false_end_token_at_the_limit_is_an_edited_token()
    {
        RasticVerdict verdict = Rastic.Judge(Cut([5, 6, 0], [5, 6, 7]) with { MaxTokens = 3 });
        Assert.Equal(new RasticVerdict(VerificationState.Failed, RasticFinding.Integrity, 2, 7), verdict);
    }

    /// <summary>Rule V-04: never a failure by itself, and never hiding one.</summary>
    [Fact]
    [Trait("Rule", "V-04")]
    public void A_differing_fingerprint_alone_is_inconclusive()
    {
        RasticEvidence evidence = Honest with { ServedFingerprints = [1, 2, 9, 4, 5] };
        Assert.Equal(
            new RasticVerdict(VerificationState.Inconclusive, RasticFinding.Fingerprint, 2, null),
            Rastic.Judge(evidence));
        Assert.Equal(VerificationState.Passed, Rastic.Judge(evidence with { Fingerprints = [] }).State);
        evidence.Served[3] = 99;
        Assert.Equal(RasticFinding.Integrity, Rastic.Judge(evidence).Finding);
    }

    /// <summary>Rule V-07: the weakness of the paper's three positions, and its cure.</summary>
    [Fact]
    [Trait("Rule", "V-07")]
    public void One_edited_token_escapes_a_draw_that_misses_it_and_never_full()
    {
        RasticEvidence evidence = Honest;
        evidence.Served[2] = 99;
        Assert.Equal(VerificationState.Passed, Rastic.Judge(evidence with { Positions = [0, 1, 4] }).State);
        Assert.Equal(VerificationState.Failed, Rastic.Judge(evidence with { Positions = [0, 2, 4] }).State);
        Assert.Equal(VerificationState.Failed, Rastic.Judge(evidence).State);
    }

    [Fact]
    public void Evidence_of_unequal_lengths_is_our_own_mistake_and_is_thrown()
    {
        Assert.Throws<ArgumentException>(() => Rastic.Judge(Honest with { Choices = [5] }));
        Assert.Throws<ArgumentException>(() => Rastic.Judge(Honest with { Fingerprints = [5] }));
        Assert.Throws<ArgumentException>(() => Rastic.Judge(Honest with { Positions = [5] }));
        Assert.Throws<ArgumentException>(() => Rastic.Judge(Honest with { StopStringPosition = 5 }));
    }

    private static RasticEvidence Cut(uint[] served, uint[] choices) => Honest with
    {
        Served = served,
        Choices = choices,
        ServedFingerprints = [],
        Fingerprints = [],
    };
}
