using Camelid.Protocol.Jobs;

namespace Camelid.Protocol.Tests.Jobs;

/// <summary>Rules J-01, J-02 and J-03.</summary>
public sealed class JobParametersTests
{
    public static TheoryData<string, JobRefusal> Refusals => new()
    {
        { "modelRoot", JobRefusal.ModelRootMissing },
        { "prompt none", JobRefusal.PromptTokenCount },
        { "prompt max+1", JobRefusal.PromptTokenCount },
        { "temperature", JobRefusal.SamplingRange },
        { "topP 0", JobRefusal.SamplingRange },
        { "topP 1000001", JobRefusal.SamplingRange },
        { "minP", JobRefusal.SamplingRange },
        { "repetition low", JobRefusal.SamplingRange },
        { "repetition high", JobRefusal.SamplingRange },
        { "presence", JobRefusal.SamplingRange },
        { "frequency", JobRefusal.SamplingRange },
        { "bias unsorted", JobRefusal.LogitBiases },
        { "bias twice", JobRefusal.LogitBiases },
        { "bias range", JobRefusal.LogitBiases },
        { "bias max+1", JobRefusal.LogitBiases },
        { "max tokens 0", JobRefusal.MaxTokens },
        { "max tokens max+1", JobRefusal.MaxTokens },
        { "stop tokens unsorted", JobRefusal.StopTokens },
        { "stop tokens twice", JobRefusal.StopTokens },
        { "stop tokens max+1", JobRefusal.StopTokens },
        { "stop strings unsorted", JobRefusal.StopStrings },
        { "stop strings utf-16 order", JobRefusal.StopStrings },
        { "stop strings max+1", JobRefusal.StopStrings },
        { "stop string empty", JobRefusal.StopStrings },
        { "stop string long", JobRefusal.StopStrings },
        { "stop string lone surrogate", JobRefusal.StopStrings },
        { "reward", JobRefusal.RewardTooLarge },
        { "fee", JobRefusal.RewardTooLarge },
        { "created", JobRefusal.Times },
        { "deadline", JobRefusal.Times },
        { "deadline max+1", JobRefusal.Times },
        { "key", JobRefusal.ClientKeyMissing },
        { "address no port", JobRefusal.ReturnAddress },
        { "address port 65536", JobRefusal.ReturnAddress },
        { "address port 080", JobRefusal.ReturnAddress },
        { "address space", JobRefusal.ReturnAddress },
        { "level", JobRefusal.Verification },
        { "full with positions", JobRefusal.Verification },
        { "sampled none", JobRefusal.Verification },
        { "sampled max+1", JobRefusal.Verification },
        { "classes unsorted", JobRefusal.NumericsClasses },
        { "classes max+1", JobRefusal.NumericsClasses },
        { "nonce", JobRefusal.NonceHashMissing },
    };

    public static TheoryData<string> Limits =>
    [
        "prompt max", "temperature max", "topP 1", "bias max", "max tokens max", "stop tokens max", "stop strings max",
        "stop string max", "reward max", "created min", "deadline next", "deadline max", "address port 65535",
        "sampled max", "classes max",
    ];

    /// <summary>Rule J-02: each bound, one over it.</summary>
    [Theory]
    [Trait("Rule", "J-02")]
    [MemberData(nameof(Refusals))]
    public void Parameters_out_of_form_are_refused_by_name_and_never_encoded(string change, JobRefusal expected)
    {
        JobParameters job = JobVariants.Of(change);
        Assert.Equal(expected, job.CheckForm());
        Assert.Throws<ArgumentException>(() => job.Encode());
    }

    /// <summary>Rule J-02: each bound, exactly at it.</summary>
    [Theory]
    [Trait("Rule", "J-02")]
    [MemberData(nameof(Limits))]
    public void Parameters_at_the_limit_are_accepted_and_come_back_equal(string change)
    {
        JobParameters job = JobVariants.Of(change);
        Assert.Equal(JobRefusal.Accepted, job.CheckForm());
        Assert.True(JobParameters.TryDecode(job.Encode(), out JobParameters? read));
        Assert.Equal(job, read);
        Assert.Equal(job.Id, read!.Id);
    }

