using System.Buffers.Binary;

namespace Camelid.Protocol.Jobs;

/// <summary>
/// Rule J-06: where the sampler's randomness comes from. Nothing of value may rest on it: a new job re-rolls it.
/// </summary>
public static class JobSeed
{
    /// <summary>Tag of a seed that the job gives.</summary>
    public const string Tag = "camelid/seed";

    /// <summary>Tag of a seed that the client gives.</summary>
    public const string ClientTag = "camelid/client-seed";

    /// <summary>The seed of a job whose client fixed none: neither client nor worker can choose it alone.</summary>
    public static Hash256 Derive(JobId job, Hash256 nonce, StakeId stake)
    {
        CanonicalWriter writer = new();
        stake.Write(writer.Hash(job.Value).Hash(nonce));
        return Hashes.Tagged(Tag, writer.Written);
    }

    /// <summary>The seed of a client's own number, OpenAI's <c>seed</c>.</summary>
    public static Hash256 FromClient(long seed) => Hashes.Tagged(ClientTag, new CanonicalWriter().Int64(seed).Written);

    /// <summary>The seed that a job runs with: the client's, else the derived one.</summary>
    public static Hash256 Of(JobParameters parameters, Hash256 nonce, StakeId stake) =>
        parameters.Sampling.ClientSeed ?? Derive(parameters.Id, nonce, stake);

    /// <summary>The key of Philox4x32-10: the seed's first eight bytes, little-endian.</summary>
    public static ulong PhiloxKey(Hash256 seed) => BinaryPrimitives.ReadUInt64LittleEndian(seed.ToBytes());
}
