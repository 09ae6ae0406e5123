namespace Camelid.Protocol.Jobs;

/// <summary>
/// Rule J-05: the client gives its job to one stake and reveals the nonce. One per job; a retry is a new job.
/// </summary>
public sealed record Assignment
{
    /// <summary>The tag of the hash.</summary>
    public const string Tag = "camelid/assignment";

    /// <summary>The hash of the network's first block.</summary>
    public required Hash256 Genesis { get; init; }

    /// <summary>The job.</summary>
    public required JobId JobId { get; init; }

    /// <summary>The worker's stake, confirmed before the job was created.</summary>
    public required StakeId Stake { get; init; }

    /// <summary>The client's nonce, whose SHA-256 stands in the parameters.</summary>
    public required Hash256 Nonce { get; init; }

    /// <summary>What the client's key signs.</summary>
    public Hash256 SigningHash => Hashes.Tagged(Tag, Encode());

    /// <summary>The canonical bytes.</summary>
    public byte[] Encode()
    {
        CanonicalWriter writer = new();
        Stake.Write(writer.Hash(Genesis).Hash(JobId.Value));
        return writer.Hash(Nonce).ToArray();
    }

    /// <summary>Reads canonical bytes; refuses the zero job and stake.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out Assignment? assignment)
    {
        CanonicalReader reader = new(bytes);
        Assignment read = new()
        {
            Genesis = reader.Hash(),
            JobId = new JobId(reader.Hash()),
            Stake = StakeId.Read(ref reader),
            Nonce = reader.Hash(),
        };
        assignment = reader.AtEnd && !read.JobId.IsNone && !read.Stake.IsNone ? read : null;
        return assignment is not null;
    }

    /// <summary>True where this assignment is about that job and reveals the nonce that the job committed to.</summary>
    public bool Fits(JobParameters parameters) =>
        JobId == parameters.Id && Hashes.Sha256(Nonce.ToBytes()) == parameters.NonceHash;

    /// <summary>True where both, signed by one client, are a proof against it: one job given to two stakes.</summary>
    public bool Contradicts(Assignment other) =>
        Genesis == other.Genesis && JobId == other.JobId && Stake != other.Stake;
}
