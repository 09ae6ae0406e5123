using Camelid.Protocol.Jobs;

namespace Camelid.Protocol.Tests.Jobs;

/// <summary>Rules J-04 to J-06 and E-29: price, assignment, seed, stake ids.</summary>
public sealed class JobRuleTests
{
    private static readonly StakeId Stake = new(SampleJobs.HashOf("stake"), 1);

    /// <summary>Rule J-04.</summary>
    [Fact]
    [Trait("Rule", "J-04")]
    public void The_reward_is_for_prompt_and_max_tokens_and_the_payment_for_tokens_run()
    {
        JobParameters job = SampleJobs.Small();
        Assert.Equal(1900, Pricing.RewardGrains(job).Grains);
        Assert.Equal(300, Pricing.PaymentGrains(job, 3).Grains);
        Assert.Equal(800, Pricing.PaymentGrains(job, Pricing.TokensRun(job, 5)).Grains);
        Assert.Equal(1900, Pricing.PaymentGrains(job, 19).Grains);
        Assert.Throws<ArgumentOutOfRangeException>(() => Pricing.PaymentGrains(job, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Pricing.PaymentGrains(job, 20));
    }

    /// <summary>Rule J-04: in 64 bits this product wraps to a small price.</summary>
    [Fact]
    [Trait("Rule", "J-04")]
    public void A_price_that_would_wrap_is_refused()
    {
        JobParameters job = SampleJobs.Small() with { PriceGrainsPerToken = ulong.MaxValue / 19 * 2 };
        Assert.True(unchecked(job.PriceGrainsPerToken * 19) <= long.MaxValue * 2UL);
        Assert.Throws<ArgumentOutOfRangeException>(() => Pricing.RewardGrains(job));
        Assert.Throws<ArgumentOutOfRangeException>(() => Pricing.PaymentGrains(job, 19));
    }

    /// <summary>Rule J-05.</summary>
    [Fact]
    [Trait("Rule", "J-05")]
    public void An_assignment_fits_its_job_only_with_the_committed_nonce()
    {
        JobParameters job = SampleJobs.Small();
        Assignment assignment = Assign(job);
        Assert.True(assignment.Fits(job));
        Assert.False((assignment with { Nonce = SampleJobs.HashOf("other") }).Fits(job));
        Assert.False(assignment.Fits(job with { MaxTokens = 17 }));
    }

    /// <summary>Rule J-05: two assignments of one job are a proof against the client.</summary>
    [Fact]
    [Trait("Rule", "J-05")]
    public void Two_stakes_for_one_job_contradict_each_other()
    {
        Assignment assignment = Assign(SampleJobs.Small());
        Assert.True(assignment.Contradicts(assignment with { Stake = Stake with { Index = 2 } }));
        Assert.False(assignment.Contradicts(assignment));
        Assert.False(assignment.Contradicts(assignment with { Genesis = SampleJobs.HashOf("x"), Stake = default }));
        Assert.False(assignment.Contradicts(Assign(SampleJobs.Rich()) with { Stake = default }));
    }

    /// <summary>Rule J-05: every field is signed.</summary>
    [Fact]
    [Trait("Rule", "J-05")]
    public void An_assignment_binds_every_field_and_comes_back_equal()
    {
        Assignment assignment = Assign(SampleJobs.Small());
        Assert.True(Assignment.TryDecode(assignment.Encode(), out Assignment? read));
        Assert.Equal(assignment, read);
        Assert.False(Assignment.TryDecode([.. assignment.Encode(), 0], out _));
        Hash256 other = SampleJobs.HashOf("other");
        Hash256[] hashes =
        [
            assignment.SigningHash,
            (assignment with { Genesis = other }).SigningHash,
            (assignment with { JobId = new JobId(other) }).SigningHash,
            (assignment with { Stake = Stake with { Index = 7 } }).SigningHash,
            (assignment with { Stake = Stake with { Txid = other } }).SigningHash,
            (assignment with { Nonce = other }).SigningHash,
        ];
        Assert.Distinct(hashes);
    }

    /// <summary>Rule J-06.</summary>
    [Fact]
    [Trait("Rule", "J-06")]
    public void A_seed_is_the_clients_or_comes_from_job_nonce_and_stake()
    {
        JobParameters job = SampleJobs.Small();
        Hash256 nonce = SampleJobs.HashOf("nonce");
        Hash256[] seeds =
        [
            JobSeed.Of(job, nonce, Stake),
            JobSeed.Of(job with { MaxTokens = 17 }, nonce, Stake),
            JobSeed.Of(job, SampleJobs.HashOf("other"), Stake),
            JobSeed.Of(job, nonce, Stake with { Index = 9 }),
            JobSeed.FromClient(0),
            JobSeed.FromClient(1),
            JobSeed.FromClient(-1),
        ];
        Assert.Distinct(seeds);
        JobParameters fixedSeed = job with { Sampling = new SamplingParameters { ClientSeed = JobSeed.FromClient(1) } };
        Assert.Equal(JobSeed.FromClient(1), JobSeed.Of(fixedSeed, nonce, Stake));
    }

    /// <summary>
    /// Rule J-06: the hash of SHA256("camelid/client-seed") twice and 42 as eight bytes, computed by hand.
    /// </summary>
    [Fact]
    [Trait("Rule", "J-06")]
    public void The_philox_key_is_the_first_eight_bytes_little_endian()
    {
        byte[] tag = System.Security.Cryptography.SHA256.HashData("camelid/client-seed"u8);
        byte[] seed = System.Security.Cryptography.SHA256.HashData([.. tag, .. tag, 42, 0, 0, 0, 0, 0, 0, 0]);
        Assert.Equal(seed, JobSeed.FromClient(42).ToBytes());
        Assert.Equal(BitConverter.ToUInt64(seed, 0), JobSeed.PhiloxKey(JobSeed.FromClient(42)));
    }

    /// <summary>Rule E-29: one text for one stake id.</summary>
    [Theory]
    [Trait("Rule", "E-29")]
    [InlineData(":1", true)]
    [InlineData(":4294967295", true)]
    [InlineData(":4294967296", false)]
    [InlineData(":01", false)]
    [InlineData(":+1", false)]
    [InlineData(": 1", false)]
    [InlineData("", false)]
    public void A_stake_id_is_read_only_as_it_is_written(string end, bool good)
    {
        string text = SampleJobs.HashOf("stake").ToReversedHex() + end;
        Assert.Equal(good, StakeId.TryParse(text, out StakeId id));
        Assert.Equal(good ? text : new StakeId().ToString(), id.ToString());
    }

    private static Assignment Assign(JobParameters job) => new()
    {
        Genesis = SampleJobs.HashOf("genesis"),
        JobId = job.Id,
        Stake = Stake,
        Nonce = SampleJobs.HashOf("nonce"),
    };
}
