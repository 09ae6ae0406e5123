using System.Text.Json;
using Camelid.Protocol.Jobs;

namespace Camelid.Protocol.Tests.Jobs;

/// <summary>
/// Rule J-01: golden vectors, written by an independent encoder (Python, struct and hashlib). They never change:
/// another encoding is another format number.
/// </summary>
public sealed class JobVectorTests
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    [Theory]
    [Trait("Rule", "J-01")]
    [Trait("Rule", "J-06")]
    [InlineData("small")]
    [InlineData("rich")]
    public void A_job_has_the_bytes_the_id_and_the_seed_of_its_vector(string name)
    {
        JobParameters job = name == "rich" ? SampleJobs.Rich() : SampleJobs.Small();
        JobVector vector = Vectors().Single(vector => vector.Name == name);
        Assert.Equal(vector.Bytes, Convert.ToHexStringLower(job.Encode()));
        Assert.Equal(vector.JobId, job.Id.ToString());
        StakeId stake = new(SampleJobs.HashOf("stake"), 1);
        Assert.Equal(vector.DerivedSeed, JobSeed.Derive(job.Id, SampleJobs.HashOf("nonce"), stake).ToString());
    }

    [Fact]
    [Trait("Rule", "J-01")]
    public void Every_vector_is_read_and_written_again()
    {
        foreach (JobVector vector in Vectors())
        {
            Assert.True(JobParameters.TryDecode(Convert.FromHexString(vector.Bytes), out JobParameters? job));
            Assert.Equal(vector.JobId, job!.Id.ToString());
        }
    }

    private static JobVector[] Vectors()
    {
        using Stream stream = typeof(JobVectorTests).Assembly.GetManifestResourceStream("job-vectors.json")
            ?? throw new InvalidOperationException("job-vectors.json is not embedded");
        return JsonSerializer.Deserialize<JobVector[]>(stream, Web)
            ?? throw new InvalidOperationException("job-vectors.json holds no list");
    }

    private sealed record JobVector(string Name, string Bytes, string JobId, string DerivedSeed);
}
