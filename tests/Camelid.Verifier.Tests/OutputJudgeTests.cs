using Camelid.ModelRuntime.Verification;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Verification;
using Camelid.Verifier.Verdicts;

namespace Camelid.Verifier.Tests;

public sealed class OutputJudgeTests(ModelFixture fixture)
{
    private static readonly Hash256 DrawSecret = Hashes.Sha256([3]);
    private static readonly Hash256 ForeignClass = Hashes.Sha256([4]);

    [Theory]
    [InlineData(VerificationLevel.Full)]
    [InlineData(VerificationLevel.Spot)]
    public async Task An_honest_output_passes(VerificationLevel level) => Assert.Equal(
        RasticVerdict.Passed,
        await JudgeAsync(fixture.Honest with
        {
            Parameters = fixture.Honest.Parameters with { Verification = level },
        }));

    /// <summary>Rules V-01 and V-02, with a token that the model knows.</summary>
    [Theory]
    [InlineData(0, RasticFinding.Continuity)]
    [InlineData(1, RasticFinding.Integrity)]
    [InlineData(11, RasticFinding.Integrity)]
    [InlineData(23, RasticFinding.Integrity)]
    public async Task An_edited_token_fails_at_its_position(int position, RasticFinding finding)
    {
        uint lawful = fixture.Honest.Output.Tokens[position];
        RasticVerdict verdict = await JudgeAsync(Edited(position, lawful ^ 1));
        Assert.Equal(new RasticVerdict(VerificationState.Failed, finding, position, lawful), verdict);
    }

    [Fact]
    public async Task A_token_beyond_the_vocabulary_fails_at_its_position()
    {
        RasticVerdict verdict = await JudgeAsync(Edited(5, uint.MaxValue));
        Assert.Equal((VerificationState.Failed, 5), (verdict.State, verdict.Position));
    }

    /// <summary>Rule V-03; the control is a cancellation that the client signed at that length.</summary>
    [Fact]
    public async Task A_truncated_output_fails_unless_the_client_signed_a_cancellation_there()
    {
        JobOutput cut = fixture.Honest.Output with
        {
            Tokens = fixture.Honest.Output.Tokens[..10],
            Fingerprints = fixture.Honest.Output.Fingerprints[..10],
        };
        RasticVerdict verdict = await JudgeAsync(fixture.Honest with { Output = cut });
        Assert.Equal(
            (VerificationState.Failed, RasticFinding.Truncation, 10),
            (verdict.State, verdict.Finding, verdict.Position));

        JobOutput cancelled = cut with { FinishReason = FinishReason.Cancelled };
        Assert.Equal(
            RasticVerdict.Passed, await JudgeAsync(fixture.Honest with { Output = cancelled, IsCancelled = true }));
    }

    [Fact]
    public async Task An_output_cancelled_at_once_passes_with_the_clients_signature_and_fails_without()
    {
        JobOutput empty = new() { Tokens = [], Fingerprints = [], FinishReason = FinishReason.Cancelled };
        JudgedOutput judged = fixture.Honest with { Output = empty };
        Assert.Equal(RasticVerdict.Passed, await JudgeAsync(judged with { IsCancelled = true }));
        Assert.Equal(VerificationState.Failed, (await JudgeAsync(judged)).State);
    }

    [Fact]
    public async Task A_longer_output_than_ordered_fails()
    {
        JobParameters parameters = fixture.Honest.Parameters with { MaxTokens = 23 };
        RasticVerdict verdict = await JudgeAsync(fixture.Honest with { Parameters = parameters });
        Assert.Equal((RasticFinding.Truncation, 23), (verdict.Finding, verdict.Position));
    }

    /// <summary>Rule V-04.</summary>
    [Fact]
    public async Task A_false_fingerprint_is_inconclusive_in_class_and_says_nothing_across_classes()
    {
        uint[] fingerprints = [.. fixture.Honest.Output.Fingerprints];
        fingerprints[7] ^= 1;
        JobOutput output = fixture.Honest.Output with { Fingerprints = fingerprints };
        JudgedOutput judged = fixture.Honest with { Output = output };
        RasticVerdict verdict = await JudgeAsync(judged);
        Assert.Equal(
            (VerificationState.Inconclusive, RasticFinding.Fingerprint, 7),
            (verdict.State, verdict.Finding, verdict.Position));
        Assert.Equal(RasticVerdict.Passed, await JudgeAsync(judged with { NumericsClass = ForeignClass }));
    }