    /// <summary>Rule J-03: a change of any one field is another job, and is named.</summary>
    [Theory]
    [Trait("Rule", "J-01")]
    [Trait("Rule", "J-03")]
    [MemberData(nameof(JobVariants.Fields), MemberType = typeof(JobVariants))]
    public void A_change_of_one_field_changes_the_id_and_is_named(string field)
    {
        JobParameters job = SampleJobs.Rich();
        JobParameters changed = JobVariants.With(job, field);
        Assert.Equal([field], job.DifferencesFrom(changed));
        Assert.NotEqual(job, changed);
        Assert.NotEqual(job.Id, changed.Id);
    }

    [Fact]
    public void Equal_jobs_have_no_differences_and_equal_hash_codes()
    {
        Assert.Empty(SampleJobs.Rich().DifferencesFrom(SampleJobs.Rich()));
        Assert.Equal(SampleJobs.Rich(), SampleJobs.Rich());
        Assert.Equal(SampleJobs.Rich().GetHashCode(), SampleJobs.Rich().GetHashCode());
    }

    [Fact]
    public void Every_shorter_or_longer_encoding_is_refused()
    {
        byte[] bytes = SampleJobs.Rich().Encode();
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.False(JobParameters.TryDecode(bytes.AsSpan(0, length), out _), $"{length} bytes");
        }

        Assert.False(JobParameters.TryDecode([.. bytes, 0], out _));
    }

    /// <summary>Rule J-01: what is read is written again byte for byte, so no two encodings mean one job.</summary>
    [Fact]
    [Trait("Rule", "J-01")]
    public void A_changed_byte_is_refused_or_gives_another_job_that_encodes_to_it()
    {
        byte[] bytes = SampleJobs.Rich().Encode();
        for (int i = 0; i < bytes.Length * 8; i++)
        {
            byte[] changed = [.. bytes];
            changed[i / 8] ^= (byte)(1 << (i % 8));
            if (JobParameters.TryDecode(changed, out JobParameters? read))
            {
                Assert.Equal(changed, read!.Encode());
                Assert.NotEqual(SampleJobs.Rich().Id, read.Id);
            }
        }
    }

    [Fact]
    public void The_canonical_order_sorts_lists_and_drops_repetitions()
    {
        JobParameters job = SampleJobs.Small() with
        {
            StopTokens = [9, 3, 9],
            StopStrings = ["🐪", "\uffee", "a", "a"],
            NumericsClasses = [SampleJobs.HashOf("b"), SampleJobs.HashOf("a"), SampleJobs.HashOf("b")],
            Sampling = new SamplingParameters { LogitBiases = [new(7, 1), new(3, 2), new(7, 1)] },
        };
        Assert.NotEqual(JobRefusal.Accepted, job.CheckForm());
        JobParameters sorted = job.InCanonicalOrder();
        Assert.Equal(JobRefusal.Accepted, sorted.CheckForm());
        Assert.Equal(["a", "\uffee", "🐪"], sorted.StopStrings);
        Assert.Equal([3u, 9u], sorted.StopTokens);
        Assert.Equal(sorted, sorted.InCanonicalOrder());
    }

    /// <summary>A count of four billion tokens in a short message must not allocate before it is refused.</summary>
    [Fact]
    public void A_false_count_is_refused_before_anything_is_allocated()
    {
        byte[] bytes = SampleJobs.Small().Encode();
        bytes.AsSpan(34, 4).Fill(0xff);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(JobParameters.TryDecode(bytes, out _));
        bytes.AsSpan(34, 4).Clear();
        bytes[36] = 2;
        Assert.False(JobParameters.TryDecode(bytes, out _));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 20_000);
    }
}
