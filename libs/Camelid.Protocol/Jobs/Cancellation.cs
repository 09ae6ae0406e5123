namespace Camelid.Protocol.Jobs;

/// <summary>The client's word that its job ends after so many tokens; it pays for these and for no more.</summary>
public static class Cancellation
{
    /// <summary>The tag of the hash that the client signs.</summary>
    private const string Tag = "camelid/cancel";

    /// <summary>genesis ‖ JobId ‖ u32 token count.</summary>
    /// <param name="genesis">Hash of the network's first block.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="tokenCount">Tokens of the output at which it ends.</param>
    public static byte[] Encode(Hash256 genesis, JobId jobId, uint tokenCount) =>
        new CanonicalWriter().Hash(genesis).Hash(jobId.Value).UInt32(tokenCount).ToArray();

    /// <summary>The tagged hash <c>camelid/cancel</c> of <see cref="Encode"/>, which is signed.</summary>
    /// <param name="genesis">Hash of the network's first block.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="tokenCount">Tokens of the output at which it ends.</param>
    public static Hash256 SigningHash(Hash256 genesis, JobId jobId, uint tokenCount) =>
        Hashes.Tagged(Tag, Encode(genesis, jobId, tokenCount));
}