    /// <summary>
    /// Rule V-09: across classes a token that a small change of the logits makes the choice is inconclusive, and one
    /// that no rounding does fails. In class both fail.
    /// </summary>
    [Theory]
    [InlineData(false, VerificationState.Inconclusive)]
    [InlineData(true, VerificationState.Failed)]
    public async Task Another_choice_across_classes_fails_only_where_no_rounding_makes_it(
        bool far, VerificationState expected)
    {
        JudgedOutput edited = await EditedAtItsEndAsync(far);
        int last = edited.Output.Tokens.Length - 1;
        RasticVerdict verdict = await JudgeAsync(edited with { NumericsClass = ForeignClass });
        Assert.Equal((expected, last), (verdict.State, verdict.Position));
        Assert.Equal(VerificationState.Failed, (await JudgeAsync(edited)).State);
    }

    /// <summary>Rule V-09: what does not depend on logits is judged all the same.</summary>
    [Fact]
    public async Task Across_classes_a_truncated_output_fails()
    {
        JobOutput cut = fixture.Honest.Output with
        {
            Tokens = fixture.Honest.Output.Tokens[..10],
            Fingerprints = fixture.Honest.Output.Fingerprints[..10],
        };
        RasticVerdict verdict = await JudgeAsync(
            fixture.Honest with { Output = cut, NumericsClass = ForeignClass });
        Assert.Equal((VerificationState.Failed, RasticFinding.Truncation), (verdict.State, verdict.Finding));
    }

    /// <summary>
    /// The honest output up to a token that is not the choice: one that another seed chooses, or one that no rounding
    /// makes the choice.
    /// </summary>
    private async Task<JudgedOutput> EditedAtItsEndAsync(bool far)
    {
        uint[] honest = fixture.Honest.Output.Tokens;
        for (uint token = 4; token < 100; token++)
        {
            uint[] choices = (await RecomputeAsync(fixture.Honest.Output.Tokens, seedKey: token)).Choices;
            int position = far ? 11 : Enumerable.Range(1, honest.Length - 1).First(i => choices[i] != honest[i]);
            uint[] tokens = [.. honest[..position], far ? token : choices[position]];
            RecomputedOutput recomputed = await RecomputeAsync(tokens, JobSeed.PhiloxKey(fixture.Honest.Seed));
            double margin = recomputed.Margins[position];
            if (far ? double.IsPositiveInfinity(margin) : margin is > 0 and <= 4)
            {
                return fixture.Honest with
                {
                    Parameters = fixture.Honest.Parameters with { MaxTokens = (uint)tokens.Length },
                    Output = fixture.Honest.Output with
                    {
                        Tokens = tokens, Fingerprints = recomputed.Fingerprints, FinishReason = FinishReason.Length,
                    },
                };
            }
        }

        throw new InvalidOperationException("no token has such a margin");
    }

    private Task<RecomputedOutput> RecomputeAsync(uint[] tokens, ulong seedKey) =>
        fixture.Model.Verifier.RecomputeAsync(
            new VerificationRequest
            {
                PromptTokens = [.. fixture.Honest.Parameters.PromptTokens],
                OutputTokens = tokens,
                Sampling = fixture.Honest.Parameters.Sampling,
                SeedKey = seedKey,
                MaxTokens = (int)fixture.Honest.Parameters.MaxTokens,
                WantsMargins = true,
            },
            TestContext.Current.CancellationToken);

    private JudgedOutput Edited(int position, uint token)
    {
        uint[] tokens = [.. fixture.Honest.Output.Tokens];
        tokens[position] = token;
        return fixture.Honest with { Output = fixture.Honest.Output with { Tokens = tokens } };
    }

    private Task<RasticVerdict> JudgeAsync(JudgedOutput judged) =>
        OutputJudge.JudgeAsync(fixture.Model, judged, DrawSecret, TestContext.Current.CancellationToken);
}
